/** A number that waits, with the words a screen reader says for it. Nothing is shown for none. */
export function Count({ n, words, muted }: { n: number; words: string; muted?: boolean }) {
  if (n <= 0) return null;
  return (
    <span className={muted === true ? 'count muted' : 'count'}>
      <span aria-hidden="true">{n}</span>
      <span className="unseen">{words}</span>
    </span>
  );
}

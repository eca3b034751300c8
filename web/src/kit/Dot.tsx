/** That there is something new, where its number says nothing; the words are read aloud and shown on hover. */
export function Dot({ words }: { words: string }) {
  return (
    <span className="dot" title={words}>
      <span className="unseen">{words}</span>
    </span>
  );
}

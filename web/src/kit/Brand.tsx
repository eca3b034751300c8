/** The mark of Wardroom, a plate with three ruled lines, and whose it is. */
export function Brand({ name, lang }: { name: string; lang?: string | undefined }) {
  return (
    <span className="brand">
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
        <circle cx="12" cy="12" r="10" />
        <path d="M5 9h14M3.5 13h17M7 17h10" strokeWidth="2.4" />
      </svg>
      <span lang={lang}>{name}</span>
    </span>
  );
}

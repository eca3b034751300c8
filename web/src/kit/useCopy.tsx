import { useEffect, useState, type ReactNode } from 'react';

/** Copies texts and says so for two seconds, or for longer that the browser did not allow it: the only things here that are said in passing. */
export function useCopy(copied: string, refused: string): { copy: (text: string) => void; told: ReactNode } {
  const [told, setTold] = useState({ n: 0, words: '' });

  // The clock is outside React.
  useEffect(() => {
    if (told.words === '') return;
    const timer = setTimeout(() => setTold((now) => ({ ...now, words: '' })), told.words === copied ? 2000 : 6000);
    return () => clearTimeout(timer);
  }, [told, copied]);

  const tell = (words: string): void => setTold(({ n }) => ({ n: n + 1, words }));
  return {
    copy: (text) => {
      tell('');
      // Where the page is not secure there is no clipboard at all, whatever the type says.
      Promise.resolve()
        .then(() => navigator.clipboard.writeText(text))
        .then(
          () => tell(copied),
          () => tell(refused),
        );
    },
    // The place is there before the words are, so that they are read aloud; and only where somebody copies.
    told: told.n > 0 && (
      <span role="status" className="toast-place">
        {told.words !== '' && <span className="toast">{told.words}</span>}
      </span>
    ),
  };
}

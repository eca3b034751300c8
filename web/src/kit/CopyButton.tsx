import { useEffect, useState } from 'react';
import { Button } from './Button';
import { IconCopy } from './icons';

/** Copies a text and says so for two seconds: the only thing here that is said in passing. */
export function CopyButton({ text, words, copied }: { text: string; words: string; copied: string }) {
  const [done, setDone] = useState(0);

  // The clock is outside React.
  useEffect(() => {
    if (done === 0) return;
    const timer = setTimeout(() => setDone(0), 2000);
    return () => clearTimeout(timer);
  }, [done]);

  return (
    <>
      <Button kind="quiet" icon={IconCopy} onClick={() => void navigator.clipboard.writeText(text).then(() => setDone((n) => n + 1))}>
        {words}
      </Button>
      <span role="status" className="toast-place">
        {done > 0 && <span className="toast">{copied}</span>}
      </span>
    </>
  );
}

import { useEffect } from 'react';

/**
 * While open, on a narrow screen, the way back closes instead of leaving the page: a telephone's back button is the
 * habit with which sheets are closed. The returned function closes in the same way from within.
 */
export function useBackCloses(open: boolean, close: () => void): () => void {
  // The history is the browser's.
  useEffect(() => {
    if (!open || !matchMedia('(max-width: 900px)').matches) return;
    history.pushState({ sheet: true }, '');
    const back = (): void => close();
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- one entry in the history for each opening
  }, [open]);
  return () => {
    if (isSheet(history.state)) history.back();
    else close();
  };
}

function isSheet(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'sheet' in state;
}

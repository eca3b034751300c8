import { useEffect, useEffectEvent } from 'react';

const onMac = /^(Mac|iP)/.test(navigator.platform);
/** The key that leads to the search, as its keyboard names it. */
export const searchKey = onMac ? '⌘K' : 'Ctrl+K';
/** The same for `aria-keyshortcuts`. */
export const searchShortcut = onMac ? 'Meta+K' : 'Control+K';

/** Does something when the key that leads to the search is pressed, wherever the focus is, and no dialog waits for an answer. */
export function useSearchKey(press: () => void): void {
  const pressed = useEffectEvent(press);
  // The key is the document's, outside React.
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const held = onMac ? event.metaKey : event.ctrlKey;
      if (event.key.toLowerCase() !== 'k' || !held || event.altKey || event.shiftKey || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      pressed();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

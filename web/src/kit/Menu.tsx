import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

interface Item {
  /** Also its React key. */
  words: string;
  lang?: string;
  do: () => void;
  kind?: 'stop';
  /** Set for one of several choices: whether it is the one in force. */
  chosen?: boolean;
}

interface Props {
  /** Draws the button that opens the menu; it must pass these on to a button. */
  opener: (props: { 'aria-haspopup': 'menu'; 'aria-expanded': boolean; 'aria-controls': string; onClick: () => void }) => ReactNode;
  /** What the menu is about, read aloud. */
  label: string;
  items: readonly (Item | 'rule')[];
}

/** A button with a list of actions under it. Arrow keys move, Escape closes and gives the focus back. */
export function Menu({ opener, label, items }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const ref = useRef<HTMLDivElement>(null);
  const list = () => [...(ref.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];

  // A press outside closes it: that happens in the document, outside React. The first item takes the focus.
  useEffect(() => {
    if (!open) return;
    list()[0]?.focus();
    const outside = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    ref.current?.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const all = list();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') setOpen(false);
    else if (to !== undefined) all.at(to % all.length)?.focus();
    else return;
    if (event.key !== 'Tab') event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="menu" ref={ref} onKeyDown={onKeyDown}>
      {opener({ 'aria-haspopup': 'menu', 'aria-expanded': open, 'aria-controls': id, onClick: () => setOpen(!open) })}
      {open && (
        <div className="menu-list" id={id} role="menu" aria-label={label}>
          {items.map((item, n) =>
            item === 'rule' ? (
              <hr key={n} />
            ) : (
              <button
                key={item.words}
                type="button"
                tabIndex={-1}
                lang={item.lang}
                className={item.kind}
                {...(item.chosen === undefined ? { role: 'menuitem' } : { role: 'menuitemradio', 'aria-checked': item.chosen })}
                onClick={() => {
                  close();
                  item.do();
                }}
              >
                {item.words}
              </button>
            ),
          )}
        </div>
      )}
    </div>
  );
}

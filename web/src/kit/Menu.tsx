import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

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

/**
 * A button with a list of actions under it; on a phone the list is a sheet from below. It lies over everything, so that no
 * column cuts it off. Arrow keys move, Escape closes and gives the focus back.
 */
export function Menu({ opener, label, items }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const ref = useRef<HTMLDivElement>(null);
  const list = () => [...(ref.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];

  // The browser's top layer holds it where there is one; either way it does not move with the page, so it follows its
  // opener. A press outside closes it: that happens in the document, outside React. The first item takes the focus.
  useLayoutEffect(() => {
    const sheet = ref.current?.querySelector<HTMLElement>('[role=menu]');
    if (!open || sheet == null) return;
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- absent before Chromium 114, Safari 17 and Firefox 125
    sheet.showPopover?.();
    const follow = () => place(sheet, ref.current?.getBoundingClientRect() ?? new DOMRect());
    follow();
    list()[0]?.focus({ preventScroll: true });
    const outside = (event: PointerEvent) => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    addEventListener('resize', follow);
    addEventListener('scroll', follow, true);
    return () => {
      document.removeEventListener('pointerdown', outside);
      removeEventListener('resize', follow);
      removeEventListener('scroll', follow, true);
    };
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
      {open && <div className="menu-veil" onClick={close} />}
      {open && (
        <div className="menu-list" id={id} role="menu" aria-label={label} popover="manual">
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

const gap = 4;

/** Puts a list under its opener, above it where there is no room below, and never over the edge of the screen. */
function place(list: HTMLElement, opener: DOMRect): void {
  const { width, height } = list.getBoundingClientRect();
  const below = opener.bottom + gap;
  const top = below + height <= innerHeight - gap ? below : Math.max(gap, opener.top - gap - height);
  const left = Math.max(gap, Math.min(opener.left < innerWidth / 3 ? opener.left : opener.right - width, innerWidth - gap - width));
  list.style.setProperty('--top', `${top}px`);
  list.style.setProperty('--left', `${left}px`);
}

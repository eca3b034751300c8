import { memo, useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { day, sameDay } from '../lang/dates';
import { useSay } from '../lang/useSay';
import type { MessageFile } from '../state/file';
import { now } from '../state/now';
import type { TimelineItem } from '../state/timeline';
import { useStore } from '../state/useStore';
import type { Acts } from './acts';
import { Row } from './Row';
import look from './Timeline.module.css';

interface Props {
  items: readonly TimelineItem[];
  fromStart: boolean;
  fetching: boolean;
  onEarlier: () => Promise<void>;
  mayWrite: boolean;
  acts: Acts;
  drawFile: (file: MessageFile) => ReactNode;
  /** The end of the timeline is on the screen of somebody who looks at it. */
  onSeen: () => void;
}

const near = 80;

/** What was said, oldest on top. It stays at the end while one is there, and does not move when earlier messages come. */
export const Timeline = memo(function Timeline({ items, fromStart, fetching, mayWrite, acts, drawFile, onEarlier, onSeen }: Props) {
  const say = useSay();
  const time = useStore(now);
  const ref = useRef<HTMLDivElement>(null);
  const place = useRef({ atEnd: true, height: 0, first: '' });
  const first = items[0]?.key ?? '';

  // Where the reader is on the page is the browser's knowledge: at the end we follow it, and what is put in on top
  // pushes the rest down by exactly its height.
  useLayoutEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const before = place.current;
    if (before.atEnd) box.scrollTop = box.scrollHeight;
    else if (first !== before.first) box.scrollTop += box.scrollHeight - before.height;
    place.current = { ...before, height: box.scrollHeight, first };
  }, [items, first]);

  // Whether somebody looks is the browser's knowledge too.
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible' && document.hasFocus() && place.current.atEnd) onSeen();
    };
    look();
    addEventListener('focus', look);
    return () => removeEventListener('focus', look);
  }, [items, onSeen]);

  // A short timeline does not scroll, so nobody could ask for more.
  useEffect(() => {
    const box = ref.current;
    if (box !== null && !fromStart && !fetching && box.scrollHeight <= box.clientHeight) void onEarlier();
  }, [items, fromStart, fetching, onEarlier]);

  const onScroll = (): void => {
    const box = ref.current;
    if (box === null) return;
    place.current.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < near;
    place.current.height = box.scrollHeight;
    if (box.scrollTop < near * 4 && !fromStart && !fetching) void onEarlier();
    if (place.current.atEnd && document.hasFocus()) onSeen();
  };

  return (
    <div className={look['scroll']} ref={ref} onScroll={onScroll} onKeyDown={goBetweenRows} tabIndex={0} role="log" aria-label={say('timeline.messages')}>
      <div className={look['talk']}>
        {fetching && (
          <p className={look['quiet']} role="status">
            {say('timeline.loadingEarlier')}
          </p>
        )}
        {items.map((item, n) => {
          const before = items[n - 1];
          const newDay = before === undefined || !sameDay(before.at, item.at);
          return (
            <div key={item.key} className={look['place']} id={item.id} tabIndex={-1}>
              {newDay && <div className={look['day']}>{day(item.at, time)}</div>}
              <Row item={item} follows={!newDay && follows(before, item)} acts={acts} mayWrite={mayWrite} drawFile={drawFile} />
            </div>
          );
        })}
      </div>
    </div>
  );
});

/** The arrow keys on the menu of a row go to that of the row above or below. */
function goBetweenRows(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const menus = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-menu] [aria-haspopup]')];
  const at = menus.indexOf(event.target as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  menus[at + step]?.focus();
}

/** Whether item goes on where the one before left off: same person, within five minutes. */
function follows(before: TimelineItem, item: TimelineItem): boolean {
  return before.is !== 'happening' && item.is !== 'happening' && before.sender.id === item.sender.id && item.at - before.at < 300_000;
}

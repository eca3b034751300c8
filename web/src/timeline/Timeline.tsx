import { memo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Button } from '../kit/Button';
import { IconLatest, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { day, sameDay } from '../lang/dates';
import { useSay } from '../lang/useSay';
import type { MessageFile } from '../state/file';
import { now } from '../state/now';
import type { Goal, Place } from '../state/position';
import type { Reader } from '../state/readers';
import type { Delivery } from '../state/delivery';
import type { TimelineItem } from '../state/timeline';
import { useStore } from '../state/useStore';
import type { Acts } from './acts';
import { Row } from './Row';
import look from './Timeline.module.css';
import { usePlace } from './usePlace';

// A row is drawn again only where something about it changed.
const Drawn = memo(Row);

type Side = 'earlier' | 'later';

interface Props {
  items: readonly TimelineItem[];
  fromStart: boolean;
  toEnd: boolean;
  newFrom: string | undefined;
  goal: Goal | undefined;
  marked: string | undefined;
  fetching: Side | 'there' | undefined;
  failed: Side | 'there' | undefined;
  unread: number;
  readers: ReadonlyMap<string, readonly Reader[]>;
  deliveries: ReadonlyMap<string, Delivery>;
  /** How many others are in the room. */
  others: number;
  mayWrite: boolean;
  acts: Acts;
  drawFile: (file: MessageFile) => ReactNode;
  onMore: (side: Side) => Promise<void>;
  onStands: (at: Place | 'end') => void;
  onLatest: () => void;
  /** A message was on the screen of somebody who looked at it; atEnd: and with it all that is here. */
  onSeen: (id: string, atEnd: boolean) => void;
  /** Somebody comes back to the window. */
  onLook: () => void;
  /** What it is called for a screen reader; without it, the messages. */
  label?: string;
  /** The name of an event's row in the document, where the event stands in two timelines. */
  idOf?: (id: string) => string;
}

/** What was said, oldest on top. What one looks at stays where it is, whatever comes. */
export const Timeline = memo(function Timeline(props: Props) {
  const { items, fromStart, toEnd, newFrom, goal, marked, fetching, failed, readers, deliveries, others, mayWrite, acts, drawFile, onMore, onStands, onLatest, onSeen, onLook, label, idOf } = props;
  const say = useSay();
  const time = useStore(now);
  const ref = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);

  const stands = (at: Place | 'end'): void => {
    setAway(at !== 'end');
    onStands(at);
  };
  const onScroll = usePlace(ref, {
    items,
    goal,
    fetching: fetching !== undefined || failed !== undefined,
    fromStart,
    toEnd,
    onMore: (side) => void onMore(side),
    onStands: stands,
    onSeen,
    onLook,
  });
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.key === 'End' && event.target === event.currentTarget && !toEnd) {
      event.preventDefault();
      onLatest();
    } else goBetweenRows(event);
  };
  const edge = (side: Side): ReactNode =>
    fetching === side ? (
      <p className={look['quiet']} role="status">
        {say(side === 'earlier' ? 'timeline.loadingEarlier' : 'reading.loadingLater')}
      </p>
    ) : failed === side ? (
      <p className={look['quiet']} role="status">
        {say('reading.notFetched')}{' '}
        <Button kind="quiet" onClick={() => void onMore(side)}>
          {say('files.again')}
        </Button>
      </p>
    ) : null;

  return (
    <div className={look['frame']}>
      <div className={look['scroll']} ref={ref} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="log" aria-label={label ?? say('timeline.messages')}>
        <div className={look['talk']}>
          {edge('earlier')}
          {fetching === 'there' && items.length === 0 && (
            <p className={look['quiet']} role="status">
              {say('timeline.loadingEarlier')}
            </p>
          )}
          {items.map((item, n) => {
            const before = items[n - 1];
            const newDay = before === undefined || !sameDay(before.at, item.at);
            const isNew = item.key === newFrom;
            return (
              <div key={item.key} data-key={item.key} data-event={item.id} className={`${look['place'] ?? ''} ${item.id !== undefined && item.id === marked ? (look['marked'] ?? '') : ''}`} id={item.id === undefined ? undefined : (idOf?.(item.id) ?? item.id)} tabIndex={-1}>
                {newDay && <div className={look['day']}>{day(item.at, time)}</div>}
                {isNew && (
                  <div className={look['new']} data-line>
                    {say('reading.new')}
                  </div>
                )}
                <Drawn
                  item={item}
                  follows={!newDay && !isNew && follows(before, item)}
                  acts={acts}
                  mayWrite={mayWrite}
                  drawFile={drawFile}
                  readers={item.id === undefined ? undefined : readers.get(item.id)}
                  others={others}
                  delivery={item.id === undefined ? undefined : deliveries.get(item.id)}
                />
              </div>
            );
          })}
          {edge('later')}
        </div>
      </div>
      <div className={look['foot']} hidden={!away && failed !== 'there'}>
        {failed === 'there' && (
          <span className={look['away']} role="status">
            <State icon={IconWithheld} kind="stop">
              {say('reading.notThere')}
            </State>
          </span>
        )}
        <Button icon={IconLatest} onClick={onLatest}>
          {props.unread > 0 ? say('reading.latest.new', { n: props.unread }) : say('reading.latest')}
        </Button>
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
  return ![before.is, item.is].some((is) => is === 'happening' || is === 'gap') && before.sender.id === item.sender.id && item.at - before.at < 300_000;
}

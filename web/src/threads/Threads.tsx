import { useEffect, useRef, type KeyboardEvent } from 'react';
import { Button, IconButton } from '../kit/Button';
import { Count } from '../kit/Count';
import { IconBack, IconClose, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { answersAndLast } from '../lang/answersAndLast';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import { hrefOf } from '../state/route';
import type { ThreadEntry, ThreadList } from '../state/threadlist';
import { useStore } from '../state/useStore';
import look from './Threads.module.css';

interface Props {
  list: ThreadList;
  /** The room's id. */
  room: string;
  onClose: () => void;
}

/** The threads of a room beside it, on a phone in its place: those with the newest answers first, what is unread marked. */
export function Threads({ list, room, onClose }: Props) {
  const say = useSay();
  const { threads, fetching, more, fault } = useStore(list);
  const ref = useRef<HTMLElement>(null);

  // The list follows the client's events for as long as it is on the screen. Whoever opens it goes on in it.
  useEffect(() => {
    list.open();
    ref.current?.focus();
    return () => list.close();
  }, [list]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <section ref={ref} className={look['threads']} aria-label={say('threads.title')} tabIndex={-1} onKeyDown={onKeyDown}>
      <header className={look['head']}>
        <span className={look['back']}>
          <IconButton icon={IconBack} label={say('common.back')} onClick={onClose} />
        </span>
        <h2 className="grow">{say('threads.title')}</h2>
        <span className={look['close']}>
          <IconButton icon={IconClose} label={say('common.close')} onClick={onClose} />
        </span>
      </header>
      <div className={look['body']}>
        {fault && (
          <Say kind="stop" icon={IconWithheld} title={say('threads.failed')} live>
            {sayFault(say, fault)}
            <div className="row">
              <Button onClick={() => void list.more()}>{say('signin.failed.again')}</Button>
            </div>
          </Say>
        )}
        {threads.length > 0 && (
          <ul>
            {threads.map((one) => (
              <li key={one.root}>
                <Line thread={one} room={room} />
              </li>
            ))}
          </ul>
        )}
        {threads.length === 0 && !fetching && fault === undefined && <p className="sub">{say('threads.none')}</p>}
        {fetching && threads.length === 0 && (
          <p className="sub" role="status">
            {say('threads.fetching')}
          </p>
        )}
        {more && fault === undefined && (
          <Button disabled={fetching} onClick={() => void list.more()}>
            {say('threads.more')}
          </Button>
        )}
      </div>
    </section>
  );
}

function Line({ thread, room }: { thread: ThreadEntry; room: string }) {
  const say = useSay();
  const time = useStore(now);
  const { root, sender, begins, unread, mentioned } = thread;
  return (
    <a className={unread > 0 ? look['new'] : undefined} href={hrefOf({ at: 'room', id: room, thread: root })}>
      <span className="grow">
        <b lang={sender.lang}>{sender.name}</b>
        <span className={look['begins']} lang={begins.is === 'said' ? begins.lang : undefined} dir={begins.is === 'said' ? 'auto' : undefined}>
          {begins.is === 'said' ? begins.text : say(`threads.${begins.is}`)}
        </span>
        <span className="meta">{answersAndLast(say, thread, time)}</span>
      </span>
      {mentioned && (
        <b className={look['at']}>
          <span aria-hidden="true">@</span>
          <span className="unseen">{say('threads.named')}</span>
        </b>
      )}
      <Count n={unread} words={say('rooms.unread', { n: unread })} />
    </a>
  );
}

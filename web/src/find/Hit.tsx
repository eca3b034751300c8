import { useId, useState } from 'react';
import { WhoStamp } from '../kit/WhoStamp';
import { exact, short } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import { hrefOf } from '../state/route';
import type { FoundMessage, Neighbour } from '../state/search';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './Hit.module.css';

interface Props {
  message: FoundMessage;
  room: string;
  /** What stands around a message, oldest first. */
  onAround: (room: string, id: string) => Promise<readonly Neighbour[]>;
}

/** A message that was found. Pressed, it shows what stands around it. */
export function Hit({ message, room, onAround }: Props) {
  const say = useSay();
  const time = useStore(now);
  const id = useId();
  const [open, setOpen] = useState(false);
  const [around, setAround] = useState<readonly Neighbour[]>();
  const task = useTask();
  const press = (): void => {
    setOpen(!open);
    if (!open && around === undefined) void task.run(async () => setAround(await onAround(room, message.id)));
  };
  return (
    <li className={look['hit']}>
      <button type="button" data-hit aria-expanded={open} aria-controls={id} onClick={press}>
        <WhoStamp id={message.sender.id} name={message.sender.name} lang={message.sender.lang} small />
        <span className={look['said']}>
          <span className={look['who']}>
            <b lang={message.sender.lang}>{message.sender.name}</b>{' '}
            <time className="meta" dateTime={new Date(message.at).toISOString()} title={exact(message.at)}>
              {short(message.at, time)}
            </time>
          </span>{' '}
          <span className={look['words']} lang={message.lang}>
            {message.pieces.map(({ text, marked }, n) => (marked ? <mark key={n}>{text}</mark> : text))}
          </span>
        </span>
      </button>
      <div id={id} hidden={!open} role="group" aria-label={say('find.around')} className={look['around']}>
        {task.fault && (
          <p className="hint error" role="alert">
            {say('find.around.none')} <code>{task.fault.code}</code>
          </p>
        )}
        {open && <Around items={around ?? []} id={message.id} />}
        <a href={hrefOf({ at: 'room', id: room, event: message.id })}>{say('find.open')}</a>
      </div>
    </li>
  );
}

function Around({ items, id }: { items: readonly Neighbour[]; id: string }) {
  const say = useSay();
  return (
    <ol>
      {items.map((item) => (
        <li key={item.id} className={item.id === id ? look['this'] : undefined}>
          <span className={look['who']}>
            <b lang={item.sender.lang}>{item.sender.name}</b>{' '}
            <time className="meta" dateTime={new Date(item.at).toISOString()}>
              {exact(item.at)}
            </time>
          </span>
          {item.said === undefined ? (
            <p className="meta">{say('timeline.deleted')}</p>
          ) : (
            <p className={look['words']} lang={item.lang}>
              {item.said}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

import { useEffect, useId, useRef, type KeyboardEvent } from 'react';
import { Button, IconButton } from '../kit/Button';
import { isComposing } from '../kit/composing';
import { Field } from '../kit/Field';
import { IconBack, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { useSay } from '../lang/useSay';
import type { Asking } from '../state/asking';
import type { RoomEntry } from '../state/roomlist';
import { named } from '../state/named';
import { hrefOf, route } from '../state/route';
import type { Reach, Search } from '../state/search';
import { useSearchKey } from '../state/useSearchKey';
import { useStore } from '../state/useStore';
import look from './Find.module.css';
import { Hit } from './Hit';
import { Named } from './Named';

interface Props {
  search: Pick<Search, 'snapshot' | 'subscribe' | 'around'>;
  asking: Pick<Asking, 'snapshot' | 'subscribe' | 'ask' | 'more'>;
  /** The rooms that can be searched. */
  rooms: readonly Pick<RoomEntry, 'id' | 'name' | 'lang' | 'with'>[];
  /** The room that the search is for; undefined for all. */
  inRoom: string | undefined;
  onBack: () => void;
}

/** The search: words, where and by whom, and what was found. */
export function Find({ search, asking, rooms, inRoom, onBack }: Props) {
  const say = useSay();
  const reach = useStore(search);
  const { question, found, failed } = useStore(asking);
  const box = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);
  const ids = useId();
  const nameOf = (name: string): string => (name === '' ? say('room.unnamed') : name);

  // Where the search is for stands in the address; the question follows it. Whoever comes here wants to type.
  useEffect(() => {
    asking.ask({ room: inRoom });
    box.current?.focus();
  }, [asking, inRoom]);

  // Up and down go from the words through what was found.
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    if ((event.key !== 'ArrowDown' && event.key !== 'ArrowUp') || event.target instanceof HTMLSelectElement) return;
    const hits: (HTMLElement | null)[] = [box.current, ...(results.current?.querySelectorAll<HTMLElement>('[data-hit]') ?? [])];
    const at = hits.indexOf(document.activeElement as HTMLElement);
    const to = hits[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at === -1 || to == null) return;
    event.preventDefault();
    to.focus();
  };

  useSearchKey(() => {
    box.current?.focus();
    box.current?.select();
  });

  const called = inRoom === undefined ? named(rooms, question.text) : [];
  const people = found?.senders ?? [];
  const asked = question.sender;
  return (
    <div className={look['find']} onKeyDown={onKeyDown}>
      <div className={look['head']}>
        <span className={look['back']}>
          <IconButton icon={IconBack} label={say('common.back')} onClick={onBack} />
        </span>
        <h1>{say('find.title')}</h1>
      </div>
      <div className={look['question']} role="search">
        <Field
          ref={box}
          type="search"
          label={say(inRoom === undefined ? 'find.all' : 'find.text')}
          hint={say('find.text.hint')}
          value={question.text}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => asking.ask({ text: event.target.value })}
        />
        <div className={look['limits']}>
          <div className="field">
            <label htmlFor={`${ids}-where`}>{say('find.where')}</label>
            <select
              id={`${ids}-where`}
              className="input"
              value={inRoom ?? ''}
              onChange={(event) => route.replace(event.target.value === '' ? { at: 'search' } : { at: 'search', id: event.target.value })}
            >
              <option value="">{say('find.where.all')}</option>
              {rooms.map((room) => (
                <option key={room.id} value={room.id} lang={room.lang}>
                  {nameOf(room.name)}
                </option>
              ))}
            </select>
          </div>
          <div className="field">
            <label htmlFor={`${ids}-who`}>{say('find.who')}</label>
            <select id={`${ids}-who`} className="input" value={asked ?? ''} onChange={(event) => asking.ask({ sender: event.target.value === '' ? undefined : event.target.value })}>
              <option value="">{say('find.who.all')}</option>
              {asked !== undefined && !people.some(({ id }) => id === asked) && <option value={asked}>{asked}</option>}
              {people.map((person) => (
                <option key={person.id} value={person.id} lang={person.lang}>
                  {person.name}
                </option>
              ))}
            </select>
          </div>
        </div>
        <Reached reach={reach} />
      </div>
      <div className={look['found']} ref={results}>
        {failed !== undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {say('find.failed')} <code>{failed.message}</code>
          </Say>
        )}
        <p role="status" className={look['total']}>
          {called.length > 0 && `${say('find.named.total', { n: called.length })} `}
          {found && (found.total > 0 ? say('find.total', { n: found.total }) : say(reach.standing === 'whole' ? 'find.none' : 'find.noneYet'))}
        </p>
        {called.length > 0 && <Named key={question.text} entries={called} />}
        {found?.rooms.map((room) => (
          <section key={room.id} aria-labelledby={`${ids}-${room.id}`}>
            <h2 id={`${ids}-${room.id}`}>
              <a href={hrefOf({ at: 'room', id: room.id })} lang={room.lang}>
                {nameOf(room.name)}
              </a>{' '}
              <span className="meta">{say('find.messages', { n: room.total })}</span>
            </h2>
            <ul className={look['hits']}>
              {room.messages.map((message) => (
                <Hit key={message.id} message={message} room={room.id} onAround={search.around} />
              ))}
            </ul>
            {inRoom === undefined && room.messages.length < room.total && (
              <Button kind="quiet" onClick={() => route.go({ at: 'search', id: room.id })}>
                {say('find.only', { n: room.total })}
              </Button>
            )}
          </section>
        ))}
        {found !== undefined && found.shown < found.total && (
          <div>
            <Button onClick={asking.more}>{say('find.more')}</Button>
          </div>
        )}
      </div>
    </div>
  );
}

/** How far the search reaches, as it is. */
function Reached({ reach: { standing, rooms, read, unreadable } }: { reach: Reach }) {
  const say = useSay();
  const words = {
    opening: () => say('find.opening'),
    reading: () => say('find.reading', { read, rooms }),
    waiting: () => say('find.waiting', { read, rooms }),
    whole: () => (rooms === 0 ? '' : say('find.whole', { rooms })),
    failed: () => say('find.failed'),
  };
  return (
    <p className="hint">
      {words[standing]()} {unreadable > 0 && say('find.unreadable', { n: unreadable })}
    </p>
  );
}

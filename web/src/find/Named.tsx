import { useId, useState } from 'react';
import { Button } from '../kit/Button';
import { Icon } from '../kit/Icon';
import { IconPeople } from '../kit/icons';
import { RoomStamp } from '../kit/RoomStamp';
import { WhoStamp } from '../kit/WhoStamp';
import { useSay } from '../lang/useSay';
import type { RoomEntry } from '../state/roomlist';
import { hrefOf } from '../state/route';
import look from './Named.module.css';

const few = 8;

/** The rooms and people that are called so; of many, the first. */
export function Named({ entries }: { entries: readonly Pick<RoomEntry, 'id' | 'name' | 'lang' | 'with'>[] }) {
  const say = useSay();
  const id = useId();
  const [all, setAll] = useState(false);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{say('find.named')}</h2>
      <ul className={look['named']}>
        {(all ? entries : entries.slice(0, few)).map((entry) => (
          <li key={entry.id}>
            <a data-hit href={hrefOf({ at: 'room', id: entry.id })}>
              {entry.with === undefined ? (
                <span className={look['mark']} aria-hidden="true">
                  <RoomStamp id={entry.id} size="small">
                    <Icon of={IconPeople} />
                  </RoomStamp>
                </span>
              ) : (
                <WhoStamp id={entry.with.id} name={entry.with.name} lang={entry.with.lang} small />
              )}
              <span lang={entry.lang}>{entry.name}</span>
            </a>
          </li>
        ))}
      </ul>
      {!all && entries.length > few && (
        <Button kind="quiet" onClick={() => setAll(true)}>
          {say('find.named.all', { n: entries.length })}
        </Button>
      )}
    </section>
  );
}

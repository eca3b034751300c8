import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { WhoStamp } from '../kit/WhoStamp';
import { exact, short } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import type { Reader } from '../state/readers';
import { useStore } from '../state/useStore';
import look from './ReadBy.module.css';

/** Up to so many people there is a square for each. */
const squares = 8;

/** That others have read one's own message: of those who let it be seen. Pressed, it says who. */
export function ReadBy({ readers, others }: { readers: readonly Reader[]; others: number }) {
  const say = useSay();
  const time = useStore(now);
  const [open, setOpen] = useState(false);
  const all = Math.max(others, readers.length);
  const words = all === 1 ? say('reading.read') : say('reading.readBy', { n: readers.length, all });
  return (
    <>
      <button type="button" className={look['read']} aria-haspopup="dialog" title={say('reading.who')} onClick={() => setOpen(true)}>
        {all <= squares && (
          <span className="pips" aria-hidden="true">
            {Array.from({ length: all }, (_, n) => (
              <i key={n} className={n < readers.length ? 'read' : look['unknown']} />
            ))}
          </span>
        )}
        {words}
      </button>
      {open && (
        <Dialog
          title={words}
          onClose={() => setOpen(false)}
          actions={
            <Button data-safe onClick={() => setOpen(false)}>
              {say('common.close')}
            </Button>
          }
        >
          <ul className={look['people']}>
            {readers.map(({ person, at }) => (
              <li key={person.id}>
                <WhoStamp id={person.id} name={person.name} lang={person.lang} small />
                <b lang={person.lang}>{person.name}</b>
                {at !== undefined && (
                  <time className="meta" dateTime={new Date(at).toISOString()} title={exact(at)}>
                    {short(at, time)}
                  </time>
                )}
              </li>
            ))}
          </ul>
          {all > readers.length && <p>{say('reading.others', { n: all - readers.length })}</p>}
          <p className="hint">{say('reading.when')}</p>
        </Dialog>
      )}
    </>
  );
}

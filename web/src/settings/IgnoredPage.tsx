import { useEffect } from 'react';
import { Button } from '../kit/Button';
import { WhoStamp } from '../kit/WhoStamp';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Ignoring } from '../state/ignored';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './IgnoredPage.module.css';

/** Whom this person ignores. */
export function IgnoredPage({ ignoring }: { ignoring: Pick<Ignoring, 'snapshot' | 'subscribe' | 'hear' | 'learnNames'> }) {
  const say = useSay();
  const people = useStore(ignoring);
  const { run, running, fault } = useTask();

  // The names are the server's to tell; without an answer the account names stand in their place.
  useEffect(() => {
    ignoring.learnNames().catch(() => undefined);
  }, [ignoring]);

  return (
    <>
      <div>
        <h1>{say('settings.ignored')}</h1>
        <p className="sub">{say(people.length === 0 ? 'ignored.none' : 'ignored.what')}</p>
      </div>
      {fault && (
        <p className="hint error" role="alert">
          {sayFault(say, fault)}
        </p>
      )}
      <ul className={look['people']}>
        {people.map((one) => (
          <li key={one.id}>
            <WhoStamp id={one.id} name={one.name} lang={one.lang} small />
            <span className="grow">
              <b id={`ignored-${one.id}`} lang={one.lang}>
                {one.name}
              </b>
              <span className="meta">{one.id}</span>
            </span>
            <Button disabled={running} aria-describedby={`ignored-${one.id}`} onClick={() => void run(() => ignoring.hear(one.id))}>
              {say('ignore.end')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

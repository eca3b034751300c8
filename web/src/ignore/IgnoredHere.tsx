import { Button } from '../kit/Button';
import { IconIgnored } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import { useTask } from '../state/useTask';
import look from './IgnoredHere.module.css';

/** Above a conversation with somebody whom one ignores: why there is nothing of them, and the way out. */
export function IgnoredHere({ person, onHear }: { person: Person; onHear: () => Promise<void> }) {
  const say = useSay();
  const { run, running, fault } = useTask();
  return (
    <div className={look['here']}>
      <Say kind="wait" icon={IconIgnored}>
        <p>{rich(say, 'ignore.now', { name: <span lang={person.lang}>{person.name}</span> })}</p>
        {fault && (
          <p className="hint error" role="alert">
            {sayFault(say, fault)}
          </p>
        )}
        <div className="row">
          <Button disabled={running} onClick={() => void run(onHear)}>
            {say('ignore.end')}
          </Button>
        </div>
      </Say>
    </div>
  );
}

import { Button } from '../kit/Button';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Ignoring } from '../state/ignored';
import type { Person } from '../state/person';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** Ignoring somebody, or ignoring them no longer, with what that does. It can be taken back, so nothing is asked first. */
export function IgnorePerson({ person, ignoring }: { person: Person; ignoring: Pick<Ignoring, 'snapshot' | 'subscribe' | 'ignore' | 'hear'> }) {
  const say = useSay();
  const ignored = useStore(ignoring).some(({ id }) => id === person.id);
  const { run, running, fault } = useTask();
  return (
    <section className="stack">
      <h3>{say('ignore.title')}</h3>
      <p>{rich(say, ignored ? 'ignore.now' : 'ignore.what', { name: <span lang={person.lang}>{person.name}</span> })}</p>
      {fault && (
        <p className="hint error" role="alert">
          {sayFault(say, fault)}
        </p>
      )}
      <div className="row">
        <Button disabled={running} onClick={() => void run(() => (ignored ? ignoring.hear(person.id) : ignoring.ignore(person.id)))}>
          {say(ignored ? 'ignore.end' : 'ignore.do')}
        </Button>
      </div>
    </section>
  );
}

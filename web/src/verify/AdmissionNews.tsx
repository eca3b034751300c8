import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconWarning } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { Outsider, RoomTrust } from '../state/roomtrust';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './verify.module.css';

/** People who are in the room by the server's word alone: who they are, whether what is written here reaches them, and what to do about it. */
export function AdmissionNews({ trust }: { trust: RoomTrust }) {
  const say = useSay();
  const { guard } = useStore(trust);
  const task = useTask();
  const [letting, setLetting] = useState<Person>();
  if (guard === undefined || guard.outside.length === 0) return null;
  const mendable = ({ why }: Outsider): boolean => why !== 'forged' && why !== 'unable';
  return (
    <div className={look['news']}>
      {guard.outside.map((one) => {
        const { person, why, by } = one;
        const name = <span lang={person.lang}>{person.name}</span>;
        return (
          <Say key={person.id} kind="wait" icon={IconWarning} title={rich(say, guard.only ? 'admission.held.title' : 'admission.told.title', { name })} live>
            {why === 'out' ? rich(say, 'admission.why.out', { name, by: <span lang={by?.lang}>{by?.name}</span> }) : rich(say, `admission.why.${why}`, { name })} {say(guard.only ? 'admission.held' : 'admission.told')}
            {mendable(one) && (
              <>
                {' '}
                {say('admission.ask')}
                <div className="row wrap">
                  {guard.mayLetIn && <Button onClick={() => setLetting(person)}>{say('admission.letIn')}</Button>}
                  {one.mayRemove && (
                    <Button kind="quiet" disabled={task.running} onClick={() => void task.run(() => trust.remove(person.id))}>
                      {say('admission.remove')}
                    </Button>
                  )}
                </div>
              </>
            )}
          </Say>
        );
      })}
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
      {letting && <LetIn person={letting} onLetIn={() => trust.letIn(letting.id)} onStay={() => setLetting(undefined)} />}
    </div>
  );
}

/** Asks before somebody is let in for everybody. */
function LetIn({ person, onLetIn, onStay }: { person: Person; onLetIn: () => Promise<void>; onStay: () => void }) {
  const say = useSay();
  const task = useTask();
  const name = <span lang={person.lang}>{person.name}</span>;
  return (
    <Dialog
      title={rich(say, 'admission.letIn.title', { name })}
      onClose={onStay}
      onSubmit={() =>
        void task.run(onLetIn).then((done) => {
          if (done) onStay();
        })
      }
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind="stop" type="submit" disabled={task.running}>
            {say('admission.letIn.do')}
          </Button>
        </>
      }
    >
      <p>{rich(say, 'admission.letIn.text', { name, id: person.id })}</p>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}

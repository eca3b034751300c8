import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import { useTask } from '../state/useTask';

/** Asks before a new identity is taken as somebody's without verifying it. */
export function AcceptIdentity({ person, onAccept, onStay }: { person: Person; onAccept: () => Promise<void>; onStay: () => void }) {
  const say = useSay();
  const task = useTask();
  const name = <span lang={person.lang}>{person.name}</span>;
  return (
    <Dialog
      title={rich(say, 'trust.accept.title', { name })}
      onClose={onStay}
      onSubmit={() =>
        void task.run(onAccept).then((done) => {
          if (done) onStay();
        })
      }
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind="stop" type="submit" disabled={task.running}>
            {say('trust.accept.do')}
          </Button>
        </>
      }
    >
      <p>{rich(say, 'trust.accept.text', { name })}</p>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}

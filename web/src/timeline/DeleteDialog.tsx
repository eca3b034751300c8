import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

/** Asks before a message is deleted, and stays with the reason where that fails. */
export function DeleteDialog({ onDelete, onClose }: { onDelete: () => Promise<void>; onClose: () => void }) {
  const say = useSay();
  const task = useTask();
  return (
    <Dialog
      title={say('timeline.delete.title')}
      onClose={onClose}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button
            kind="stop"
            disabled={task.running}
            onClick={() =>
              void task.run(onDelete).then((done) => {
                if (done) onClose();
              })
            }
          >
            {say('timeline.delete.do')}
          </Button>
        </>
      }
    >
      <p>{say('timeline.delete.text')}</p>
      {task.fault && (
        <Say kind="stop" icon={IconWithheld} title={sayFault(say, task.fault)} live>
          {(task.fault.left ?? 0) > 0 ? say('timeline.delete.left', { count: task.fault.left ?? 0 }) : say('timeline.delete.kept')}
        </Say>
      )}
    </Dialog>
  );
}

import { useState } from 'react';
import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { Dialog } from '../kit/Dialog';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { levelsInOrder, type Level } from '../state/levels';
import { useTask } from '../state/useTask';

/** Asks what one wants to be told of in a room. */
export function Notices({ level, onClose, onChoose }: { level: Level; onClose: () => void; onChoose: (level: Level) => Promise<void> }) {
  const say = useSay();
  const [chosen, setChosen] = useState(level);
  const task = useTask();
  const submit = async (): Promise<void> => {
    if (chosen === level || (await task.run(() => onChoose(chosen)))) onClose();
  };
  return (
    <Dialog
      title={say('room.notify.title')}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('room.notify.do')}
          </Button>
        </>
      }
    >
      <Choices label={say('settings.notifications')} first chosen={chosen} onChoose={setChosen} choices={levelsInOrder.map((value) => ({ value, words: say(`room.notify.${value}`) }))} />
      <p className="hint">{say('room.notify.hint')}</p>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}

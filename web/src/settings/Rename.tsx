import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

/** Asks for another name of a device. */
export function Rename({ name, onStay, onRename }: { name: string; onStay: () => void; onRename: (name: string) => Promise<void> }) {
  const say = useSay();
  const task = useTask();
  const [typed, setTyped] = useState(name);
  const submit = async (): Promise<void> => {
    if (typed.trim() !== '' && (await task.run(() => onRename(typed)))) onStay();
  };
  return (
    <Dialog
      title={say('devices.rename.title')}
      onClose={onStay}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={onStay}>{say('common.cancel')}</Button>
          <Button kind="do" type="submit" disabled={task.running || typed.trim() === ''}>
            {say('devices.rename.do')}
          </Button>
        </>
      }
    >
      <Field
        data-first
        label={say('devices.name')}
        hint={say('devices.rename.hint')}
        error={task.fault && sayFault(say, task.fault)}
        value={typed}
        maxLength={100}
        onChange={(event) => setTyped(event.target.value)}
      />
    </Dialog>
  );
}

import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

/** Asks for the name of a new room and makes it. */
export function NewRoom({ onClose, onCreate }: { onClose: () => void; onCreate: (name: string) => Promise<void> }) {
  const say = useSay();
  const [name, setName] = useState('');
  const [missing, setMissing] = useState(false);
  const task = useTask();
  const submit = async (): Promise<void> => {
    setMissing(name.trim() === '');
    if (name.trim() !== '' && (await task.run(() => onCreate(name.trim())))) onClose();
  };
  return (
    <Dialog
      title={say('rooms.new.title')}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('rooms.new.do')}
          </Button>
        </>
      }
    >
      <Field
        label={say('rooms.new.name')}
        hint={say('rooms.new.name.hint')}
        error={missing ? say('rooms.new.name.missing') : task.fault && sayFault(say, task.fault)}
        data-first
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
    </Dialog>
  );
}

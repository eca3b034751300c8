import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { Picker, type Choice } from '../kit/Picker';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

interface Props {
  find: (typed: string) => Promise<readonly Choice[]>;
  onClose: () => void;
  onCreate: (name: string, invited: readonly string[]) => Promise<void>;
}

/** Asks for the name of a new room and for its first people, and makes it. */
export function NewRoom({ find, onClose, onCreate }: Props) {
  const say = useSay();
  const [name, setName] = useState('');
  const [missing, setMissing] = useState(false);
  const [people, setPeople] = useState<readonly Choice[]>([]);
  const [typed, setTyped] = useState('');
  const task = useTask();
  const submit = async (): Promise<void> => {
    setMissing(name.trim() === '');
    const ids = people.map((one) => one.id);
    if (name.trim() !== '' && (await task.run(() => onCreate(name.trim(), ids)))) onClose();
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
      <Picker
        label={say('rooms.new.people')}
        hint={say('rooms.new.people.hint')}
        chosen={people}
        typed={typed}
        onChoose={setPeople}
        onType={setTyped}
        find={find}
        remove={(who) => say('picker.remove', { name: who })}
        found={(n) => say('picker.found', { n })}
      />
    </Dialog>
  );
}

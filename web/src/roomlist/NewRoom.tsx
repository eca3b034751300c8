import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { Picker, type Choice } from '../kit/Picker';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { longestTitle } from '../state/roomstate';
import { useTask } from '../state/useTask';

interface Props {
  /** Somebody whom one writes to alone, and who is to be in it. */
  other?: Choice | undefined;
  find: (typed: string) => Promise<readonly Choice[]>;
  onClose: () => void;
  /** The user id that a typed name means, or undefined. */
  userId: (typed: string) => string | undefined;
  /** Makes the room and returns its id. */
  onCreate: (name: string) => Promise<string>;
  onInvite: (roomId: string, userId: string) => Promise<void>;
  /** The room is made, and everybody is invited. */
  onDone: (roomId: string) => void;
}

/** Asks for the name of a new room and for its first people, and makes it. */
export function NewRoom({ other, find, userId, onClose, onCreate, onInvite, onDone }: Props) {
  const say = useSay();
  const [name, setName] = useState('');
  const [missing, setMissing] = useState(false);
  const [people, setPeople] = useState<readonly Choice[]>(other === undefined ? [] : [other]);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [made, setMade] = useState<string>();
  const task = useTask();
  const submit = async (): Promise<void> => {
    const last = typed.trim() === '' ? [] : [userId(typed)];
    const ids = [...people.map((one) => one.id), ...last];
    setMissing(name.trim() === '');
    setWrong(ids.includes(undefined));
    if (name.trim() === '' || ids.includes(undefined)) return;
    await task.run(async () => {
      const roomId = made ?? (await onCreate(name.trim()));
      setMade(roomId); // what fails from here on is tried again in this room
      for (const id of ids) {
        if (id === undefined) continue;
        await onInvite(roomId, id);
        setPeople((all) => all.filter((one) => one.id !== id));
      }
      onDone(roomId);
      onClose();
    });
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
            {say(made === undefined ? 'rooms.new.do' : 'room.invite.do')}
          </Button>
        </>
      }
    >
      <Field
        label={say('rooms.new.name')}
        hint={say(made === undefined ? 'rooms.new.name.hint' : 'rooms.new.made')}
        error={missing ? say('rooms.new.name.missing') : made === undefined ? task.fault && sayFault(say, task.fault) : undefined}
        readOnly={made !== undefined}
        data-first
        autoComplete="off"
        maxLength={longestTitle}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Picker
        label={say('rooms.new.people')}
        hint={say(other === undefined ? 'rooms.new.people.hint' : 'rooms.new.fromTwo')}
        error={wrong ? say('room.invite.who.wrong') : made === undefined ? undefined : task.fault && sayFault(say, task.fault)}
        chosen={people}
        typed={typed}
        onChoose={setPeople}
        onType={setTyped}
        find={find}
        remove={(who) => say('picker.remove', { name: who })}
        bot={say('people.bot')}
        found={(n) => say('picker.found', { n })}
      />
    </Dialog>
  );
}

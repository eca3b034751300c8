import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Picker, type Choice } from '../kit/Picker';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

interface Props {
  find: (typed: string) => Promise<readonly Choice[]>;
  userId: (typed: string) => string | undefined;
  onClose: () => void;
  onConverse: (userId: string) => Promise<void>;
}

/** Asks whom to write to. */
export function NewConversation({ find, userId, onClose, onConverse }: Props) {
  const say = useSay();
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const task = useTask();
  const submit = async (): Promise<void> => {
    const id = chosen[0]?.id ?? userId(typed);
    setWrong(id === undefined);
    if (id !== undefined && (await task.run(() => onConverse(id)))) onClose();
  };
  return (
    <Dialog
      title={say('rooms.talk.title')}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('rooms.talk.do')}
          </Button>
        </>
      }
    >
      <Picker
        label={say('room.invite.who')}
        hint={say('rooms.talk.hint')}
        error={wrong ? say('room.invite.who.wrong') : task.fault && sayFault(say, task.fault)}
        chosen={chosen}
        typed={typed}
        onChoose={(all) => setChosen(all.slice(-1))}
        onType={setTyped}
        find={find}
        remove={(name) => say('picker.remove', { name })}
        bot={say('people.bot')}
        found={(n) => say('picker.found', { n })}
      />
    </Dialog>
  );
}

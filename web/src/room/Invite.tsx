import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Picker, type Choice } from '../kit/Picker';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

interface Props {
  userId: (typed: string) => string | undefined;
  example: string;
  find: (typed: string) => Promise<readonly Choice[]>;
  onInvite: (userId: string) => Promise<'shared' | 'notShared'>;
  onClose: () => void;
}

/** Asks whom to invite, and invites them. */
export function Invite({ userId, example, find, onInvite, onClose }: Props) {
  const say = useSay();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [wrong, setWrong] = useState(false);
  const [withoutPast, setWithoutPast] = useState<readonly string[]>([]);
  const task = useTask();
  const submit = async (): Promise<void> => {
    const last = typed.trim() === '' ? [] : [userId(typed)];
    const ids = [...chosen.map((one) => one.id), ...last];
    setWrong(ids.length === 0 || ids.includes(undefined));
    if (ids.length === 0 || ids.includes(undefined)) return;
    await task.run(async () => {
      const without: string[] = [];
      for (const id of ids) {
        if (id === undefined) continue;
        if ((await onInvite(id)) === 'notShared') without.push(chosen.find((one) => one.id === id)?.name ?? id);
        setChosen((all) => all.filter((one) => one.id !== id)); // what failed stays
      }
      if (without.length === 0) onClose();
      else setWithoutPast(without);
    });
  };
  if (withoutPast.length > 0) {
    return (
      <Dialog title={say('room.invite.done', { who: withoutPast.join(', ') })} onClose={onClose} actions={<Button data-safe onClick={onClose}>{say('common.close')}</Button>}>
        <p>{say('room.invite.noPast')}</p>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={say('room.invite.title')}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('room.invite.do')}
          </Button>
        </>
      }
    >
      <Picker
        label={say('room.invite.who')}
        hint={say('room.invite.who.hint', { example })}
        error={wrong ? say('room.invite.who.wrong') : task.fault && sayFault(say, task.fault)}
        chosen={chosen}
        typed={typed}
        onChoose={setChosen}
        onType={setTyped}
        find={find}
        remove={(name) => say('picker.remove', { name })}
        bot={say('people.bot')}
        found={(n) => say('picker.found', { n })}
      />
    </Dialog>
  );
}

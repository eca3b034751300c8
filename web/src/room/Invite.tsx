import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

interface Props {
  userId: (typed: string) => string | undefined;
  example: string;
  onInvite: (userId: string) => Promise<'shared' | 'notShared'>;
  onClose: () => void;
}

/** Asks whom to invite, and invites them. */
export function Invite({ userId, example, onInvite, onClose }: Props) {
  const say = useSay();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [withoutPast, setWithoutPast] = useState<string>();
  const task = useTask();
  const submit = async (): Promise<void> => {
    const id = userId(typed);
    setWrong(id === undefined);
    if (id === undefined) return;
    await task.run(async () => {
      if ((await onInvite(id)) === 'shared') onClose();
      else setWithoutPast(id);
    });
  };
  if (withoutPast !== undefined) {
    return (
      <Dialog title={say('room.invite.done', { who: withoutPast })} onClose={onClose} actions={<Button data-safe onClick={onClose}>{say('common.close')}</Button>}>
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
      <Field
        label={say('room.invite.who')}
        hint={say('room.invite.who.hint', { example })}
        error={wrong ? say('room.invite.who.wrong') : task.fault && sayFault(say, task.fault)}
        data-first
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </Dialog>
  );
}

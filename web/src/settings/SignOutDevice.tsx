import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';

interface Props {
  name: string;
  /** The person does not know this device: then there is more to be said. */
  stranger: boolean;
  /** It could read messages. */
  signed: boolean;
  onStay: () => void;
  onSignOut: (password: string) => Promise<void>;
}

/** Asks for the password before another device is signed out. */
export function SignOutDevice({ name, stranger, signed, onStay, onSignOut }: Props) {
  const say = useSay();
  const task = useTask();
  const [password, setPassword] = useState('');
  const submit = async (): Promise<void> => {
    if (password !== '' && (await task.run(() => onSignOut(password)))) onStay();
  };
  return (
    <Dialog
      title={rich(say, 'devices.signOut.title', { name })}
      onClose={onStay}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind="stop" type="submit" disabled={task.running || password === ''}>
            {say('signout.do')}
          </Button>
        </>
      }
    >
      <p>{say('devices.signOut.text')}</p>
      {stranger && <p>{say('devices.signOut.stranger')}</p>}
      {stranger && signed && <p>{say('devices.signOut.reads')}</p>}
      <Field
        data-first
        label={say('signin.password')}
        type="password"
        autoComplete="current-password"
        error={task.fault && sayFault(say, task.fault)}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </Dialog>
  );
}

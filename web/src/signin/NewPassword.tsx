import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconSaved } from '../kit/icons';
import { Say } from '../kit/Say';
import { Switch } from '../kit/Switch';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { setNewPassword } from '../state/forgotten';
import { useTask } from '../state/useTask';

/** Sets a new password, once the link in the letter was opened. */
export function NewPassword({ onSignIn, set = setNewPassword }: { onSignIn: () => void; set?: (password: string, signOut: boolean) => Promise<void> }) {
  const say = useSay();
  const task = useTask();
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [signOut, setSignOut] = useState(true);
  const [differs, setDiffers] = useState(false);
  const [done, setDone] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setDiffers(password !== again);
    if (password !== '' && password === again && (await task.run(() => set(password, signOut)))) setDone(true);
  };
  if (done) {
    return (
      <>
        <Say kind="ok" icon={IconSaved} title={say('mail.set')} live>
          {say('mail.set.text')}
        </Say>
        <div className="row">
          <Button kind="do" big onClick={onSignIn}>
            {say('mail.signIn')}
          </Button>
        </div>
      </>
    );
  }
  return (
    <form className="stack narrow" onSubmit={(event) => void submit(event)} noValidate>
      <Field
        label={say('mail.password')}
        hint={say('signup.password.hint')}
        error={task.fault && sayFault(say, task.fault)}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Field
        label={say('signup.password.again')}
        error={differs ? say('signup.password.differs') : undefined}
        type="password"
        autoComplete="new-password"
        value={again}
        onChange={(event) => {
          setDiffers(false);
          setAgain(event.target.value);
        }}
      />
      <Switch label={say('mail.signOut')} on={signOut} onChange={setSignOut}>
        {say('mail.signOut.what')}
      </Switch>
      <p className="hint">{say('mail.keys')}</p>
      <div className="row">
        <Button kind="do" big type="submit" disabled={task.running}>
          {say('mail.password.do')}
        </Button>
      </div>
    </form>
  );
}

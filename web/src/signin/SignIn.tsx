import { useEffect, useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconKey, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { passkeysWork } from '../state/passkeys';
import { resetByMail } from '../state/forgotten';
import { homeHost } from '../state/home';
import { hrefOf } from '../state/route';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import type { Standing, Wardroom } from '../state/wardroom';
import { Entry } from './Entry';

type Why = Extract<Standing, { at: 'signedOut' }>['why'];

/** Signing in on this device. `known` is the account whose keys are still here. */
export function SignIn({ wardroom, why, known = '' }: { wardroom: Pick<Wardroom, 'signIn' | 'signInWithPasskey'>; why: Why; known?: string | undefined }) {
  const say = useSay();
  const [account, setAccount] = useState(known);
  const [password, setPassword] = useState('');
  const task = useTask();
  const offered = useStore(resetByMail);
  // Whether this server sends mail is asked when somebody stands here.
  useEffect(() => void resetByMail.learn(), []);
  const fault = task.fault ?? (task.running ? undefined : why);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (account.trim() !== '' && password !== '') void task.run(() => wardroom.signIn(account, password));
  };
  return (
    <Entry>
      <h1>{say('signin.title')}</h1>
      <p className="sub">{homeHost()}</p>
      <form className="stack narrow" onSubmit={submit} noValidate>
        <Field
          label={say('signin.account')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={account}
          onChange={(event) => setAccount(event.target.value)}
        />
        <Field
          label={say('signin.password')}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {fault !== undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, fault)} <code>{fault.code}</code>
          </Say>
        )}
        <div className="row wrap">
          <Button kind="do" big type="submit" disabled={task.running}>
            {say(task.running ? 'signin.busy' : 'signin.do')}
          </Button>
          {passkeysWork() && (
            <Button big icon={IconKey} disabled={task.running} onClick={() => void task.run(wardroom.signInWithPasskey)}>
              {say('passkey.use')}
            </Button>
          )}
        </div>
      </form>
      {offered && (
        <p>
          <a href={hrefOf({ at: 'forgot' })}>{say('mail.forgot')}</a>
        </p>
      )}
      <p className="sub">{say('signin.invitationOnly')}</p>
    </Entry>
  );
}

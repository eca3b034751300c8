import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconDevice, IconKey, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { languageOf } from '../lang/script';
import { rich, useSay } from '../lang/useSay';
import type { App, Authorizing } from '../state/authorizing';
import { passkeysWork } from '../state/passkeys';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import { Entry } from './Entry';

/** Where an app sends people to sign in: which app it is, and where the answer goes. */
export function Authorize({ app }: { app: Pick<App, 'approve' | 'approveWithPasskey' | 'leave' | 'snapshot' | 'subscribe'> }) {
  const say = useSay();
  const now = useStore(app);
  switch (now.at) {
    case 'reading':
      return (
        <Entry>
          <p className="sub" role="status">
            {say('authorize.reading')}
          </p>
        </Entry>
      );
    case 'wrong':
      return (
        <Entry>
          <h1>{say('authorize.wrong')}</h1>
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, now.fault)} <code>{now.fault.code}</code>
          </Say>
          {now.back !== undefined && <Back to={now.back} onBack={app.leave} />}
        </Entry>
      );
    case 'asked':
      return <Asked app={app} request={now.request} />;
  }
}

function Back({ to, onBack }: { to: string; onBack: (to: string) => void }) {
  const say = useSay();
  const { host, protocol } = new URL(to);
  return (
    <div className="row">
      <Button big onClick={() => onBack(to)}>
        {say('authorize.back', { host: host === '' ? protocol : host })}
      </Button>
    </div>
  );
}

function Asked({ app, request }: { app: Pick<App, 'approve' | 'approveWithPasskey' | 'leave'>; request: Extract<Authorizing, { at: 'asked' }>['request'] }) {
  const say = useSay();
  const [account, setAccount] = useState(request.hint);
  const [password, setPassword] = useState('');
  const task = useTask();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (account.trim() !== '' && password !== '') void task.run(() => app.approve(account, password));
  };
  return (
    <Entry>
      <h1>{rich(say, 'authorize.title', { app: request.name === '' ? say('authorize.noName') : <bdi lang={languageOf(request.name)}>{request.name}</bdi> })}</h1>
      <p className="sub">{location.host}</p>
      <Say kind="ink" icon={IconDevice} title={rich(say, 'authorize.to', { host: <bdi>{request.to}</bdi> })}>
        {say('authorize.what')}
      </Say>
      <form className="stack narrow" onSubmit={submit} noValidate>
        <Field label={say('signin.account')} autoComplete="username" autoCapitalize="none" spellCheck={false} value={account} onChange={(event) => setAccount(event.target.value)} />
        <Field label={say('signin.password')} type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
        {task.fault !== undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, task.fault)} <code>{task.fault.code}</code>
          </Say>
        )}
        <div className="row wrap buttons">
          <Button kind="do" big type="submit" disabled={task.running}>
            {say(task.running ? 'signin.busy' : 'authorize.do')}
          </Button>
          {passkeysWork() && (
            <Button big icon={IconKey} disabled={task.running} onClick={() => void task.run(app.approveWithPasskey)}>
              {say('passkey.use')}
            </Button>
          )}
          <Button big onClick={() => app.leave(request.refuse)}>
            {say('authorize.no')}
          </Button>
        </div>
      </form>
    </Entry>
  );
}

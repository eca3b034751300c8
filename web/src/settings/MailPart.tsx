import { useEffect, useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { OwnMail } from '../state/mail';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** The mail address for a forgotten password: giving one, confirming it, removing it. */
export function MailPart({ mail }: { mail: Pick<OwnMail, 'snapshot' | 'subscribe' | 'look' | 'ask' | 'add' | 'forget' | 'remove'> }) {
  const say = useSay();
  const { works, address, asked, fault } = useStore(mail);
  const task = useTask();
  const [typed, setTyped] = useState('');
  const [password, setPassword] = useState('');

  // The server is asked whenever the page is opened: another device may have changed it.
  useEffect(() => void mail.look(), [mail]);

  const error = task.fault && sayFault(say, task.fault);
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    if (typed.trim() !== '') void task.run(() => mail.ask(typed));
  };
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (password === '' || !(await task.run(() => mail.add(password)))) return;
    setPassword('');
    setTyped('');
  };
  if (works === false && address === undefined) return null;
  return (
    <section className="stack narrow">
      <h2>{say('mail.title')}</h2>
      <p className="sub">{say('mail.what')}</p>
      <p className="sub">{say('mail.risk')}</p>
      {fault && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, fault)}
        </Say>
      )}
      {address !== undefined && (
        <>
          <p>
            <b>{address}</b>
          </p>
          {error !== undefined && (
            <p className="hint error" role="alert">
              {error}
            </p>
          )}
          <div>
            <Button kind="stop" disabled={task.running} onClick={() => void task.run(mail.remove)}>
              {say('mail.remove')}
            </Button>
          </div>
        </>
      )}
      {works === true && address === undefined && asked === undefined && (
        <form className="stack" onSubmit={send} noValidate>
          <p className="sub">{say('mail.none')}</p>
          <Field label={say('mail.address')} error={error} type="email" autoComplete="email" autoCapitalize="none" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
          <div>
            <Button type="submit" disabled={task.running || typed.trim() === ''}>
              {say('mail.send')}
            </Button>
          </div>
        </form>
      )}
      {asked !== undefined && address === undefined && (
        <form className="stack" onSubmit={(event) => void add(event)} noValidate>
          <p role="status">{say('mail.asked', { address: asked })}</p>
          <Field label={say('signin.password')} error={error} type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
          <div className="row">
            <Button kind="do" type="submit" disabled={task.running || password === ''}>
              {say('mail.add')}
            </Button>
            <Button onClick={mail.forget}>{say('common.cancel')}</Button>
          </div>
        </form>
      )}
    </section>
  );
}

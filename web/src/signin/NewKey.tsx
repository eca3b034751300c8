import { useEffect, useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { CopyButton } from '../kit/CopyButton';
import { Field } from '../kit/Field';
import { IconDownload, IconNotConfirmed, IconPrint, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { homeHost } from '../state/home';
import type { Session } from '../state/session';
import { useTask } from '../state/useTask';
import type { Wardroom } from '../state/wardroom';
import { Entry } from './Entry';
import look from './NewKey.module.css';
import { ServerKnows } from './ServerKnows';
import { Steps } from './Steps';

type NewRecoveryKey = Parameters<Wardroom['useNewKey']>[0];

const done = { first: 'signup.finish', afresh: 'afresh.do', renew: 'renew.do' } as const;

interface Props {
  wardroom: Pick<Wardroom, 'useNewKey' | 'backToKey'>;
  session: Pick<Session, 'recovery' | 'client'>;
  account: string;
  /** The account's first; one after a loss, which replaces the account's keys; or another one for the same keys. */
  why: 'first' | 'afresh' | 'renew';
}

/** The making of a recovery key: it is shown once, kept by the person, and only then used. */
export function NewKey({ wardroom, session, account, why }: Props) {
  const say = useSay();
  const [key, setKey] = useState<NewRecoveryKey>();
  const [asked] = useState(() => Math.floor(Math.random() * 12));
  const [tries, setTries] = useState(0);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const [password, setPassword] = useState('');
  const task = useTask();
  const { fault: notMade, run: make } = useTask();

  // The key comes from the crypto library, outside React.
  useEffect(() => {
    void make(async () => setKey(await session.recovery.make(session.client)));
  }, [session, make, tries]);

  const needsPassword = why === 'afresh' || task.fault?.id === 'fault.passwordNeeded';
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (key === undefined) return;
    const right = typed.trim() === key.groups[asked];
    setWrong(!right);
    if (right) void task.run(() => wardroom.useNewKey(key, password === '' ? undefined : password));
  };

  return (
    <Entry beside={why === 'renew' ? undefined : <ServerKnows />}>
      <div className={look['around']}>
        {why === 'first' && <Steps here={2} />}
        <h1>{say('signup.key.title')}</h1>
        <p className={look['text']}>{say('signup.key.text')}</p>
        {why !== 'first' && (
          <Say kind="wait" icon={IconNotConfirmed} title={say(why === 'renew' ? 'renew.title' : 'afresh.title')}>
            {say(why === 'renew' ? 'renew.text' : 'afresh.text')}
          </Say>
        )}
      </div>
      <div className={look['printed']}>
        <b>{say('signup.key.file', { account })}</b>
        <p>{homeHost()}</p>
      </div>
      {key === undefined && notMade && (
        <Say kind="stop" icon={IconWithheld} title={say('signup.key.notMade')} live>
          {sayFault(say, notMade)} <code>{notMade.code}</code>
          <div className="row">
            <Button onClick={() => setTries(tries + 1)}>{say('signin.failed.again')}</Button>
          </div>
        </Say>
      )}
      <div className={look['key']}>
        <ol aria-label={say('restore.key')} translate="no">
          {(key?.groups ?? Array<string>(12).fill('····')).map((group, n) => (
            <li key={n}>{group}</li>
          ))}
        </ol>
        <footer>
          <Button icon={IconPrint} disabled={key === undefined} onClick={() => print()}>
            {say('signup.key.print')}
          </Button>
          <Button icon={IconDownload} disabled={key === undefined} onClick={() => save(say('signup.key.file', { account }), key?.groups ?? [])}>
            {say('signup.key.save')}
          </Button>
          {key !== undefined && <CopyButton text={key.groups.join(' ')} words={say('signup.key.copy')} copied={say('common.copied')} refused={say('common.copied.not')} />}
        </footer>
      </div>
      <p className="hint">{say('signup.key.advice')}</p>
      <form className={look['proof']} onSubmit={submit} noValidate>
        <div className={look['check']}>
          <b>{say('signup.key.check')}</b>
          <Field
            label={say('signup.key.group', { n: asked + 1 })}
            error={wrong ? say('signup.key.wrong', { n: asked + 1 }) : undefined}
            mono
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        {needsPassword && (
          <div className="narrow">
            <Field
              label={say('signin.password')}
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </div>
        )}
        {task.fault !== undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, task.fault)} <code>{task.fault.code}</code>
          </Say>
        )}
        <div className="row">
          <Button kind="do" big type="submit" disabled={task.running || key === undefined}>
            {say(task.running ? 'signup.finishing' : done[why])}
          </Button>
          {why !== 'first' && (
            <Button kind="quiet" onClick={wardroom.backToKey}>
              {say('common.back')}
            </Button>
          )}
        </div>
      </form>
    </Entry>
  );
}

function save(title: string, groups: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([`${title}\n${homeHost()}\n\n${groups.join(' ')}\n`], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${title}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a browser may ask first where to put it
}

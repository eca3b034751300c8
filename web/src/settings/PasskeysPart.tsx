import { useEffect, useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { date } from '../lang/dates';
import { sayFault } from '../lang/sayFault';
import { languageOf } from '../lang/script';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import { passkeysWork, type OwnPasskey, type Passkeys } from '../state/passkeys';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './InvitationsPage.module.css';

type Asked = { what: 'add' } | { what: 'rename' | 'remove'; one: OwnPasskey };

/** This person's passkeys: adding, naming, removing. */
export function PasskeysPart({ passkeys }: { passkeys: Pick<Passkeys, 'snapshot' | 'subscribe' | 'look' | 'add' | 'rename' | 'remove'> }) {
  const say = useSay();
  const { list, fault } = useStore(passkeys);
  const today = useStore(now);
  const [asked, setAsked] = useState<Asked>();

  // The server is asked whenever the page is opened: one may have been added on another device.
  useEffect(() => void passkeys.look(), [passkeys]);

  return (
    <section className="stack">
      <h2>{say('passkeys.title')}</h2>
      <p className="sub">{say('passkeys.what')}</p>
      {fault && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, fault)}
        </Say>
      )}
      {list?.length === 0 && <p className="sub">{say('passkeys.none')}</p>}
      {list !== undefined && list.length > 0 && (
        <ul className={look['list']}>
          {list.map((one) => (
            <li key={one.id}>
              <div>
                <b id={`passkey-${one.id}`} lang={one.name === '' ? undefined : languageOf(one.name)}>
                  {one.name === '' ? say('passkeys.unnamed') : one.name}
                </b>
                <p className="sub">
                  {one.usedDay === undefined
                    ? say('passkeys.made', { day: date(one.madeDay, today) })
                    : say('passkeys.used', { made: date(one.madeDay, today), used: date(one.usedDay, today) })}
                </p>
              </div>
              <div className="row">
                <Button kind="quiet" aria-describedby={`passkey-${one.id}`} onClick={() => setAsked({ what: 'rename', one })}>
                  {say('devices.rename')}
                </Button>
                <Button kind="stop" aria-describedby={`passkey-${one.id}`} onClick={() => setAsked({ what: 'remove', one })}>
                  {say('passkeys.remove')}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {passkeysWork() ? (
        <div>
          <Button onClick={() => setAsked({ what: 'add' })}>{say('passkeys.add')}</Button>
        </div>
      ) : (
        <p className="meta">{say('passkeys.not')}</p>
      )}
      {asked && <Ask asked={asked} passkeys={passkeys} onStay={() => setAsked(undefined)} />}
    </section>
  );
}

/** Asks for what it takes: a name, the password, or both. */
function Ask({ asked, passkeys, onStay }: { asked: Asked; passkeys: Pick<Passkeys, 'add' | 'rename' | 'remove'>; onStay: () => void }) {
  const say = useSay();
  const task = useTask();
  const [name, setName] = useState(asked.what === 'add' ? '' : asked.one.name);
  const [password, setPassword] = useState('');
  const named = asked.what !== 'remove';
  const confirmed = asked.what !== 'rename';
  const ready = (!named || name.trim() !== '') && (!confirmed || password !== '');
  const act = (): Promise<void> => {
    if (asked.what === 'add') return passkeys.add(name, password);
    return asked.what === 'rename' ? passkeys.rename(asked.one.id, name) : passkeys.remove(asked.one.id, password);
  };
  const submit = async (): Promise<void> => {
    if (ready && (await task.run(act))) onStay();
  };
  const titles = { add: () => say('passkeys.add.title'), rename: () => say('passkeys.rename'), remove: () => say('passkeys.remove.title', { name: name === '' ? say('passkeys.unnamed') : name }) };
  const error = task.fault && sayFault(say, task.fault);
  return (
    <Dialog
      title={titles[asked.what]()}
      onClose={onStay}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind={asked.what === 'remove' ? 'stop' : 'do'} type="submit" disabled={task.running || !ready}>
            {say(asked.what === 'add' ? 'passkeys.add.do' : asked.what === 'rename' ? 'devices.rename.do' : 'passkeys.remove.do')}
          </Button>
        </>
      }
    >
      {asked.what === 'remove' && <p>{say('passkeys.remove.text')}</p>}
      {named && (
        <Field
          data-first
          label={say('passkeys.name')}
          hint={say('passkeys.name.hint')}
          error={confirmed ? undefined : error}
          autoComplete="off"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      {confirmed && (
        <Field
          {...(named ? {} : { 'data-first': true })}
          label={say('signin.password')}
          type="password"
          autoComplete="current-password"
          error={error}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
    </Dialog>
  );
}

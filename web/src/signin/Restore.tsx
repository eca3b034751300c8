import { useState, type ReactNode, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconNotConfirmed, IconVerified, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';
import type { Compared, Wardroom } from '../state/wardroom';
import { Entry } from './Entry';

interface Props {
  wardroom: Pick<Wardroom, 'restore' | 'startAfresh' | 'signOut'>;
  /** Another device verified this one: how far that is. */
  compared: Compared | undefined;
  /** Whether this device was signed before, and the account's keys were replaced elsewhere. */
  replaced: boolean;
  /** Verifications that are under way. */
  notices: ReactNode;
  /** Asks the person's other devices to compare; undefined where there is none that could. */
  onCompare: (() => void) | undefined;
}

/** A new device asks for the recovery key, or for what to do without one. */
export function Restore({ wardroom, compared, replaced, notices, onCompare }: Props) {
  const say = useSay();
  const [typed, setTyped] = useState('');
  const [keys, setKeys] = useState<{ done: number; total: number }>();
  const [lost, setLost] = useState(false);
  const task = useTask();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (typed.trim() === '') return;
    void task.run(() => wardroom.restore(typed, (done, total) => setKeys({ done, total })));
  };
  return (
    <Entry>
      <h1>{say('restore.title')}</h1>
      <p className="sub">{say('restore.text')}</p>
      {replaced && (
        <Say kind="wait" icon={IconNotConfirmed} title={say('restore.replaced.title')} live>
          {say('restore.replaced.text')}
        </Say>
      )}
      {notices}
      {compared?.at === 'opening' && (
        <p className="sub" role="status">
          {say('restore.compared')} {compared.total > 0 && `${compared.done} / ${compared.total}`}
        </p>
      )}
      {compared?.at === 'failed' && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, compared.fault)} <code>{compared.fault.code}</code>
        </Say>
      )}
      <form className="stack" onSubmit={submit} noValidate>
        <Field
          label={say('restore.key')}
          hint={say('restore.hint')}
          mono
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {task.fault !== undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, task.fault)} <code>{task.fault.code}</code>
          </Say>
        )}
        {task.running && (
          <p className="sub" role="status">
            {say('restore.busy')} {keys !== undefined && `${keys.done} / ${keys.total}`}
          </p>
        )}
        <div className="row">
          <Button kind="do" big type="submit" disabled={task.running}>
            {say('restore.do')}
          </Button>
          <Button kind="quiet" aria-expanded={lost} onClick={() => setLost(!lost)}>
            {say('restore.lost')}
          </Button>
        </div>
      </form>
      {onCompare && (
        <div className="card">
          <div className="pad stack">
            <p>{say('restore.compare.text')}</p>
            <div className="row">
              <Button icon={IconVerified} onClick={onCompare}>
                {say('restore.compare')}
              </Button>
            </div>
          </div>
        </div>
      )}
      {lost && (
        <div className="card">
          <div className="pad stack">
            <h2>{say('restore.lost.title')}</h2>
            <p>{say('restore.lost.gone')}</p>
            <p>{say('restore.lost.kept')}</p>
            <p>{say('restore.lost.others')}</p>
            <div className="row">
              <Button onClick={wardroom.startAfresh}>{say('restore.lost.do')}</Button>
              <Button kind="quiet" onClick={() => void wardroom.signOut()}>
                {say('restore.lost.stop')}
              </Button>
            </div>
          </div>
        </div>
      )}
    </Entry>
  );
}

import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';
import type { Wardroom } from '../state/wardroom';
import { Entry } from './Entry';

/** A new device asks for the recovery key, or for what to do without one. */
export function Restore({ wardroom }: { wardroom: Pick<Wardroom, 'restore' | 'startAfresh' | 'signOut'> }) {
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

import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconSaved } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { Readable } from '../state/store';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** How this person is called. */
export function ProfilePage({ me, onName }: { me: Readable<Person>; onName: (name: string) => Promise<void> }) {
  const say = useSay();
  const person = useStore(me);
  const task = useTask();
  const [typed, setTyped] = useState<string>();
  const [saved, setSaved] = useState(false);
  const name = typed ?? person.name;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (name.trim() !== '' && (await task.run(() => onName(name)))) setSaved(true);
  };
  return (
    <>
      <div>
        <h1>{say('settings.profile')}</h1>
        <p className="meta">{person.id}</p>
      </div>
      <form className="stack narrow" onSubmit={(event) => void submit(event)}>
        <Field
          label={say('profile.name')}
          hint={say('profile.hint')}
          error={task.fault && sayFault(say, task.fault)}
          autoComplete="name"
          maxLength={100}
          value={name}
          onChange={(event) => {
            setSaved(false);
            setTyped(event.target.value);
          }}
        />
        <div className="row">
          <Button kind="do" type="submit" disabled={task.running || name.trim() === ''}>
            {say('profile.save')}
          </Button>
          <span role="status">{saved && <State icon={IconSaved}>{say('profile.saved')}</State>}</span>
        </div>
      </form>
    </>
  );
}

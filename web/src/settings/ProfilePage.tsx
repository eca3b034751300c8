import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconSaved } from '../kit/icons';
import { State } from '../kit/State';
import { WhoStamp } from '../kit/WhoStamp';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { Readable } from '../state/store';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** How this person is called, and what they look like. */
export function ProfilePage({ me, onName, onPicture }: { me: Readable<Person>; onName: (name: string) => Promise<void>; onPicture: () => void }) {
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
      <div className="row">
        <WhoStamp id={person.id} name={person.name} lang={person.lang} large />
        <div className="stack">
          <div>
            <Button onClick={onPicture}>{say('picture.change')}</Button>
          </div>
          <p className="hint">{say('picture.open')}</p>
        </div>
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

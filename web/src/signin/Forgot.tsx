import { useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconDevice } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { askForLink } from '../state/forgotten';
import { useTask } from '../state/useTask';
import { Entry } from './Entry';
import { NewPassword } from './NewPassword';

/** Asks for a link by mail, and then for the new password. */
export function Forgot({ onBack, ask = askForLink }: { onBack: () => void; ask?: (address: string) => Promise<void> }) {
  const say = useSay();
  const task = useTask();
  const [address, setAddress] = useState('');
  const [asked, setAsked] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (address.trim() !== '' && (await task.run(() => ask(address)))) setAsked(true);
  };
  return (
    <Entry>
      <h1>{say('mail.forgot.title')}</h1>
      {asked ? (
        <>
          <Say kind="ink" icon={IconDevice} title={say('mail.sent')} live>
            {say('mail.sent.text')}
          </Say>
          <div className="row">
            <Button onClick={() => setAsked(false)}>{say('mail.another')}</Button>
          </div>
          <NewPassword onSignIn={onBack} />
        </>
      ) : (
        <form className="stack narrow" onSubmit={(event) => void submit(event)} noValidate>
          <p className="sub">{say('mail.forgot.text')}</p>
          <Field
            label={say('mail.address')}
            error={task.fault && sayFault(say, task.fault)}
            type="email"
            autoComplete="email"
            autoCapitalize="none"
            spellCheck={false}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
          <div className="row wrap">
            <Button kind="do" big type="submit" disabled={task.running}>
              {say('mail.send')}
            </Button>
            <Button big onClick={onBack}>
              {say('mail.back')}
            </Button>
          </div>
        </form>
      )}
    </Entry>
  );
}

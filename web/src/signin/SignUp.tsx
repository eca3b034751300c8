import { useEffect, useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { WhoStamp } from '../kit/WhoStamp';
import { day } from '../lang/dates';
import { sayFault } from '../lang/sayFault';
import { languageOf } from '../lang/script';
import { rich, useSay } from '../lang/useSay';
import { now } from '../state/now';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import type { Wardroom } from '../state/wardroom';
import { Entry } from './Entry';
import { ServerKnows } from './ServerKnows';
import look from './SignUp.module.css';
import { Steps } from './Steps';

type SignUpInvitation = Awaited<ReturnType<Wardroom['invitation']>>;

interface Props {
  invitation: string;
  wardroom: Pick<Wardroom, 'signUp' | 'invitation'>;
  onHaveAccount: () => void;
}

const nameForm = /^[a-z0-9._-]+$/;
const leastPassword = 10;

/** The first step of signing up with an invitation: name, account name, password. */
export function SignUp({ invitation, wardroom, onHaveAccount }: Props) {
  const say = useSay();
  const [name, setName] = useState('');
  const [account, setAccount] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [checked, setChecked] = useState(false);
  const [shownBy, setShownBy] = useState<SignUpInvitation>();
  const task = useTask();
  const opening = useTask();
  const { run } = opening;

  // What the invitation says of itself, the server knows.
  useEffect(() => {
    void run(async () => setShownBy(await wardroom.invitation(invitation)));
  }, [run, wardroom, invitation]);

  const wrong = {
    name: name.trim() === '' ? say('signup.name.missing') : undefined,
    account: nameForm.test(account) ? undefined : say('fault.nameForm'),
    password: Array.from(password).length < leastPassword ? say('fault.weakPassword') : undefined,
    again: again === password ? undefined : say('signup.password.differs'),
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (Object.values(wrong).some((error) => error !== undefined)) return;
    void task.run(() => wardroom.signUp(invitation, name.trim(), account, password));
  };
  const shown = checked ? wrong : ({} as Partial<typeof wrong>);
  const taken = task.fault?.id === 'fault.nameTaken' || task.fault?.id === 'fault.nameForm' ? sayFault(say, task.fault) : undefined;

  if (opening.fault?.id === 'fault.invitation') {
    return (
      <Entry>
        <h1 className="unseen">{say('signup.title')}</h1>
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, opening.fault)} <code>{opening.fault.code}</code>
        </Say>
        <div className="row">
          <Button kind="do" big onClick={onHaveAccount}>
            {say('signup.have')}
          </Button>
        </div>
      </Entry>
    );
  }

  return (
    <Entry beside={<ServerKnows>{shownBy && <InvitedBy invitation={shownBy} />}</ServerKnows>}>
      <Steps here={1} />
      <h1>{say('signup.title')}</h1>
      {shownBy && <p className="sub">{rich(say, 'signup.text', { server: <b lang={languageOf(shownBy.server)}>{shownBy.server}</b> })}</p>}
      {opening.fault && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, opening.fault)} <code>{opening.fault.code}</code>
        </Say>
      )}
      <form className="stack narrow" onSubmit={submit} noValidate>
        <Field
          label={say('signup.name')}
          hint={say('signup.name.hint')}
          error={shown.name}
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={say('signup.account')}
          hint={say('signup.account.hint')}
          error={shown.account ?? taken}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={account}
          onChange={(event) => setAccount(event.target.value.trim().toLowerCase())}
        />
        <Field
          label={say('signup.password')}
          hint={say('signup.password.hint')}
          error={shown.password}
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Field
          label={say('signup.password.again')}
          error={shown.again}
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
        {task.fault !== undefined && taken === undefined && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, task.fault)} <code>{task.fault.code}</code>
          </Say>
        )}
        <div className="row">
          <Button kind="do" big type="submit" disabled={task.running}>
            {say(task.running ? 'signup.busy' : 'signup.do')}
          </Button>
          <Button kind="quiet" onClick={onHaveAccount}>
            {say('signup.have')}
          </Button>
        </div>
      </form>
    </Entry>
  );
}

function InvitedBy({ invitation }: { invitation: SignUpInvitation }) {
  const say = useSay();
  const { by, server } = invitation;
  const time = useStore(now);
  return (
    <>
      {by && (
        <div className={look['by']}>
          <WhoStamp id={by.id} name={by.name} lang={languageOf(by.name)} />
          <p>{rich(say, 'signup.invitedBy', { name: <b lang={languageOf(by.name)}>{by.name}</b>, server: <b lang={languageOf(server)}>{server}</b> })}</p>
        </div>
      )}
      <p className="sub">{say('signup.valid', { n: invitation.uses, day: day(invitation.expires, time) })}</p>
    </>
  );
}

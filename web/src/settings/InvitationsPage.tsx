import { useEffect, useState, type SubmitEvent } from 'react';
import { Button } from '../kit/Button';
import { CopyButton } from '../kit/CopyButton';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { IconInvite, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { day, exact } from '../lang/dates';
import { sayFault } from '../lang/sayFault';
import { languageOf } from '../lang/script';
import { useSay } from '../lang/useSay';
import type { Invitations, MadeInvitation } from '../state/invitations';
import { now } from '../state/now';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './InvitationsPage.module.css';

/** Inviting somebody to sign up, and the invitations that nobody has used yet. */
export function InvitationsPage({ invitations }: { invitations: Pick<Invitations, 'snapshot' | 'subscribe' | 'look' | 'make' | 'takeBack'> }) {
  const say = useSay();
  const { list, fault } = useStore(invitations);
  const today = useStore(now);
  const task = useTask();
  const [note, setNote] = useState('');
  const [made, setMade] = useState<MadeInvitation>();
  const [asked, setAsked] = useState<{ id: string; name: string }>();

  // The server is asked whenever the page is opened: somebody may have signed up meanwhile.
  useEffect(() => void invitations.look(), [invitations]);

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setMade(undefined);
    await task.run(async () => {
      setMade(await invitations.make(note));
      setNote('');
    });
  };
  const nameOf = (one: { note: string }): string => (one.note === '' ? say('invitations.unnamed') : one.note);
  return (
    <>
      <div>
        <h1>{say('settings.invitations')}</h1>
        <p className="sub">{say('invitations.what')}</p>
      </div>
      <form className="stack narrow" onSubmit={(event) => void submit(event)}>
        <Field
          label={say('invitations.whom')}
          hint={say('invitations.whom.hint')}
          error={task.fault && sayFault(say, task.fault)}
          autoComplete="off"
          maxLength={100}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <div>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('invitations.make')}
          </Button>
        </div>
      </form>
      {made !== undefined && (fault !== undefined || list?.some((one) => one.id === made.id) === true) && (
        <Say kind="ok" icon={IconInvite} live>
          <p>{say('invitations.made')}</p>
          <code className={`mono ${look['link'] ?? ''}`} translate="no">
            {made.link}
          </code>
          <CopyButton text={made.link} words={say('invitations.copy')} copied={say('common.copied')} refused={say('common.copied.not')} />
        </Say>
      )}
      <section className="stack">
        <h2>{say('invitations.open')}</h2>
        {fault && (
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, fault)}
          </Say>
        )}
        {list === undefined && fault === undefined && (
          <p className="sub" role="status">
            {say('invitations.loading')}
          </p>
        )}
        {list?.length === 0 && <p className="sub">{say('invitations.none')}</p>}
        {list !== undefined && list.length > 0 && (
          <ul className={look['list']}>
            {list.map((one) => (
              <li key={one.id}>
                <div>
                  <b id={`invitation-${one.id}`} lang={one.note === '' ? undefined : languageOf(one.note)}>
                    {nameOf(one)}
                  </b>
                  <p className="sub" title={exact(one.expires)}>
                    {say('invitations.until', { day: day(one.expires, today) })}
                  </p>
                </div>
                <Button kind="stop" aria-describedby={`invitation-${one.id}`} onClick={() => setAsked({ id: one.id, name: nameOf(one) })}>
                  {say('invitations.takeBack')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </section>
      <p className="meta">{say('invitations.kept')}</p>
      {asked && <TakeBack name={asked.name} onStay={() => setAsked(undefined)} onTakeBack={() => invitations.takeBack(asked.id)} />}
    </>
  );
}

function TakeBack({ name, onStay, onTakeBack }: { name: string; onStay: () => void; onTakeBack: () => Promise<void> }) {
  const say = useSay();
  const task = useTask();
  return (
    <Dialog
      title={say('invitations.takeBack.title', { name })}
      onClose={onStay}
      onSubmit={() =>
        void task.run(onTakeBack).then((done) => {
          if (done) onStay();
        })
      }
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind="stop" type="submit" disabled={task.running}>
            {say('invitations.takeBack.do')}
          </Button>
        </>
      }
    >
      <p>{say('invitations.takeBack.text')}</p>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}

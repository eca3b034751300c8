import { useLayoutEffect, useRef, useState } from 'react';
import { Button, IconButton } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconClose, IconMore } from '../kit/icons';
import { Menu } from '../kit/Menu';
import { looksOf, State } from '../kit/State';
import { Tag } from '../kit/Tag';
import { WhoStamp } from '../kit/WhoStamp';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Member, Members, Role } from '../state/members';
import type { Person } from '../state/person';
import type { RoomTrust, Standing } from '../state/roomtrust';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './People.module.css';

interface Props {
  members: Members;
  trust: RoomTrust;
  /** Shows who somebody is. */
  onAbout: (userId: string) => void;
  onVerify: (userId: string) => void;
  onConverse: (userId: string) => Promise<void>;
  onReport: (person: Person) => void;
  onClose: () => void;
}

/** Who is in the room, what each may do there, and what one may do about it. */
export function People({ members, trust, onAbout, onVerify, onConverse, onReport, onClose }: Props) {
  const say = useSay();
  const all = useStore(members);
  const { standing } = useStore(trust);
  const task = useTask();
  const [asked, setAsked] = useState<{ member: Member; what: 'remove' | 'owner' }>();
  const stay = (): void => setAsked(undefined);

  const ref = useRef<HTMLElement>(null);
  // After a removal: whose row takes the focus when the question is over. The row that it was asked from goes away.
  const next = useRef<{ readonly id: string | undefined }>(undefined);

  // The list follows the client's events for as long as it is on the screen. The focus that was in it goes back to what
  // opened it.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const list = ref.current;
    members.open();
    return () => {
      members.close();
      if (opener instanceof HTMLElement && list?.contains(document.activeElement) === true) opener.focus();
    };
  }, [members]);

  // The dialog gives the focus back before this runs.
  useLayoutEffect(() => {
    if (asked !== undefined || next.current === undefined) return;
    const { id } = next.current;
    next.current = undefined;
    const row = [...(ref.current?.querySelectorAll<HTMLElement>('[data-person]') ?? [])].find((one) => one.dataset['person'] === id);
    (row?.querySelector<HTMLElement>('button') ?? ref.current)?.focus();
  }, [asked]);
  const remove = async (id: string): Promise<void> => {
    const others = all.filter((one) => !one.me || one.person.id === id);
    const at = others.findIndex((one) => one.person.id === id);
    await members.remove(id);
    next.current = { id: (others[at + 1] ?? others[at - 1])?.person.id };
  };

  const invited = all.filter((one) => one.invited);
  const list = (some: readonly Member[]) => (
    <ul>
      {some.map((one) => (
        <Row
          key={one.person.id}
          member={one}
          standing={one.me ? undefined : standing.get(one.person.id)}
          onAbout={() => onAbout(one.person.id)}
          onVerify={() => onVerify(one.person.id)}
          onConverse={() => void task.run(() => onConverse(one.person.id))}
          onReport={() => onReport(one.person)}
          onGive={(role) => {
            if (role === 'owner' && one.role !== 'owner') setAsked({ member: one, what: 'owner' });
            else void task.run(() => members.give(one.person.id, role));
          }}
          onRemove={() => setAsked({ member: one, what: 'remove' })}
        />
      ))}
    </ul>
  );
  return (
    <section ref={ref} className={look['people']} aria-label={say('people.title')} tabIndex={-1}>
      <header className="row">
        <h2 className="grow">{say('people.title')}</h2>
        <IconButton icon={IconClose} label={say('common.close')} onClick={onClose} />
      </header>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
      {list(all.filter((one) => !one.invited))}
      {invited.length > 0 && <h3>{say('people.invited')}</h3>}
      {invited.length > 0 && list(invited)}
      {asked?.what === 'remove' && <AskFirst about="remove" member={asked.member} onStay={stay} onDo={() => remove(asked.member.person.id)} />}
      {asked?.what === 'owner' && <AskFirst about="owner" member={asked.member} onStay={stay} onDo={() => members.give(asked.member.person.id, 'owner')} />}
    </section>
  );
}

interface RowProps {
  member: Member;
  standing: Standing | undefined;
  onAbout: () => void;
  onVerify: () => void;
  onConverse: () => void;
  onReport: () => void;
  onGive: (role: Role) => void;
  onRemove: () => void;
}

function Row({ member, standing, onAbout, onVerify, onConverse, onReport, onGive, onRemove }: RowProps) {
  const say = useSay();
  const { person, role } = member;
  const name = person.name;
  return (
    <li className={look['one']} data-person={person.id}>
      <WhoStamp id={person.id} name={name} lang={person.lang} small />
      <span className="grow">
        <b lang={person.lang}>{name}</b>
        <span className="meta">{person.id}</span>
        {standing && <State {...looksOf[standing]}>{say(`trust.${standing}`)}</State>}
      </span>
      {person.bot && <Tag>{say('people.bot')}</Tag>}
      {member.me && <Tag kind="ink">{say('people.you')}</Tag>}
      {member.ignored && <Tag>{say('ignore.tag')}</Tag>}
      {role !== 'member' && <Tag>{say(`people.role.${role}`)}</Tag>}
      {!member.me && (
        <Menu
          label={name}
          opener={(props) => <IconButton icon={IconMore} label={say('people.more', { name })} {...props} />}
          items={[
            { words: say('trust.about'), do: onAbout },
            ...(standing === 'verified' ? [] : [{ words: say('verify.person'), do: onVerify }]),
            { words: say('people.write'), do: onConverse },
            { words: say('report.open'), do: onReport },
            ...(member.mayBecome.length > 0 ? (['rule'] as const) : []),
            ...member.mayBecome.map((one) => ({ words: say(`people.make.${one}`), chosen: one === role, do: () => onGive(one) })),
            ...(member.mayRemove ? (['rule', { words: say(member.invited ? 'people.uninvite' : 'people.remove'), kind: 'stop', do: onRemove }] as const) : []),
          ]}
        />
      )}
    </li>
  );
}

interface AskProps {
  about: 'remove' | 'owner';
  member: Member;
  onStay: () => void;
  onDo: () => Promise<void>;
}

/** Asks before what cannot be undone, or not by everybody. */
function AskFirst({ about, member, onStay, onDo }: AskProps) {
  const say = useSay();
  const task = useTask();
  return (
    <Dialog
      title={rich(say, `people.${about}.title`, { name: <span lang={member.person.lang}>{member.person.name}</span> })}
      onClose={onStay}
      onSubmit={() =>
        void task.run(onDo).then((done) => {
          if (done) onStay();
        })
      }
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('common.cancel')}
          </Button>
          <Button kind="stop" type="submit" disabled={task.running}>
            {say(`people.${about}.do`)}
          </Button>
        </>
      }
    >
      <p>{say(`people.${about}.text`)}</p>
      {about === 'owner' && <p>{say(member.mayUnmake ? 'people.owner.back' : 'people.owner.forever')}</p>}
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}

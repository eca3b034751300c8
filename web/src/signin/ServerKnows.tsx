import type { ReactNode } from 'react';
import { Icon, type Glyph } from '../kit/Icon';
import { IconClock, IconLock, IconMeeting, IconPeople, IconPerson, IconPlace } from '../kit/icons';
import type { SentenceId } from '../lang/lang';
import { useSay } from '../lang/useSay';
import look from './ServerKnows.module.css';

type Plain = Extract<SentenceId, `signup.knows${string}`>;

const knows: [Glyph, Plain][] = [
  [IconPerson, 'signup.knows.account'],
  [IconPeople, 'signup.knows.rooms'],
  [IconClock, 'signup.knows.times'],
];
const knowsNot: [Glyph, Plain][] = [
  [IconLock, 'signup.knowsNot.content'],
  [IconPlace, 'signup.knowsNot.place'],
  [IconMeeting, 'signup.knowsNot.meetings'],
];

/** What the server will and will not know about somebody who signs up. */
export function ServerKnows({ children }: { children?: ReactNode }) {
  const say = useSay();
  const list = (facts: [Glyph, Plain][]) =>
    facts.map(([icon, id]) => (
      <li key={id}>
        <Icon of={icon} />
        <span>{say(id)}</span>
      </li>
    ));
  return (
    <div className={look['facts']}>
      {children !== undefined && (
        <>
          {children}
          <hr />
        </>
      )}
      <h2>{say('signup.knows')}</h2>
      <ul>{list(knows)}</ul>
      <hr />
      <h2>{say('signup.knowsNot')}</h2>
      <ul className={look['not']}>{list(knowsNot)}</ul>
    </div>
  );
}

import type { ReactNode } from 'react';
import { Icon } from '../kit/Icon';
import { IconWarrant } from '../kit/icons';
import { WhoStamp } from '../kit/WhoStamp';
import { clock, day, exact } from '../lang/dates';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import type { Person } from '../state/person';
import type { Task } from '../state/useTask';
import { useStore } from '../state/useStore';
import type { InOffice } from '../state/warrants';

/** A name in its own script. */
export function Named({ of }: { of: Person }) {
  return (
    <span lang={of.lang} title={of.id}>
      {of.name}
    </span>
  );
}

/** A day, with its hour unless only the day matters. */
export function When({ at, dayOnly }: { at: number; dayOnly?: boolean }) {
  const say = useSay();
  const today = useStore(now);
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {dayOnly === true ? day(at, today) : say('cases.when', { day: day(at, today), time: clock(at) })}
    </time>
  );
}

/** Why something was not done: in the server's own words, which name the rule. */
export function Refused({ fault }: { fault: NonNullable<Task['fault']> }) {
  const say = useSay();
  return <span lang={fault.says === undefined ? undefined : 'en'}>{fault.says ?? sayFault(say, fault)}</span>;
}

/** An officer with their office, and what else is said of them. */
export function OfficerLine({ of, children }: { of: InOffice; children?: ReactNode }) {
  const say = useSay();
  return (
    <li className="row">
      <WhoStamp id={of.person.id} name={of.person.name} lang={of.person.lang} small />
      <div className="grow">
        <Named of={of.person} />
        <br />
        <span className="meta">{say(`office.${of.office}`)}</span>
      </div>
      {children}
    </li>
  );
}

/** The seal: dashed while nothing has happened. */
export function Seal({ open }: { open: boolean }) {
  return (
    <span className={open ? 'sealmark open' : 'sealmark'} aria-hidden="true">
      <Icon of={IconWarrant} />
    </span>
  );
}

/** Gives the browser a file to keep. */
export function saveFile(name: string, bytes: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a browser may ask first where to put it
}

import { useEffect } from 'react';
import { ReportPerson } from './cases/ReportPerson';
import { IgnorePerson } from './ignore/IgnorePerson';
import type { Matter } from './state/cases';
import type { Person } from './state/person';
import type { RoomState } from './state/room';
import type { Session } from './state/session';
import { PersonCard } from './verify/PersonCard';

interface Props {
  session: Session;
  person: Person;
  /** The room on the page; where there is none, one is looked for that they are in as well. */
  room: RoomState | undefined;
  onVerify: () => void;
  onReport: (matter: Matter) => void;
  onClose: () => void;
}

/** Who somebody is, and what there is to do about them. */
export function Somebody({ session, person, room, onVerify, onReport, onClose }: Props) {
  const shared = room === undefined ? session.room(session.cases.sharedWith(person.id) ?? '') : undefined;

  // Who is in the room that is on the page is followed already.
  useEffect(() => {
    shared?.trust.open();
    return () => shared?.trust.close();
  }, [shared]);

  const trust = (room ?? shared)?.trust;
  if (trust === undefined) return null;
  return (
    <PersonCard person={person} trust={trust} onVerify={onVerify} onClose={onClose}>
      <IgnorePerson person={person} ignoring={session.ignoring} />
      <ReportPerson
        person={person}
        onReport={() => {
          onClose(); // no dialog on a dialog
          onReport({ is: 'person', person });
        }}
      />
    </PersonCard>
  );
}

import { CasesPlace } from './cases/CasesPlace';
import { Report } from './cases/Report';
import type { Matter } from './state/cases';
import type { Person } from './state/person';
import { goTo, route } from './state/route';
import type { Session } from './state/session';

/** The page of the cases. */
export function Cases({ session, number, onAbout }: { session: Session; number: number | undefined; onAbout: (person: Person) => void }) {
  const { cases } = session;
  return (
    <CasesPlace
      cases={cases}
      number={number}
      me={session.me.snapshot().id}
      onPerson={(person) => (cases.sharedWith(person.id) === undefined ? undefined : () => onAbout(person))}
      onWrite={async (userId) => goTo(await session.converse(userId))}
      onBack={() => route.go({ at: 'cases' })}
    />
  );
}

/** Reports something. */
export function Reporting({ session, matter, onClose }: { session: Session; matter: Matter; onClose: () => void }) {
  return (
    <Report
      matter={matter}
      cases={session.cases}
      onClose={onClose}
      onShow={(number) => {
        onClose();
        route.go({ at: 'cases', number });
      }}
    />
  );
}

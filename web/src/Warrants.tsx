import { route, type Route } from './state/route';
import type { Matter } from './state/cases';
import type { Session } from './state/session';
import { DecidedPlace } from './warrants/DecidedPlace';
import { DeskPlace } from './warrants/DeskPlace';

export { DecidedNews } from './warrants/DecidedNews';

/** What was decided about the person at this device. */
export function Decided({ session, onReport }: { session: Session; onReport: (matter: Matter) => void }) {
  return <DecidedPlace warrants={session.warrants} me={session.me.snapshot().id} onAppeal={({ hash, short, by }) => onReport({ is: 'warrant', hash, short, person: by })} />;
}

/** The officers' desk. */
export function Desk({ session, here }: { session: Session; here: Route & { at: 'desk' } }) {
  return (
    <DeskPlace
      warrants={session.warrants}
      hash={here.hash}
      ask={here.ask}
      of={here.of}
      me={session.me.snapshot().id}
      find={session.findPeople}
      userId={(typed) => session.userId(typed)}
      onShow={({ hash }) => route.go({ at: 'desk', hash })}
      onAsk={(ask, of) => route.go(of === undefined ? { at: 'desk', ask } : { at: 'desk', ask, of: of.hash })}
      onBack={() => route.go({ at: 'desk' })}
    />
  );
}

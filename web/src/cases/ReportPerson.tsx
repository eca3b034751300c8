import { Button } from '../kit/Button';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import { Named } from './Named';

/** Offers to report somebody, and says what comes of it. */
export function ReportPerson({ person, onReport }: { person: Person; onReport: () => void }) {
  const say = useSay();
  return (
    <section className="stack">
      <h3>{say('report.title')}</h3>
      <p>{rich(say, 'report.title.text', { name: <Named of={person} /> })}</p>
      <div className="row">
        <Button onClick={onReport}>{say('report.open')}</Button>
      </div>
    </section>
  );
}

import { useSay } from '../lang/useSay';
import type { Cases } from '../state/cases';
import { CaseList } from './CaseList';
import { CasePage } from './CasePage';
import look from './cases.module.css';
import type { Person } from '../state/person';

interface Props {
  cases: Cases;
  /** The case on the page. */
  number: number | undefined;
  /** Who one is. */
  me: string;
  onPerson: (person: Person) => (() => void) | undefined;
  onWrite: (userId: string) => Promise<void>;
  onBack: () => void;
}

/** The cases, and one of them open; on a phone one or the other. */
export function CasesPlace({ cases, number, me, onPerson, onWrite, onBack }: Props) {
  const say = useSay();
  return (
    <main className={`${look['place'] ?? ''} ${number === undefined ? '' : (look['one'] ?? '')}`}>
      <div className={look['side']}>
        <CaseList cases={cases} open={number} covered={number !== undefined && matchMedia('(max-width: 900px)').matches} />
      </div>
      <div className={look['page']}>
        {number === undefined ? (
          <p className={look['choose']}>{say('cases.choose')}</p>
        ) : (
          <CasePage key={number} one={cases.one(number)} texts={cases} me={me} onPerson={onPerson} onWrite={onWrite} onBack={onBack} />
        )}
      </div>
    </main>
  );
}

import { IconVerified, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import type { ShownWarrant } from '../state/warrants';
import type { Heading } from './Deed';
import look from './warrants.module.css';

/** Where it stands in the record, and what this browser found out itself. */
export function Proof({ of, heading: Sub }: { of: ShownWarrant; heading: Heading }) {
  const say = useSay();
  return (
    <section className="card">
      <div className="pad stack">
        <Sub>{say('warrant.proof')}</Sub>
        <dl className={`kv ${look['proof'] ?? ''}`}>
          <dt>{say('warrant.entry')}</dt>
          <dd className="num">{of.entry === undefined ? say('warrant.entry.none') : say('warrant.entry.number', { n: of.entry })}</dd>
          <dt>{say('warrant.digest')}</dt>
          <dd>
            <code className={look['digest']}>{of.hash}</code>
          </dd>
          <dt>{say('warrant.checked')}</dt>
          <dd>
            {of.agrees ? (
              <State icon={IconVerified} kind="ok">
                {say('warrant.checked.same')}
              </State>
            ) : (
              <State icon={IconWithheld} kind="stop">
                {say('warrant.differs')}
              </State>
            )}
          </dd>
        </dl>
      </div>
    </section>
  );
}

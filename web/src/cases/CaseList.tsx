import { useEffect } from 'react';
import { Button } from '../kit/Button';
import { Dot } from '../kit/Dot';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Cases, ShownCase } from '../state/cases';
import { hrefOf } from '../state/route';
import { useStore } from '../state/useStore';
import look from './cases.module.css';
import { Named } from './Named';
import { Standing } from './Standing';
import { subjectOf } from './Subject';

interface Props {
  cases: Pick<Cases, 'snapshot' | 'subscribe' | 'open' | 'leave' | 'show' | 'look' | 'more' | 'isNew'>;
  /** The one on the page beside. */
  open: number | undefined;
  /** Whether that one stands in front of the list. */
  covered: boolean;
}

/** The cases in which one has a part: those that one is in charge of, and those that one opened. */
export function CaseList({ cases, open, covered }: Props) {
  const say = useSay();
  const { list, fetching, more, fault } = useStore(cases);

  // The list follows the server for as long as it is on the screen.
  useEffect(() => {
    cases.open();
    return () => cases.leave();
  }, [cases]);

  // What stands on the screen of somebody who looks at it is seen.
  useEffect(() => {
    cases.show(!covered);
    return () => cases.show(false);
  }, [cases, covered]);

  const parts = [
    { title: say('cases.charge'), of: list?.filter(({ part }) => part === 'inCharge') ?? [] },
    { title: say('cases.mine'), of: list?.filter(({ part }) => part === 'reporter') ?? [] },
    { title: say('cases.before'), of: list?.filter(({ part }) => part === 'before') ?? [] },
  ];
  const [Title, Part] = open === undefined ? (['h1', 'h2'] as const) : (['h2', 'h3'] as const); // the case on the page has the first
  return (
    <nav className={look['list']} aria-label={say('cases.title')}>
      <Title>{say('cases.title')}</Title>
      {fault && (
        <div className={look['pad']}>
          <Say kind="stop" icon={IconWithheld} title={say('cases.failed')} live>
            <p>{sayFault(say, fault)}</p>
            <Button disabled={fetching} onClick={() => void cases.look()}>
              {say('signin.failed.again')}
            </Button>
          </Say>
        </div>
      )}
      {list === undefined && fault === undefined && (
        <p className={`sub ${look['pad'] ?? ''}`} role="status">
          {say('cases.loading')}
        </p>
      )}
      {list?.length === 0 && <p className={`sub ${look['pad'] ?? ''}`}>{say('cases.none')}</p>}
      {parts.map(
        ({ title, of }) =>
          of.length > 0 && (
            <section key={title}>
              <Part>{title}</Part>
              <ul>
                {[...of].sort(openFirst).map((one) => (
                  <li key={one.number}>
                    <Entry one={one} open={one.number === open} isNew={cases.isNew(one)} />
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      {more && fault === undefined && (
        <div className={look['pad']}>
          <Button disabled={fetching} onClick={() => void cases.more()}>
            {say('cases.older')}
          </Button>
        </div>
      )}
    </nav>
  );
}

function Entry({ one, open, isNew }: { one: ShownCase; open: boolean; isNew: boolean }) {
  const say = useSay();
  const { part, inCharge, reporter } = one;
  const who = part !== 'reporter' ? rich(say, 'cases.by', { name: <Named of={reporter} /> }) : inCharge && rich(say, 'cases.with', { name: <Named of={inCharge} /> });
  return (
    <a href={hrefOf({ at: 'cases', number: one.number })} aria-current={open ? 'page' : undefined}>
      <span className="row">
        <b className="grow">{subjectOf(say, one.about)}</b>
        {isNew && <Dot words={say('cases.changed')} />}
      </span>
      <span className="meta">
        {say('cases.number', { number: one.number })}
        {who !== undefined && <> · {who}</>}
      </span>
      <Standing of={one} />
    </a>
  );
}

/** The open ones first, those among them that are due first; then those that changed last. */
function openFirst(a: ShownCase, b: ShownCase): number {
  if (a.state === 'open' && b.state === 'open') return a.due - b.due;
  if (a.state === 'open' || b.state === 'open') return a.state === 'open' ? -1 : 1;
  return b.changed - a.changed;
}

import type { ReactNode } from 'react';
import type { Say } from '../lang/lang';
import { rich, useSay } from '../lang/useSay';
import type { ShownCase, ShownStep } from '../state/cases';
import look from './cases.module.css';
import { Named } from './Named';
import { Next } from './Next';
import { When } from './When';

/** All that was done in a case, the earliest first, and what comes next. */
export function Steps({ of: one }: { of: ShownCase }) {
  const say = useSay();
  return (
    <ol className="steps">
      {one.steps.map((step, n) => (
        <li key={n} className="done">
          <b>{stepSays(say, step)}</b>
          <p className="meta">
            <When at={step.at} exactly />
          </p>
          {step.text !== '' && (
            <p className={look['text']} lang={step.lang} dir="auto">
              {step.text}
            </p>
          )}
        </li>
      ))}
      <li className={one.state === 'open' || one.may.length > 0 ? 'now' : undefined}>
        <Next of={one} />
      </li>
    </ol>
  );
}

function stepSays(say: Say, { did, by, to, outcome }: ShownStep): ReactNode {
  const name = by && <Named of={by} />;
  switch (did) {
    case 'assigned':
      return to === undefined ? say('cases.step.unassigned') : rich(say, 'cases.step.assigned', { name: <Named of={to} /> });
    case 'opened':
    case 'said':
    case 'appealed':
    case 'withdrawn':
      return name === undefined ? say('cases.step.other') : rich(say, `cases.step.${did}`, { name });
    case 'decided':
      return name === undefined || outcome === undefined ? say('cases.step.other') : rich(say, `cases.step.${outcome}`, { name });
    default:
      return say('cases.step.other');
  }
}

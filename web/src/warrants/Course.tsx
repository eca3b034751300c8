import type { ReactNode } from 'react';
import { useSay, rich } from '../lang/useSay';
import type { ShownWarrant } from '../state/warrants';
import type { Heading } from './Deed';
import { When } from './Parts';

/** The steps of a warrant: those that are done, the one that it stands at, and those to come. */
export function Course({ of, witnessed, title, heading: Sub }: { of: ShownWarrant; witnessed: boolean; title: string; heading: Heading }) {
  const say = useSay();
  const signed = of.entry !== undefined;
  const carried = of.executed !== undefined;
  const over = of.state === 'over' || of.state === 'expired';
  const first = of.kind === 'appoint' && of.charter !== undefined;
  const waits = !witnessed && of.kind !== 'restore' && !first;
  const steps: { words: string; note?: ReactNode; done: boolean }[] = [
    { words: say('warrant.step.asked'), note: <When at={of.asked} />, done: true },
    { words: say('warrant.step.signed', { n: Math.max(of.needs, of.approvals.length) }), done: signed },
    { words: say('warrant.step.recorded'), note: say(witnessed ? 'warrant.step.witnessed' : 'warrant.step.unwitnessed'), done: signed },
  ];
  if (carried || !over) {
    const note = carried ? <When at={of.executed} /> : of.from !== undefined ? rich(say, 'warrant.step.earliest', { when: <When at={of.from} /> }) : waits ? say('warrant.step.day') : undefined;
    steps.push({ words: say('warrant.step.carried'), done: carried, ...(note === undefined ? {} : { note }) });
  }
  if (over) steps.push({ words: say(of.state === 'expired' ? 'warrant.state.expired' : carried ? 'warrant.step.ended' : 'warrant.state.never'), done: true });
  else if (of.until !== undefined) steps.push({ words: say('warrant.step.ends'), note: <When at={of.until} />, done: false });
  const at = steps.findIndex(({ done }) => !done);
  return (
    <section className="card">
      <div className="pad stack">
        <Sub>{title}</Sub>
        <ol className="steps">
          {steps.map(({ words, note, done }, n) => (
            <li key={n} className={done ? 'done' : n === at && !over ? 'now' : undefined} aria-current={n === at && !over ? 'step' : undefined}>
              <b>{words}</b>
              {note !== undefined && <p className="meta">{note}</p>}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

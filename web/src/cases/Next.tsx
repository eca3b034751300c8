import type { Say } from '../lang/lang';
import { rich, useSay } from '../lang/useSay';
import type { ShownCase } from '../state/cases';
import { now } from '../state/now';
import { useStore } from '../state/useStore';
import { Named } from './Named';
import { When } from './When';

/** Why nobody is in charge of a case. */
export function nobodyYet(say: Say, one: ShownCase): string {
  if (one.appealed) return say('cases.next.another');
  return say(one.steps.some(({ did, to }) => did === 'assigned' && to !== undefined) ? 'cases.next.gone' : 'cases.next.own');
}

/** What happens next in a case, and by when. */
export function Next({ of: one }: { of: ShownCase }) {
  const say = useSay();
  const late = useStore(now) > one.due;
  if (one.state !== 'open') return say(one.may.includes('appeal') ? 'cases.next.appeal' : 'cases.next.ended');
  if (one.inCharge === undefined) {
    return (
      <>
        <b>{say('cases.next.nobody')}</b>
        <p>{nobodyYet(say, one)}</p>
      </>
    );
  }
  const day = <When at={one.due} />;
  if (one.part === 'inCharge') return rich(say, late ? 'cases.next.yours.late' : 'cases.next.yours', { day });
  return rich(say, late ? 'cases.next.late' : 'cases.next.answer', { name: <Named of={one.inCharge} />, day });
}

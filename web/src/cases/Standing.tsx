import type { ReactNode } from 'react';
import { IconClock, IconDone, IconNotConfirmed, IconWarning } from '../kit/icons';
import { State } from '../kit/State';
import { rich, useSay } from '../lang/useSay';
import type { ShownCase } from '../state/cases';
import { now } from '../state/now';
import { useStore } from '../state/useStore';
import { When } from './When';

/** How far a case has come, in a few words; a late one is marked. */
export function Standing({ of: one }: { of: ShownCase }): ReactNode {
  const say = useSay();
  const late = useStore(now) > one.due;
  if (one.state === 'withdrawn') return <State icon={IconDone}>{say('cases.state.withdrawn')}</State>;
  if (one.state === 'decided') return <State icon={IconDone}>{say(`cases.state.${one.outcome ?? 'not_upheld'}`)}</State>;
  const due = <When at={one.due} />;
  if (late) {
    return (
      <State icon={IconWarning} kind="wait">
        <span>{rich(say, 'cases.state.late', { day: due })}</span>
      </State>
    );
  }
  if (one.inCharge === undefined) return <State icon={IconNotConfirmed}>{say('cases.state.waiting')}</State>;
  return (
    <State icon={IconClock}>
      <span>{rich(say, 'cases.state.open', { day: due })}</span>
    </State>
  );
}

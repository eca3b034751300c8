import { IconWarning, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import type { Doubt } from '../state/roomtrust';

/** Why one should look twice at a message, under it. */
export function Doubtful({ doubt }: { doubt: Doubt | undefined }) {
  const say = useSay();
  if (doubt === undefined) return null;
  const grave = doubt === 'mismatched' || doubt === 'clear';
  return (
    <State icon={grave ? IconWithheld : IconWarning} kind={grave ? 'stop' : 'wait'}>
      {say(`timeline.doubt.${doubt}`)}
    </State>
  );
}

import { clock, day, exact } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import { useStore } from '../state/useStore';

interface Props {
  sentence: 'record.last' | 'record.witnessed' | 'record.alarm.found' | 'record.alarm.read' | 'record.key.first' | 'cases.when';
  /** In milliseconds since 1970. */
  at: number;
}

/** A sentence with a moment in it. */
export function At({ sentence, at }: Props) {
  const say = useSay();
  const today = useStore(now);
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {sentence === 'record.key.first' ? say(sentence, { day: day(at, today) }) : say(sentence, { day: day(at, today), time: clock(at) })}
    </time>
  );
}

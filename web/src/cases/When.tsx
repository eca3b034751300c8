import { clock, day, exact } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import { useStore } from '../state/useStore';

/** A moment: its day, and with `exactly` its hour. */
export function When({ at, exactly }: { at: number; exactly?: boolean }) {
  const say = useSay();
  const today = useStore(now);
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {exactly === true ? say('cases.when', { day: day(at, today), time: clock(at) }) : day(at, today)}
    </time>
  );
}

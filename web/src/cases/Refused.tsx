import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Task } from '../state/useTask';

// How long one may be told to wait before that is about the day and not about haste, in seconds.
const haste = 60;

/** Why something was not done: in the server's own words, which name the rule, where it said any. */
export function Refused({ fault }: { fault: NonNullable<Task['fault']> }) {
  const say = useSay();
  const says = (fault.seconds ?? Infinity) > haste ? fault.says : undefined;
  return <span lang={says === undefined ? undefined : 'en'}>{says ?? sayFault(say, fault)}</span>;
}

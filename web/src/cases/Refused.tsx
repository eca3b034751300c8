import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Task } from '../state/useTask';

/** Why something was not done: in the server's own words, which name the rule, where it said any. */
export function Refused({ fault }: { fault: NonNullable<Task['fault']> }) {
  const say = useSay();
  return <span lang={fault.says === undefined ? undefined : 'en'}>{fault.says ?? sayFault(say, fault)}</span>;
}

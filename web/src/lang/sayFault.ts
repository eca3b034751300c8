import type { ArgsOf, Say, SentenceId } from './lang';

interface Fault {
  id: Extract<SentenceId, `fault.${string}`>;
  seconds?: number;
  says?: string;
  code: string;
}

/** What went wrong in one sentence, and beside it the server's own words where they add something. */
export function sayFault(say: Say, fault: Fault): string {
  if (fault.id === 'fault.limited') return say(fault.id, { seconds: fault.seconds ?? 1 } satisfies ArgsOf<'fault.limited'>);
  const ours = say(fault.id);
  const vague = fault.id === 'fault.unknown' || fault.id === 'fault.forbidden' || fault.id === 'fault.quota';
  return vague && fault.says !== undefined ? `${ours} ${fault.says}` : ours;
}

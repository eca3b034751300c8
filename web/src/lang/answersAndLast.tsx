import type { ReactNode } from 'react';
import { exact, short } from './dates';
import { rich } from './useSay';
import type { Say } from './lang';

interface Thread {
  readonly answers: number;
  readonly last: { readonly by: { readonly name: string; readonly lang: string | undefined }; readonly at: number } | undefined;
}

/** How many answers a thread has, and by whom and when the last of them is; now in milliseconds since 1970. */
export function answersAndLast(say: Say, { answers, last }: Thread, now: number): ReactNode {
  if (last === undefined) return say('thread.answers', { n: answers });
  const { by, at } = last;
  return rich(say, 'thread.answersAndLast', {
    n: answers,
    name: <span lang={by.lang}>{by.name}</span>,
    time: (
      <time dateTime={new Date(at).toISOString()} title={exact(at)}>
        {short(at, now)}
      </time>
    ),
  });
}

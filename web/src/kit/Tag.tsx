import type { ReactNode } from 'react';

/** A short fact about somebody or something, such as *guest* or *bot*. */
export function Tag({ kind, children }: { kind?: 'ok' | 'wait' | 'stop' | 'seal' | 'ink'; children: ReactNode }) {
  return <span className={kind === undefined ? 'tag' : `tag ${kind}`}>{children}</span>;
}

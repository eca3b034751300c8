import type { ReactNode } from 'react';
import { Icon, type Glyph } from './Icon';

interface Props {
  kind?: 'ok' | 'wait' | 'stop' | 'seal';
  icon: Glyph;
  children: ReactNode;
  title?: string;
}

/** What is known: icon and words. The colour only repeats them. */
export function State({ kind, icon, children, title }: Props) {
  return (
    <span className={kind === undefined ? 'state' : `state ${kind}`} title={title}>
      <Icon of={icon} />
      {children}
    </span>
  );
}

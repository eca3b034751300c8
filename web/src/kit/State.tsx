import type { ReactNode } from 'react';
import { Icon, type Glyph } from './Icon';
import { IconNotConfirmed, IconVerified, IconWarning } from './icons';

interface Props {
  kind?: 'ok' | 'wait' | 'stop' | 'seal';
  icon: Glyph;
  children: ReactNode;
  title?: string;
}

/** How it looks what is known of who somebody is. */
export const looksOf = {
  verified: { icon: IconVerified, kind: 'ok' },
  unverified: { icon: IconNotConfirmed },
  none: { icon: IconNotConfirmed },
  renewed: { icon: IconNotConfirmed },
  changed: { icon: IconWarning, kind: 'wait' },
} as const;

/** What is known: icon and words. The colour only repeats them. */
export function State({ kind, icon, children, title }: Props) {
  return (
    <span className={kind === undefined ? 'state' : `state ${kind}`} title={title}>
      <Icon of={icon} />
      {children}
    </span>
  );
}

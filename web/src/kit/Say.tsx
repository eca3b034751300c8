import type { ReactNode } from 'react';
import { Icon, type Glyph } from './Icon';

interface Props {
  kind: 'ok' | 'wait' | 'stop' | 'seal' | 'ink';
  icon: Glyph;
  title?: ReactNode;
  children?: ReactNode;
  /** Read aloud when it appears: for what happens while the person is elsewhere on the page. */
  live?: boolean;
}

/** A statement in its place, which stays until it is no longer true. Never a toast for what matters. */
export function Say({ kind, icon, title, children, live }: Props) {
  return (
    <div className={`say ${kind}`} role={live === true ? (kind === 'stop' ? 'alert' : 'status') : undefined}>
      <Icon of={icon} />
      <div className="grow">
        {title !== undefined && <b className="title">{title}</b>}
        {children}
      </div>
    </div>
  );
}

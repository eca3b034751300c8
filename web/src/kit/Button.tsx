import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Icon, type Glyph } from './Icon';

interface Common extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'style'> {
  /** The one primary action of a view is `do`; what cannot be undone is `stop`; `quiet` stands beside others. */
  kind?: 'do' | 'quiet' | 'stop';
  big?: boolean;
  icon?: Glyph;
  ref?: Ref<HTMLButtonElement>;
}

/** A button says with a verb what happens. */
export function Button({ kind, big, icon, children, ...rest }: Common & { children: ReactNode }) {
  return (
    <button type="button" {...rest} className={['btn', kind, big ? 'big' : ''].filter(Boolean).join(' ')}>
      {icon && <Icon of={icon} />}
      {children}
    </button>
  );
}

/** An icon alone: only for search, attach, camera, emoji, close, back and more. Its label is read aloud and shown on hover. */
export function IconButton({ icon, label, ...rest }: Omit<Common, 'kind' | 'big' | 'children'> & { icon: Glyph; label: string }) {
  return (
    <button type="button" title={label} {...rest} aria-label={label} className="btn icon">
      <Icon of={icon} />
    </button>
  );
}

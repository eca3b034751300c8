import { useId, type ReactNode } from 'react';

interface Props {
  label: string;
  /** What it means to have it on, and off. */
  children: ReactNode;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** Something that is on or off, with what that means. It takes effect at once. */
export function Switch({ label, children, on, disabled, onChange }: Props) {
  const id = useId();
  return (
    <div className="switch">
      <input id={id} type="checkbox" role="switch" checked={on} disabled={disabled} aria-describedby={`${id}-what`} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
      <div id={`${id}-what`} className="hint">
        {children}
      </div>
    </div>
  );
}

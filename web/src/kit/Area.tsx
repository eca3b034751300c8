import { useId, type ReactNode, type TextareaHTMLAttributes } from 'react';

interface Props extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'className' | 'style' | 'id'> {
  label: string;
  hint?: ReactNode;
  /** What is wrong, in words. It takes the place of the hint. Set it after the person is done, never while typing. */
  error?: ReactNode;
}

/** A labelled place for a text of several lines: label above, hint below, error in place of the hint. */
export function Area({ label, hint, error, ...input }: Props) {
  const id = useId();
  const below = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea rows={4} {...input} id={id} className="input area" aria-invalid={error === undefined ? undefined : true} aria-describedby={below === undefined ? undefined : `${id}-below`} />
      {below !== undefined && (
        <span id={`${id}-below`} className={error === undefined ? 'hint' : 'hint error'} role={error === undefined ? undefined : 'alert'}>
          {below}
        </span>
      )}
    </div>
  );
}

import { useId, type InputHTMLAttributes, type ReactNode, type Ref } from 'react';

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'style' | 'id'> {
  label: string;
  hint?: ReactNode;
  /** What is wrong, in words. It takes the place of the hint. Set it after the person is done, never while typing. */
  error?: string | undefined;
  /** Keys and codes are in a fixed-width face. */
  mono?: boolean;
  ref?: Ref<HTMLInputElement>;
}

/** A labelled line of input: label above, hint below, error in place of the hint. */
export function Field({ label, hint, error, mono, ...input }: Props) {
  const id = useId();
  const below = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        className={mono ? 'input mono' : 'input'}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={below === undefined ? undefined : `${id}-below`}
      />
      {below !== undefined && (
        <span id={`${id}-below`} className={error === undefined ? 'hint' : 'hint error'} role={error === undefined ? undefined : 'alert'}>
          {below}
        </span>
      )}
    </div>
  );
}

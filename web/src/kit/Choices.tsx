import { useId, type ReactNode } from 'react';

interface Props<Value extends string> {
  /** The question. */
  label: string;
  choices: readonly { readonly value: Value; readonly words: string; readonly hint?: ReactNode }[];
  chosen: Value;
  onChoose: (value: Value) => void;
  /** The one in force takes the focus of the dialog that it is in. */
  first?: boolean;
}

/** One of a few: each in words, one below the other. */
export function Choices<Value extends string>({ label, choices, chosen, onChoose, first }: Props<Value>) {
  const name = useId();
  return (
    <fieldset className="oneof">
      <legend>{label}</legend>
      {choices.map(({ value, words, hint }) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} {...(first === true && value === chosen ? { 'data-first': true } : {})} onChange={() => onChoose(value)} />
          <span>
            {words}
            {hint !== undefined && <span className="hint">{hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

import { useEffect, useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { IconButton } from './Button';
import { isComposing } from './composing';
import { IconClose } from './icons';
import { Tag } from './Tag';
import { WhoStamp } from './WhoStamp';

/** One that can be chosen. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  /** Whether this is a program and no person. */
  readonly bot?: true;
}

interface Props {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** What was chosen so far, and what is typed beside it. */
  chosen: readonly Choice[];
  typed: string;
  onChoose: (chosen: readonly Choice[]) => void;
  onType: (typed: string) => void;
  /** Finds choices for what is typed. */
  find: (typed: string) => Promise<readonly Choice[]>;
  /** Says that a choice can be taken back. */
  remove: (name: string) => string;
  /** What stands beside a program. */
  bot: string;
  /** Says how many there are to choose from, for a screen reader. */
  found: (n: number) => string;
}

const pause = 200; // ms without a key before the search begins

/** A line of input that suggests people; several can be chosen. Arrow keys move in the list, Enter takes, Backspace gives back. */
export function Picker({ label, hint, error, chosen, typed, onChoose, onType, find, remove, bot, found }: Props) {
  const id = useId();
  const [list, setList] = useState<readonly Choice[]>([]);
  const [at, setAt] = useState(-1);

  // The search runs outside React, and its answer may come after the next key.
  useEffect(() => {
    let late = false;
    const timer = setTimeout(() => {
      const answer = typed.trim() === '' ? Promise.resolve([]) : find(typed).catch(() => []);
      void answer.then((choices) => {
        if (late) return;
        setList(choices.filter((choice) => !chosen.some((one) => one.id === choice.id)));
        setAt(-1);
      });
    }, pause);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [typed, chosen, find]);

  const take = (choice: Choice): void => {
    onChoose([...chosen, choice]);
    onType('');
    setList([]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event)) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    const marked = list[at];
    if (to !== undefined && list.length > 0) setAt((to + list.length) % list.length);
    else if (event.key === 'Enter' && marked !== undefined) take(marked);
    else if (event.key === 'Escape' && list.length > 0) setList([]);
    else if (event.key === 'Backspace' && typed === '' && chosen.length > 0) return onChoose(chosen.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const below = error ?? hint;
  return (
    <div className="field picker">
      <label htmlFor={id}>{label}</label>
      {chosen.length > 0 && (
        <ul className="chosen">
          {chosen.map((one) => (
            <li key={one.id} className="tag ink" title={one.id}>
              <span lang={one.lang}>{one.name}</span>
              {one.bot && <span className="meta">{bot}</span>}
              <IconButton icon={IconClose} label={remove(one.name)} onClick={() => onChoose(chosen.filter((other) => other.id !== one.id))} />
            </li>
          ))}
        </ul>
      )}
      <input
        id={id}
        className="input"
        role="combobox"
        aria-expanded={list.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={at < 0 ? undefined : `${id}-${at}`}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={below === undefined ? undefined : `${id}-below`}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        data-first
        value={typed}
        onChange={(event) => onType(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <ul className="choices" id={`${id}-list`} role="listbox" aria-label={label} hidden={list.length === 0}>
        {list.map((choice, n) => (
          <li key={choice.id} id={`${id}-${n}`} role="option" aria-selected={n === at} onClick={() => take(choice)}>
            <WhoStamp id={choice.id} name={choice.name} lang={choice.lang} small />
            <span lang={choice.lang}>{choice.name}</span>
            {choice.bot && <Tag>{bot}</Tag>}
            <span className="meta">{choice.id}</span>
          </li>
        ))}
      </ul>
      <span className="unseen" role="status">
        {list.length > 0 ? found(list.length) : ''}
      </span>
      {below !== undefined && (
        <span id={`${id}-below`} className={error === undefined ? 'hint' : 'hint error'} role={error === undefined ? undefined : 'alert'}>
          {below}
        </span>
      )}
    </div>
  );
}

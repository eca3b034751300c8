import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import type { Choice } from '../kit/Picker';
import { WhoStamp } from '../kit/WhoStamp';
import { useSay } from '../lang/useSay';
import { everybody } from '../state/mentions';
import look from './Naming.module.css';
import { typedName, type Typed } from './naming';

interface Naming {
  /** What the text field says about the list. */
  readonly field: { 'aria-autocomplete': 'list'; 'aria-controls': string | undefined; 'aria-activedescendant': string | undefined };
  /** The list, where there is somebody to choose. */
  readonly list: ReactNode;
  /** Looks at what is typed; after each change and each move of the caret. */
  readonly look: () => void;
  /** The field was left. */
  readonly leave: () => void;
  /** Takes a key that is the list's. It returns whether it was. */
  readonly onKey: (event: KeyboardEvent) => boolean;
}

/** Offers people while somebody types @ in a text field. Arrow keys choose, Enter and Tab take, Escape closes. */
export function useNaming(ref: RefObject<HTMLTextAreaElement | null>, find: (typed: string) => Promise<readonly Choice[]>, onText: (text: string) => void): Naming {
  const say = useSay();
  const id = useId();
  const [typed, setTyped] = useState<Typed>();
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  const [at, setAt] = useState(-1);
  const closed = useRef(-1);
  const from = typed?.from;
  const words = typed?.words;

  // The people may have to be fetched, and the answer may come after the next key.
  useEffect(() => {
    if (words === undefined) return;
    let late = false;
    void find(words).then((found) => {
      if (late) return;
      setChoices(found);
      setAt(words === '' ? -1 : 0);
    });
    return () => {
      late = true;
    };
  }, [from, words, find]);

  const open = typed !== undefined && choices.length > 0;
  const leave = (): void => {
    setTyped(undefined);
    setChoices([]);
  };
  const close = (): void => {
    closed.current = typed?.from ?? -1;
    leave();
  };
  const follow = (): void => {
    const field = ref.current;
    const next = field === null || field.selectionStart !== field.selectionEnd ? undefined : typedName(field.value, field.selectionStart);
    if (next === undefined) closed.current = -1;
    if (next === undefined || next.from === closed.current) leave();
    else if (next.from !== from || next.words !== words) setTyped(next);
  };
  const take = (choice: Choice): void => {
    const field = ref.current;
    if (field === null || typed === undefined) return;
    const name = choice.id === everybody ? everybody : `@${choice.name}`;
    field.setRangeText(`${name} `, typed.from, field.selectionStart, 'end');
    onText(field.value);
    close();
    field.focus();
  };
  const onKey = (event: KeyboardEvent): boolean => {
    if (!open) return false;
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(at, 0) - 1 }[event.key];
    const marked = choices[at];
    if (to !== undefined) setAt((to + choices.length) % choices.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && marked !== undefined && !event.shiftKey) take(marked);
    else if (event.key === 'Escape') close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const list = (
    <>
      <ul className={look['list']} id={`${id}-list`} role="listbox" aria-label={say('mention.list')} hidden={!open}>
        {open &&
          choices.map((choice, n) => (
            // The focus stays in the text, so the press must not take it away.
            <li key={choice.id} id={`${id}-${n}`} role="option" aria-selected={n === at} onPointerDown={(event) => event.preventDefault()} onClick={() => take(choice)}>
              {choice.id === everybody ? (
                <>
                  <b>{everybody}</b>
                  <span className="meta">{say('mention.everybody')}</span>
                </>
              ) : (
                <>
                  <WhoStamp id={choice.id} name={choice.name} lang={choice.lang} small />
                  <span lang={choice.lang}>{choice.name}</span>
                  <span className="meta">{choice.id}</span>
                </>
              )}
            </li>
          ))}
      </ul>
      <span className="unseen" aria-live="polite">
        {open ? say('mention.found', { n: choices.length }) : ''}
      </span>
    </>
  );
  const field = {
    'aria-autocomplete': 'list',
    'aria-controls': open ? `${id}-list` : undefined,
    'aria-activedescendant': open && at >= 0 ? `${id}-${at}` : undefined,
  } as const;
  return { field, list, look: follow, leave, onKey };
}

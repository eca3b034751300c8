import { useState, type ChangeEvent } from 'react';
import type { SentenceId } from '../lang/lang';
import { longestText, tooMany, type Cases } from '../state/cases';
import { useSay } from '../lang/useSay';

/** The texts that are written and not sent. */
export type Texts = Pick<Cases, 'written' | 'keep'>;

type Plain = Extract<SentenceId, 'report.empty' | 'cases.empty'>;

/** What is written under a name, until it is sent: it is there again where its dialog was closed meanwhile. */
export function useWritten(texts: Texts, name: string) {
  const say = useSay();
  const [text, setText] = useState(() => texts.written(name));
  const [wrong, setWrong] = useState<string>();
  const write = (next: string): void => {
    setText(next);
    texts.keep(name, next);
  };
  return {
    text,
    wrong,
    field: { value: text, onChange: (event: ChangeEvent<HTMLTextAreaElement>) => write(event.target.value) },
    /** Whether it can be sent; what is wrong with it is said. */
    check: (empty?: Plain): boolean => {
      const n = tooMany(text);
      const why = n > 0 ? say('cases.tooLong', { n, most: longestText }) : empty !== undefined && text.trim() === '' ? say(empty) : undefined;
      setWrong(why);
      return why === undefined;
    },
    /** It was sent. */
    sent: (): void => write(''),
  };
}

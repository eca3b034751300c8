import { Fragment, createElement, useSyncExternalStore, type ReactNode } from 'react';
import { currentLanguage, onLanguage, say, type ArgsOf, type Say, type SentenceId } from './lang';
import type { Language } from './languages';

export function useLanguage(): Language {
  return useSyncExternalStore(onLanguage, currentLanguage);
}

/** The function that says sentences; the component renders again when the language changes. */
export function useSay(): Say {
  useLanguage();
  return say;
}

// Private-use characters stand for elements while ICU puts the words in order.
const mark = (n: number): string => String.fromCharCode(0xe000 + n);

/** Says a sentence whose arguments may be elements: a name with its own `lang`, a link, bold words. */
export function rich<Id extends SentenceId>(say: Say, id: Id, args: { [Name in keyof ArgsOf<Id>]: ReactNode }): ReactNode {
  const names = Object.keys(args) as (keyof ArgsOf<Id>)[];
  const plain = Object.fromEntries(names.map((name, n) => [name, typeof args[name] === 'number' ? args[name] : mark(n)]));
  const text = (say as (id: SentenceId, args: object) => string)(id, plain);
  const pieces = text.split(/([\ue000-\ue0ff])/).map((piece) => {
    const name = names[piece.charCodeAt(0) - 0xe000];
    return piece.length === 1 && name !== undefined ? args[name] : piece;
  });
  return createElement(Fragment, null, ...pieces);
}

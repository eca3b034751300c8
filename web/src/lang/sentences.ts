// A sentence stands in all four languages side by side, so that whoever changes one sees the others, and so that
// the compiler refuses a sentence that lacks a language or names other arguments in one of them.
//
// The text is ICU MessageFormat: '{name} joined', '{n, plural, one {# person} other {# people}}'.

import type { Language } from './languages';

export type Sentence = Readonly<Record<Language, string>>;

// A brace after a plural's keyword opens a branch; every other brace opens an argument.
type Keyword = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other' | `=${number}`;
type UpTo<S extends string> = S extends `${infer Name}${',' | '}'}${string}` ? First<Name> : never;
type First<S extends string> = S extends `${infer A},${string}` ? First<A> : S extends `${infer A}}${string}` ? First<A> : S;
type Opens<Before extends string> = Before extends `${string} ${Keyword} ` ? 'branch' : 'argument';
type Names<S extends string, Before extends string = ''> = S extends `${infer Head}{${infer Rest}`
  ? (Opens<`${Before}${Head}`> extends 'branch' ? never : UpTo<Rest>) | Names<Rest, '}'>
  : never;
type Plurals<S extends string> = S extends `${string}{${infer Name}, plural,${infer Rest}`
  ? LastWord<Name> | Plurals<Rest>
  : never;
type LastWord<S extends string> = S extends `${string}{${infer Rest}` ? LastWord<Rest> : S;

/** The arguments that a text names: numbers where it counts, text or numbers elsewhere. */
export type Args<S extends string> = { [Name in Names<S>]: Name extends Plurals<S> ? number : string | number };

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Checked<T extends Record<string, Sentence>> = {
  [Id in keyof T]: {
    [L in Language]: Same<Names<T[Id][L]>, Names<T[Id]['en']>> extends true ? T[Id][L] : 'these arguments are not those of the English sentence';
  };
};

/** Declares sentences. It only passes them on; what it does, it does to their types. */
export function sentences<const T extends Record<string, Sentence>>(all: T & Checked<T>): T {
  return all;
}

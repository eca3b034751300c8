// The language in force, and the one function that turns a sentence's id into words.

import { setupI18n } from '@lingui/core';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import { chooseLanguage, isLanguage, type Language } from './languages';
import type { Args } from './sentences';
import { words } from './words';

export type Words = typeof words;
/** The name of a sentence in lang/words. */
export type SentenceId = keyof Words;
export type ArgsOf<Id extends SentenceId> = Args<Words[Id]['en']>;
/** What follows the id: nothing for a sentence without arguments, else its arguments. */
export type Rest<Id extends SentenceId> = keyof ArgsOf<Id> extends never ? [] : [args: ArgsOf<Id>];
/** Says a sentence in the language in force. */
export type Say = <Id extends SentenceId>(id: Id, ...rest: Rest<Id>) => string;

const kept = 'wardroom.language';
const i18n = setupI18n();
const listeners = new Set<() => void>();
let language: Language;

function activate(next: Language): void {
  language = next;
  const messages = Object.fromEntries(Object.entries(words).map(([id, sentence]) => [id, compileMessage(sentence[next])]));
  i18n.loadAndActivate({ locale: next, messages });
  document.documentElement.lang = next;
  document.querySelector('link[rel=manifest]')?.setAttribute('href', `/manifest.${next}.webmanifest`); // how the system names the installed client
}

/** The language that was chosen here before, or else the first of the browser's that we speak. */
function startingLanguage(): Language {
  const before = localStorage.getItem(kept);
  return before !== null && isLanguage(before) ? before : chooseLanguage(navigator.languages);
}

activate(startingLanguage());

export function currentLanguage(): Language {
  return language;
}

/** Changes the language of the whole interface and keeps the choice in this browser. */
export function changeLanguage(next: Language): void {
  localStorage.setItem(kept, next);
  activate(next);
  listeners.forEach((listener) => listener());
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const say: Say = (id, ...rest) => i18n._(id, rest[0] as Record<string, unknown> | undefined);

// Where in a text somebody is about to be named. Pure.

/** What is typed behind an @, and where the @ stands. */
export interface Typed {
  readonly from: number;
  readonly words: string;
}

/** What is being typed to name somebody before the caret, or undefined. Chinese and Japanese put no space before the @. */
export function typedName(text: string, caret: number): Typed | undefined {
  const found = /(?<![\w.%+-])[@＠]([^\s@＠][^@＠\n]{0,40})?$/.exec(text.slice(0, caret));
  if (found === null) return undefined;
  const words = found[1] ?? '';
  return /\s$/.test(words) ? undefined : { from: found.index, words };
}

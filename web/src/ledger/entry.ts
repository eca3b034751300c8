// Entries of the ledger, as far as this client knows what they say.

import type { Bytes } from './bytes';

export interface Entry {
  readonly number: number;
  /** In seconds since 1970; undefined where it cannot be read. */
  readonly at: number | undefined;
  /** '' where it cannot be read. */
  readonly kind: string;
  /** As it is under the checkpoint. */
  readonly text: string;
}

interface Leaf {
  v?: unknown;
  at?: unknown;
  kind?: unknown;
  body?: Partial<Record<string, unknown>> | null;
}

export function entryFrom(number: number, bytes: Bytes): Entry {
  const text = new TextDecoder().decode(bytes);
  const { v, at, kind } = leafOf(text);
  return { number, at: typeof at === 'number' ? at : undefined, kind: v === 1 && typeof kind === 'string' ? kind : '', text };
}

function leafOf(text: string): Leaf {
  try {
    const leaf: unknown = JSON.parse(text);
    return typeof leaf === 'object' && leaf !== null ? leaf : {};
  } catch {
    return {};
  }
}

/** What stands in the body of an entry. Whoever reads it knows the kind, and takes nothing for granted. */
export function bodyIn({ text }: Entry): Partial<Record<string, unknown>> {
  return leafOf(text).body ?? {};
}

/** What an entry says under a name, where it is text; '' where it is not there. */
export function saidIn({ text }: Entry, name: string): string {
  const value = leafOf(text).body?.[name];
  return typeof value === 'string' ? value : '';
}

/** The names of those whom a policy names as witnesses. */
export function namesIn(policy: string): readonly string[] {
  return policy.split('\n').flatMap((line) => {
    const [word, name] = line.split(/\s+/);
    return word === 'witness' && name !== undefined ? [name] : [];
  });
}

/** Whether an entry says yes under a name. */
export function yesIn({ text }: Entry, name: string): boolean {
  return leafOf(text).body?.[name] === true;
}

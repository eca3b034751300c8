// Who witnesses a log, and how many of them have to have signed. The form is that of ledger.witnesses in the server's configuration.

import { keyFrom, type Key } from './note';
import { LedgerError } from './wrong';

export interface Witness {
  /** In the policy alone; its key has a name of its own. */
  readonly name: string;
  readonly key: Key;
}

/** Whether those who have signed are enough. */
type Enough = (signed: (witness: Witness) => boolean) => boolean;

export interface Policy {
  readonly witnesses: readonly Witness[];
  readonly enough: Enough;
}

/**
 * Reads a policy:
 *
 *     witness NAME KEY [URL]
 *     group NAME all|any|NUMBER NAME…
 *     quorum NAME|none
 */
export async function parsePolicy(text: string): Promise<Policy> {
  const witnesses: Witness[] = [];
  const parts = new Map<string, Enough>();
  let quorum: Enough | undefined;
  const add = (name: string, part: Enough): void => {
    if (parts.has(name)) throw new LedgerError('form', `the policy has two of the name ${name}`);
    parts.set(name, part);
  };
  const part = (name: string): Enough => {
    const is = parts.get(name);
    if (is === undefined) throw new LedgerError('form', `the policy names nobody ${name}`);
    return is;
  };
  for (const line of text.split('\n')) {
    const [word, name, third, ...more] = line.replace(/#.*/, '').split(/\s+/).filter((field) => field !== '');
    if (word === undefined || word === 'log') continue; // which log it is for is known otherwise
    if (word === 'witness' && name !== undefined && third !== undefined) {
      const witness = { name, key: await keyFrom(third) };
      if (witness.key.of !== 'witness' || witnesses.some(({ key }) => key.name === witness.key.name && key.id === witness.key.id)) throw new LedgerError('form', `${name} is no witness of its own`);
      witnesses.push(witness);
      add(name, (signed) => signed(witness));
    } else if (word === 'group' && name !== undefined && third !== undefined && more.length > 0) {
      const children = more.map(part);
      const n = third === 'any' ? 1 : third === 'all' ? children.length : /^\d{1,4}$/.test(third) ? Number(third) : 0;
      if (n < 1 || n > children.length) throw new LedgerError('form', `the group ${name} cannot have ${third} of its members`);
      add(name, (signed) => children.filter((child) => child(signed)).length >= n);
    } else if (word === 'quorum' && name !== undefined && quorum === undefined) {
      quorum = name === 'none' ? () => true : part(name);
    } else {
      throw new LedgerError('form', `"${line}" is no line of a policy`);
    }
  }
  if (quorum === undefined) throw new LedgerError('form', 'the policy has no quorum');
  return { witnesses, enough: quorum };
}

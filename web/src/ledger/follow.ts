// Following a log: what is there now is held against what was there, and read from there on.

import { fromBase64, toBase64, equal } from './bytes';
import { treeOf, verifyCheckpoint, type Checkpoint, type Cosignature, type Tree } from './checkpoint';
import { bodyIn, entryFrom, saidIn, type Entry } from './entry';
import { parsePolicy } from './policy';
import { readEntries, verifyConsistency, type Read } from './tiles';
import { Growing, leafHash } from './tree';
import { LedgerError, type Wrong } from './wrong';

/** A build of the web client that the log names. */
export interface NamedClient {
  readonly number: number;
  readonly build: string;
  readonly version: string;
  readonly at: number | undefined;
}

/** A warrant about somebody that the log has: the tag by which they find it, and the hash of its text. */
export interface Act {
  readonly number: number;
  readonly about: string;
  readonly hash: string;
}

/** What was seen of a log, in a form that can be kept as JSON. */
export interface Seen {
  /** By which its checkpoints are checked. */
  readonly key: string;
  /** The checkpoint, with its signatures. */
  readonly signed: string;
  readonly size: number;
  /** Of each whole subtree its hash: what is added is hashed on from there. */
  readonly parts: readonly string[];
  /** Who witnesses, in the log's own words. */
  readonly policy: string;
  readonly witnesses: readonly Cosignature[];
  /** The last time at which enough of them had signed, in seconds since 1970. */
  readonly witnessed?: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly latest: readonly Entry[];
  readonly clients: readonly NamedClient[];
  readonly acts: readonly Act[];
}

/** How many of the latest entries are kept. */
export const latestKept = 300;

/**
 * What is wrong with a log in view of what was seen of it. `forked`: another log of the same size; `rewritten`: its beginning is another one, or its entries are
 * not those under its checkpoint; `key`: not signed with the key that was seen, or that its first entry names.
 */
export type Wrongs = Extract<Wrong, 'shorter' | 'witnesses'> | 'forked' | 'rewritten' | 'key';

export class Broken extends Error {
  readonly why: Wrongs;
  /** The key that the log names as its own now. */
  readonly key: string;

  constructor(why: Wrongs, key: string, cause: unknown) {
    super(why, { cause });
    this.name = 'Broken';
    this.why = why;
    this.key = key;
  }
}

/**
 * Reads a log from where it was seen the last time, or from its beginning, and checks all of it against a checkpoint. It throws Broken where it is not what was
 * seen, grown. It throws a LedgerError where what is served is no log, and whatever read throws.
 */
export async function follow(read: Read, signed: string, before: Seen | undefined): Promise<Seen> {
  const key = before?.key ?? (await keyNamed(read, signed));
  const tree = await named('signature', 'key', () => verifyCheckpoint(signed, key), () => keyNamed(read, signed));
  if (before !== undefined) {
    const earlier = treeIn(before.signed);
    await named('shorter', 'shorter', () => named('hash', earlier.size === tree.size ? 'forked' : 'rewritten', () => verifyConsistency(read, earlier, tree)));
  }
  const seen = await readOn(read, tree, key, before);
  const policy = await parsePolicy(seen.policy);
  const { witnesses, witnessed } = await named('witnesses', 'witnesses', () => named('signature', 'witnesses', () => verifyCheckpoint(signed, key, policy)));
  return { ...seen, witnesses, ...(witnessed === undefined ? {} : { witnessed }) };
}

// What goes wrong in work in one way is called by another name.
async function named<T>(wrong: Wrong, why: Wrongs, work: () => Promise<T>, key: () => Promise<string> = () => Promise.resolve('')): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LedgerError && error.wrong === wrong) throw new Broken(why, await key().catch(() => ''), error);
    throw error;
  }
}

/** The tree that a signed checkpoint is about. Its signatures are not looked at. */
function treeIn(signed: string): Tree {
  return treeOf(signed.slice(0, signed.lastIndexOf('\n\n') + 1));
}

/** Whether the log that was seen contains all of one that was seen elsewhere, under the same key. */
export async function contains(read: Read, seen: Seen, other: { readonly key: string; readonly signed: string }): Promise<boolean> {
  if (seen.key !== other.key) return false;
  try {
    await verifyConsistency(read, treeIn(other.signed), treeIn(seen.signed));
    return true;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

/** The key that the first entry of a log names as its own. */
async function keyNamed(read: Read, signed: string): Promise<string> {
  const { size } = treeIn(signed);
  for await (const first of readEntries(read, 0, Math.min(size, 256))) {
    const key = saidIn(entryFrom(0, first), 'log');
    if (key !== '') return key;
    break;
  }
  throw new LedgerError('form', 'its first entry does not say which key is its own');
}

async function readOn(read: Read, tree: Checkpoint, key: string, before: Seen | undefined): Promise<Omit<Seen, 'witnesses'>> {
  const growing = new Growing(before?.size ?? 0, (before?.parts ?? []).map(fromBase64));
  const kinds = { ...before?.kinds };
  const latest = [...(before?.latest ?? [])];
  const clients = [...(before?.clients ?? [])];
  const acts = [...(before?.acts ?? [])];
  let policy = before?.policy ?? '';
  let number = growing.size;
  for await (const bytes of readEntries(read, number, tree.size)) {
    await growing.add(await leafHash(bytes));
    const entry = entryFrom(number++, bytes);
    const { kind, at } = entry;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (entry.number === 0 && saidIn(entry, 'log') !== key) throw new Broken('key', saidIn(entry, 'log'), undefined);
    if (kind === 'genesis' || kind === 'policy') policy = saidIn(entry, 'policy');
    if (kind === 'client') clients.push({ number: entry.number, build: saidIn(entry, 'build'), version: saidIn(entry, 'version'), at });
    if (kind === 'authorised') acts.push(...actIn(entry));
    latest.push(entry);
    if (latest.length > 2 * latestKept) latest.splice(0, latest.length - latestKept);
  }
  if (!equal(await growing.hash(), tree.hash)) throw new Broken('rewritten', key, new LedgerError('hash', 'the entries are not those under the checkpoint'));
  return { key, signed: tree.signed, size: tree.size, parts: growing.parts.map(toBase64), policy, kinds, latest: latest.slice(-latestKept), clients, acts };
}

function actIn(entry: Entry): Act[] {
  const { about, hash } = (bodyIn(entry)['warrant'] ?? {}) as Record<string, unknown>;
  return typeof about === 'string' && typeof hash === 'string' ? [{ number: entry.number, about, hash }] : [];
}

// People's chains of master keys, as the entries of the ledger have them. Spec: docs/decisions/master-keys.md.

import { concat, equal, fromBase64, sha256, toBase64, utf8, type Bytes } from './bytes';
import type { Tree } from './checkpoint';
import { readEntries, type Read } from './tiles';
import { Growing, leafHash } from './tree';
import { LedgerError } from './wrong';

/** The newest entry about somebody. */
interface Link {
  /** The how manyth of their master keys it is about. */
  readonly number: number;
  /** The record hash of the entry, which the next one names. */
  readonly hash: string;
  /** What binds the entry to person and key; see boundTo. */
  readonly key: string;
}

/** What the entries so far say, in a form that can be kept as JSON. */
export interface Chains {
  readonly size: number;
  /** Of each whole subtree its hash: what is added is hashed on from there. */
  readonly parts: readonly string[];
  /** What binds the ledger to the key of people's tags; '' where no entry does. */
  readonly tags: string;
  /** How many chains may still begin with a key that is older than the ledger's knowledge. */
  readonly earlier: number;
  /** By tag. */
  readonly last: Readonly<Record<string, Link>>;
}

export const noChains: Chains = { size: 0, parts: [], tags: '', earlier: 0, last: {} };

/**
 * Reads all entries of a tree that was checked, from where the chains end. It throws a LedgerError: `hash` where they are not those under the
 * tree, or this is not the log that was read before, `shorter` where it has fewer entries, and `form` where somebody has two chains, or one with a gap.
 */
export async function readChains(read: Read, tree: Tree, before: Chains = noChains): Promise<Chains> {
  if (before.size > tree.size) throw new LedgerError('shorter', `there were ${before.size} entries, and there are ${tree.size}`);
  const growing = new Growing(before.size, before.parts.map(fromBase64));
  const chains = { tags: before.tags, earlier: before.earlier, last: { ...before.last } };
  if (before.size < tree.size) {
    for await (const entry of readEntries(read, before.size, tree.size)) {
      const hash = await leafHash(entry);
      const number = growing.size;
      await growing.add(hash);
      try {
        take(chains, entry, toBase64(hash));
      } catch (error) {
        throw error instanceof LedgerError ? new LedgerError('form', `entry ${number}: ${error.message}`) : error;
      }
    }
  }
  if (!equal(await growing.hash(), tree.hash)) throw new LedgerError('hash', 'the entries are not those under the checkpoint');
  return { size: growing.size, parts: growing.parts.map(toBase64), ...chains };
}

interface Growth {
  tags: string;
  earlier: number;
  last: Record<string, Link>;
}

// The same rules as in internal/ledger/identity.go.
function take(chains: Growth, entry: Bytes, hash: string): void {
  const { kind, body } = leafFrom(entry);
  const wrong = (why: string): LedgerError => new LedgerError('form', why);
  if (kind === 'tags') {
    if (chains.tags !== '') throw wrong("there are two keys of people's tags");
    const { key, earlier } = body;
    if (typeof key !== 'string' || key === '' || !isCount(earlier)) throw wrong('it is no entry about tags');
    chains.tags = key;
    chains.earlier = earlier;
  } else if (kind === 'identity') {
    const { tag, key, number, previous, earlier } = body;
    if (typeof tag !== 'string' || typeof key !== 'string' || !isCount(number) || typeof previous !== 'string' || typeof earlier !== 'boolean') throw wrong('it is no entry about a master key');
    if (chains.tags === '') throw wrong('no entry before it says how tags are made');
    const last = Object.hasOwn(chains.last, tag) ? chains.last[tag] : undefined;
    if (last === undefined ? previous !== '' || (number !== 1 && !earlier) : previous !== last.hash || number !== last.number + 1 || earlier) {
      throw wrong(`it does not follow what is there about ${tag}`);
    }
    if (earlier && chains.earlier === 0) throw wrong("there are more keys from before the ledger's knowledge than there were");
    if (earlier) chains.earlier--;
    chains.last[tag] = { number, hash, key };
  }
}

function leafFrom(entry: Bytes): { kind: unknown; body: Partial<Record<string, unknown>> } {
  let leaf: unknown;
  try {
    leaf = JSON.parse(new TextDecoder().decode(entry));
  } catch {
    leaf = undefined; // what is no entry is about nobody
  }
  const { v, kind, body } = (typeof leaf === 'object' && leaf !== null ? leaf : {}) as { v?: unknown; kind?: unknown; body?: unknown };
  return { kind: v === 1 ? kind : undefined, body: typeof body === 'object' && body !== null ? body : {} };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** What the ledger is bound to the key of people's tags by. */
export async function boundToTags(key: Bytes): Promise<string> {
  return toBase64(await sha256(utf8('wardroom/tags/v1\0'), key));
}

/** What somebody is known by in the ledger. */
export async function tagOf(key: Bytes, userId: string): Promise<string> {
  return toBase64((await mac(key, utf8(`wardroom/tag/v1\0${userId}`))).slice(0, 16));
}

/** What an entry is bound by to a person and their public master key, which is in unpadded base64. */
export async function boundTo(nonce: Bytes, userId: string, key: string): Promise<string> {
  return toBase64(await mac(nonce, utf8(`wardroom/identity/v1\0${JSON.stringify({ key, user: userId })}`)));
}

async function mac(key: Bytes, text: Bytes): Promise<Bytes> {
  // An HMAC of a key that is too long or ends in zeros would be that of another key as well.
  if (key.length !== 32) throw new LedgerError('form', 'a key has 32 bytes');
  const imported = await crypto.subtle.importKey('raw', concat(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, text));
}

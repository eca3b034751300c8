// The Merkle tree. Spec: RFC 6962, section 2.1; the checks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
// Sizes are whole numbers up to 2⁵³, so they are halved by division: bits of a number end at 2³².

import { concat, equal, sha256, type Bytes } from './bytes';
import type { Tree } from './checkpoint';
import { LedgerError } from './wrong';

const leafMark = Uint8Array.of(0);
const nodeMark = Uint8Array.of(1);

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(leafMark, entry);
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(nodeMark, left, right);
}

/** The hash over hashes of whole subtrees of one size, of which there are 2ⁿ. */
export async function subtreeHash(hashes: readonly Bytes[]): Promise<Bytes> {
  let level = hashes;
  while (level.length > 1) level = await Promise.all(level.flatMap((hash, i) => (i % 2 === 0 ? [nodeHash(hash, level[i + 1] ?? concat())] : [])));
  return level[0] ?? sha256();
}

const half = (n: number): number => Math.floor(n / 2);
const odd = (n: number): boolean => n % 2 === 1;

/** Checks that the entry with that hash is the one with that number in a tree. It throws a LedgerError. */
export async function checkInclusion(proof: readonly Bytes[], { size, hash }: Tree, index: number, leaf: Bytes): Promise<void> {
  let [at, last, is] = [index, size - 1, leaf];
  for (const next of proof) {
    if (last === 0) throw new LedgerError('hash', 'the proof is too long');
    if (odd(at) || at === last) {
      is = await nodeHash(next, is);
      while (!odd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      is = await nodeHash(is, next);
    }
    [at, last] = [half(at), half(last)];
  }
  if (index < 0 || index >= size || last !== 0 || !equal(is, hash)) throw new LedgerError('hash', `the entry ${index} is not the one under the checkpoint`);
}

/** Checks that an earlier tree, which has entries, is the beginning of a larger one. It throws a LedgerError. */
export async function checkConsistency(proof: readonly Bytes[], earlier: Tree, tree: Tree): Promise<void> {
  let [at, last] = [earlier.size - 1, tree.size - 1];
  while (odd(at)) [at, last] = [half(at), half(last)];
  const [first, ...rest] = at === 0 ? [earlier.hash, ...proof] : proof;
  if (first === undefined) throw new LedgerError('hash', 'the proof is too short');
  let [was, is] = [first, first];
  for (const next of rest) {
    if (last === 0) throw new LedgerError('hash', 'the proof is too long');
    if (odd(at) || at === last) {
      was = await nodeHash(next, was);
      is = await nodeHash(next, is);
      while (!odd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      is = await nodeHash(is, next);
    }
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0 || !equal(was, earlier.hash) || !equal(is, tree.hash)) throw new LedgerError('hash', `the first ${earlier.size} entries are not those that were there`);
}

/** A tree to which entries are added: of each whole subtree, the largest first, its hash. */
export class Growing {
  size: number;
  readonly #parts: Bytes[];

  constructor(size = 0, parts: readonly Bytes[] = []) {
    this.size = size;
    this.#parts = [...parts];
    if (size.toString(2).replaceAll('0', '').length !== parts.length) throw new LedgerError('form', 'these are not the hashes of that many entries');
  }

  get parts(): readonly Bytes[] {
    return this.#parts;
  }

  async add(leaf: Bytes): Promise<void> {
    let is = leaf;
    for (let n = this.size; odd(n); n = half(n)) is = await nodeHash(this.#parts.pop() ?? concat(), is);
    this.#parts.push(is);
    this.size++;
  }

  async hash(): Promise<Bytes> {
    const [last, ...before] = this.#parts.toReversed();
    let is = last ?? (await sha256());
    for (const part of before) is = await nodeHash(part, is);
    return is;
  }
}

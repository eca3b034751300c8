// The tiles in which a log is served, and proofs made of them. Nothing in a tile is believed: what is made of it is checked against a checkpoint.
// Spec: c2sp.org/tlog-tiles.

import { equal, type Bytes } from './bytes';
import type { Tree } from './checkpoint';
import { checkConsistency, checkInclusion, leafHash, nodeHash, subtreeHash } from './tree';
import { LedgerError } from './wrong';

/** Reads what is at a path below the log's address, such as "tile/0/000". It throws where nothing is. */
export type Read = (path: string) => Promise<Bytes>;

const width = 256;
const hashSize = 32;

/** The path of a tile: of a level of hashes, or of entries; only its first few where it is not full. */
export function tilePath(level: number | 'entries', n: number, upto: number = width): string {
  let name = String(n % 1000).padStart(3, '0');
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) name = `x${String(rest % 1000).padStart(3, '0')}/${name}`;
  return `tile/${level}/${name}${upto === width ? '' : `.p/${upto}`}`;
}

// A tile that has become full may be there as such alone.
async function readTile(read: Read, level: number | 'entries', n: number, upto: number): Promise<Bytes> {
  if (upto === width) return read(tilePath(level, n));
  try {
    return await read(tilePath(level, n, upto));
  } catch (error) {
    return read(tilePath(level, n)).catch(() => {
      throw error;
    });
  }
}

/** The hashes of a tree, read tile by tile. */
class Hashes {
  readonly #read: Read;
  readonly #size: number;
  readonly #tiles = new Map<string, Promise<Bytes>>();

  constructor(read: Read, size: number) {
    this.#read = read;
    this.#size = size;
  }

  /** The hash over the entries from ≤ number < upto. */
  async over(from: number, upto: number): Promise<Bytes> {
    const level = Math.log2(upto - from);
    if (Number.isInteger(level)) return this.#whole(level, from / 2 ** level); // from is a multiple: ranges are only split at powers of two
    const middle = from + largestBelow(upto - from);
    return nodeHash(await this.over(from, middle), await this.over(middle, upto));
  }

  async #whole(level: number, index: number): Promise<Bytes> {
    const within = level % 8;
    const floor = (level - within) / 8;
    const first = index * 2 ** within;
    const n = Math.floor(first / width);
    const tile = await this.#tile(floor, n);
    const at = (first % width) * hashSize;
    return subtreeHash(Array.from({ length: 2 ** within }, (_, i) => tile.slice(at + i * hashSize, at + (i + 1) * hashSize)));
  }

  #tile(level: number, n: number): Promise<Bytes> {
    const upto = Math.min(width, Math.floor(this.#size / width ** level) - n * width);
    const name = tilePath(level, n, upto);
    const before = this.#tiles.get(name);
    if (before !== undefined) return before;
    const tile = readTile(this.#read, level, n, upto).then((bytes) => {
      if (bytes.length < upto * hashSize || bytes.length % hashSize !== 0) throw new LedgerError('form', `${name} is no tile`);
      return bytes;
    });
    this.#tiles.set(name, tile);
    return tile;
  }
}

/** The largest power of two that is smaller than n. */
function largestBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/**
 * Checks that the entry with that number under a checkpoint is this one. It throws a LedgerError where it is not, and whatever read throws.
 * @public
 */
export async function verifyInclusion(read: Read, tree: Tree, index: number, entry: Bytes): Promise<void> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) throw new LedgerError('hash', `there is no entry ${index}`);
  const hashes = new Hashes(read, tree.size);
  const proof: Promise<Bytes>[] = [];
  for (let [from, upto] = [0, tree.size]; upto - from > 1; ) {
    const middle = from + largestBelow(upto - from);
    if (index < middle) {
      proof.unshift(hashes.over(middle, upto));
      upto = middle;
    } else {
      proof.unshift(hashes.over(from, middle));
      from = middle;
    }
  }
  await checkInclusion(await Promise.all(proof), tree, index, await leafHash(entry));
}

/**
 * Checks that an earlier tree is the beginning of another one. It throws a LedgerError where it is not: `shorter` where
 * the other one has fewer entries, `hash` where they are others. It throws as well whatever read throws.
 */
export async function verifyConsistency(read: Read, earlier: Tree, tree: Tree): Promise<void> {
  if (earlier.size > tree.size) throw new LedgerError('shorter', `there were ${earlier.size} entries, and there are ${tree.size}`);
  if (earlier.size === tree.size) {
    if (!equal(earlier.hash, tree.hash)) throw new LedgerError('hash', `there are two logs of ${tree.size} entries`);
    return;
  }
  if (earlier.size === 0) return;
  const hashes = new Hashes(read, tree.size);
  const proof: Promise<Bytes>[] = [];
  let [from, upto, begins] = [0, tree.size, true];
  while (earlier.size < upto) {
    const middle = from + largestBelow(upto - from);
    if (earlier.size <= middle) {
      proof.unshift(hashes.over(middle, upto));
      upto = middle;
    } else {
      proof.unshift(hashes.over(from, middle));
      from = middle;
      begins = false;
    }
  }
  if (!begins) proof.unshift(hashes.over(from, upto));
  await checkConsistency(await Promise.all(proof), earlier, tree);
}

/**
 * The entries from ≤ number < upto of a log of that size, as they are served. Whoever reads all of them from the first, or from where they had
 * come before, checks them by Growing; whoever reads some, by verifyInclusion.
 */
export async function* readEntries(read: Read, from: number, upto: number): AsyncGenerator<Bytes> {
  for (let n = Math.floor(from / width); n * width < upto; n++) {
    const some = Math.min(width, upto - n * width);
    const bundle = entriesOf(await readTile(read, 'entries', n, some));
    if (bundle.length < some) throw new LedgerError('form', `there are ${bundle.length} entries in the place of ${some}`);
    yield* bundle.slice(Math.max(0, from - n * width), some);
  }
}

function entriesOf(bundle: Bytes): Bytes[] {
  const entries: Bytes[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0);
    if (end > bundle.length) throw new LedgerError('form', 'a bundle of entries ends within one of them');
    entries.push(bundle.slice(at + 2, end));
    at = end;
  }
  return entries;
}

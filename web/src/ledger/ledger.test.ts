import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { fromBase64, hex, toBase64, utf8, type Bytes } from './bytes';
import { treeOf, verifyCheckpoint, type Tree } from './checkpoint';
import { keyFrom, parseNote } from './note';
import { parsePolicy } from './policy';
import { readEntries, tilePath, verifyConsistency, verifyInclusion, type Read } from './tiles';
import { Growing, leafHash } from './tree';
import { LedgerError, type Wrong } from './wrong';
// A log as a server has served it; internal/ledger/vectors_test.go writes it and holds it against the server's own verifier.
import vectors from './vectors.json';

vi.setConfig({ testTimeout: 60_000 }); // thousands of hashes, on a machine that may be busy

const { key, checkpoints, fork } = vectors;
const policy = await parsePolicy(vectors.policy);
const last = checkpoints.at(-1)!;

/** As the server answers: a tile that is fuller now is given as far as it was asked for. */
const reading =
  (tiles: Partial<Record<string, string>>): Read =>
  (path) => {
    const [name, upto] = path.split('.p/');
    const tile = tiles[path] ?? tiles[name!] ?? Object.entries(tiles).find(([one]) => one.startsWith(`${name!}.p/`) && Number(one.split('.p/')[1]) >= Number(upto))?.[1];
    if (tile === undefined) return Promise.reject(new Error(`404 ${path}`));
    const bytes = fromBase64(tile);
    return Promise.resolve(upto === undefined || path.includes('entries') ? bytes : bytes.slice(0, Number(upto) * 32));
  };
const read = reading(vectors.tiles);
const readFork = reading(fork.tiles);

/** What is wrong, as whatever throws says. */
async function wrong(work: Promise<unknown>): Promise<Wrong | 'nothing' | 'unreadable'> {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    return error instanceof LedgerError ? error.wrong : 'unreadable';
  }
}
async function all(from: Read, size: number): Promise<Bytes[]> {
  const entries: Bytes[] = [];
  for await (const entry of readEntries(from, 0, size)) entries.push(entry);
  return entries;
}

test('what a server has signed, and two of its three witnesses, is taken', async () => {
  const found = await Promise.all(checkpoints.map((signed) => verifyCheckpoint(signed, key, policy)));
  expect(found.map(({ size }) => size)).toEqual([1, 2, 7, 100, 255, 256, 257, 300]);
  for (const { origin, witnesses, witnessed } of found) {
    expect(origin).toBe('quay.example.org/ledger');
    expect(witnesses.map(({ name, at }) => [name, at !== undefined])).toEqual([['east', true], ['west', true], ['north', false]]);
    expect(witnessed).toBe(Math.min(...witnesses.flatMap(({ at }) => at ?? [])));
  }
});

test('a checkpoint without the signatures that it must have is refused', async () => {
  const lines = (signed: string) => signed.split('\n\n')[1]!.trimEnd().split('\n');
  const without = (n: number) => `${last.split('\n\n')[0]!}\n\n${lines(last).filter((_, i) => i !== n).join('\n')}\n`;
  expect(await wrong(verifyCheckpoint(without(0), key, policy))).toBe('signature');
  expect(await wrong(verifyCheckpoint(without(1), key, policy))).toBe('witnesses');
  expect(await wrong(verifyCheckpoint(without(2), key, policy))).toBe('witnesses');
  expect(await wrong(verifyCheckpoint(without(1), key))).toBe('nothing');
  expect(await wrong(verifyCheckpoint(fork.checkpoint, key, policy))).toBe('witnesses');
  expect(await wrong(verifyCheckpoint(fork.checkpoint, key))).toBe('nothing');
  // The same one twice is one.
  const twice = `${last.split('\n\n')[0]!}\n\n${[lines(last)[0], lines(last)[1], lines(last)[1]].join('\n')}\n`;
  expect(await wrong(verifyCheckpoint(twice, key, policy))).toBe('witnesses');
  // Signatures of an earlier checkpoint.
  const moved = `${last.split('\n\n')[0]!}\n\n${lines(checkpoints[3]!).join('\n')}\n`;
  expect(await wrong(verifyCheckpoint(moved, key, policy))).toBe('signature');
  const mixed = `${last.split('\n\n')[0]!}\n\n${[lines(last)[0], ...lines(checkpoints[3]!).slice(1)].join('\n')}\n`;
  expect(await wrong(verifyCheckpoint(mixed, key, policy))).toBe('signature');
});

test('a checkpoint with one byte changed is refused wherever it is', async () => {
  // In a signature, the bytes that say whose it is change it into that of a stranger, which counts for nobody.
  for (let i = 0; i < last.length; i += 3) {
    const other = last[i] === 'A' ? 'B' : 'A';
    const changed = last.slice(0, i) + other + last.slice(i + 1);
    expect(['form', 'signature', 'witnesses'], `at ${i}`).toContain(await wrong(verifyCheckpoint(changed, key, policy)));
  }
});

test('the time of a witness is under its signature', async () => {
  const line = last.split('\n').find((one) => one.startsWith('— east'))!;
  const bytes = fromBase64(line.split(' ')[2]!);
  bytes[11]! ^= 1; // the last byte of the time
  expect(await wrong(verifyCheckpoint(last.replace(line, `— east.example.org ${toBase64(bytes)}`), key, policy))).toBe('signature');
});

test('another key of the same name is another log', async () => {
  const bytes = fromBase64(key.split('+').slice(2).join('+'));
  bytes[5]! ^= 1;
  const id = createHash('sha256').update('quay.example.org/ledger\n').update(bytes).digest('hex').slice(0, 8);
  expect(await wrong(verifyCheckpoint(last, `quay.example.org/ledger+${id}+${toBase64(bytes)}`))).toBe('signature');
  expect(await wrong(keyFrom(`quay.example.org/ledger+${id}+${key.split('+').slice(2).join('+')}`))).toBe('form');
  expect(await wrong(verifyCheckpoint(last, key.replace('quay', 'pier')))).toBe('form');
});

test('what is no note and no checkpoint is refused', async () => {
  const sig = '— a AAAAAAAA';
  for (const text of ['', 'a\n1\nA\n', 'a\n\n', 'a\n\n\n', `a\n\n${sig}`, `a\n\n— a+b AAAAAAAA\n`, `a\n\n- a AAAAAAAA\n`, `a\n\n${sig} x\n`, `a\n\n— a AAAA\n`, `a\r\n\n${sig}\n`, `a\0\n\n${sig}\n`, `a\n\n${`${sig}\n`.repeat(101)}`]) {
    expect(await wrong(Promise.resolve().then(() => parseNote(text))), JSON.stringify(text)).toBe('form');
  }
  const hash = toBase64(new Uint8Array(32));
  for (const text of [`a\n01\n${hash}\n`, `a\n-1\n${hash}\n`, `a\n9007199254740993\n${hash}\n`, `a\n1\n${hash.slice(4)}\n`, `a\n1\n${hash}`, `a\n1\n${hash}\n\n`, `\n1\n${hash}\n`, `a\n1\n`]) {
    expect(await wrong(Promise.resolve().then(() => treeOf(text))), JSON.stringify(text)).toBe('form');
  }
  expect(treeOf(`a\n1\n${hash}\nmore\n`).size).toBe(1);
});

test('a policy is read as the server reads it', async () => {
  const witness = (name: string) => vectors.policy.split('\n').find((line) => line.startsWith(`witness ${name} `))!;
  const [east, west] = [witness('east'), witness('west')];
  for (const text of ['', 'quorum none\nquorum none\n', 'quorum east\n', `${east}\n${east}\nquorum east\n`, `${east}\n${east.replace(' east ', ' other ')}\nquorum none\n`, `${east}\ngroup g 2 east\nquorum g\n`,
    `${east}\ngroup g 0 east\nquorum g\n`, `${east}\ngroup g any\nquorum g\n`, `group g any east\n${east}\nquorum g\n`, `witness log ${key}\nquorum none\n`, 'nonsense 1\nquorum none\n']) {
    expect(await wrong(parsePolicy(text)), text).toBe('form');
  }
  const nested = await parsePolicy(`log ${key}\n${east} # outside\n${west}\n\ngroup one any east west\ngroup both all one east\nquorum both\n`);
  expect(nested.enough(({ name }) => name === 'east')).toBe(true);
  expect(nested.enough(({ name }) => name === 'west')).toBe(false);
  expect((await parsePolicy('quorum none\n')).witnesses).toEqual([]);
});

test('every entry is under its own number, and under no other, in whatever size of the tree', async () => {
  const entries = await all(read, 300);
  for (const signed of checkpoints) {
    const tree = treeOf(signed.split('\n\n')[0]! + '\n');
    for (const index of [0, 1, 6, 128, 255, 256, 299]) {
      const other = entries[index === 0 ? 1 : 0]!;
      expect(await wrong(verifyInclusion(read, tree, index, entries[index]!)), `${index} of ${tree.size}`).toBe(index < tree.size ? 'nothing' : 'hash');
      expect(await wrong(verifyInclusion(read, tree, index, other)), `${index} of ${tree.size}`).toBe('hash');
    }
  }
});

test('each earlier checkpoint is the beginning of each later one, and not of a fork', async () => {
  const trees = checkpoints.map((signed) => treeOf(signed.split('\n\n')[0]! + '\n'));
  const forked = treeOf(fork.checkpoint.split('\n\n')[0]! + '\n');
  for (const earlier of trees) {
    for (const tree of trees) expect(await wrong(verifyConsistency(read, earlier, tree)), `${earlier.size} in ${tree.size}`).toBe(earlier.size <= tree.size ? 'nothing' : 'shorter');
    expect(await wrong(verifyConsistency(readFork, earlier, forked)), `${earlier.size} in the fork`).toBe(earlier.size <= fork.begins ? 'nothing' : 'hash');
    // With tiles of the true log it does not become one.
    if (earlier.size > 1) expect(await wrong(verifyConsistency(read, earlier, { ...forked, size: 300 })), `${earlier.size}`).toBe('hash');
  }
  expect(await wrong(verifyConsistency(read, trees[7]!, { ...trees[7]!, hash: forked.hash }))).toBe('hash');
});

test('tiles that are changed or cut off prove nothing', async () => {
  const tree = treeOf(last.split('\n\n')[0]! + '\n');
  const earlier = treeOf(checkpoints[3]!.split('\n\n')[0]! + '\n');
  const [entry] = await all(read, 1);
  const changed = (at: number): Read => async (path) => {
    const tile = await read(path);
    if (path === 'tile/0/000') tile[at]! ^= 1;
    return tile;
  };
  expect(await wrong(verifyInclusion(changed(32), tree, 0, entry!))).toBe('hash');
  expect(await wrong(verifyConsistency(changed(32 * 97), earlier, tree))).toBe('hash');
  expect(await wrong(verifyInclusion(async (path) => (await read(path)).slice(1), tree, 0, entry!))).toBe('form');
  expect(await wrong(verifyInclusion(async (path) => (await read(path)).slice(32), tree, 0, entry!))).toBe('form');
  expect(await wrong(verifyInclusion(() => Promise.reject(new Error('away')), tree, 0, entry!))).toBe('unreadable');
  for (const index of [-1, 0.5, 300]) expect(await wrong(verifyInclusion(read, tree, index, entry!))).toBe('hash');
});

test('of a tile that has become full a server may keep that alone', async () => {
  const full: Read = (path) => (path.includes('.p/') ? Promise.reject(new Error('404')) : read(path));
  const [earlier, tree] = [3, 4].map((n) => treeOf(checkpoints[n]!.split('\n\n')[0]! + '\n'));
  await verifyConsistency(full, earlier!, tree!);
  expect(await all(full, 100)).toHaveLength(100);
});

test('whoever has read all entries has checked them', async () => {
  const growing = new Growing();
  const byKind: Record<string, number> = {};
  let size = 0;
  for (const signed of checkpoints) {
    const tree = treeOf(signed.split('\n\n')[0]! + '\n');
    const going = new Growing(size, growing.parts); // as it was kept
    for await (const entry of readEntries(read, size, tree.size)) {
      await growing.add(await leafHash(entry));
      await going.add(await leafHash(entry));
      const { kind } = JSON.parse(new TextDecoder().decode(entry)) as { kind: string };
      byKind[kind] = (byKind[kind] ?? 0) + 1;
    }
    size = tree.size;
    expect(hex(await going.hash())).toBe(hex(tree.hash));
    expect(hex(await growing.hash())).toBe(hex(tree.hash));
  }
  expect(byKind).toEqual({ genesis: 1, policy: 299 });
  expect(() => new Growing(3, growing.parts.slice(0, 1))).toThrow(LedgerError);
  expect(hex(await new Growing().hash())).toBe(createHash('sha256').digest('hex'));
  const cut: Read = async (path) => (await read(path)).slice(0, -1);
  expect(await wrong(all(cut, 300))).toBe('form');
});

test('tiles have the names of the specification', () => {
  expect(tilePath(0, 0)).toBe('tile/0/000');
  expect(tilePath(1, 1_234_067)).toBe('tile/1/x001/x234/067');
  expect(tilePath('entries', 1000, 7)).toBe('tile/entries/x001/000.p/7');
  expect(tilePath(2, 999_999)).toBe('tile/2/x999/999');
});

test('in a tree of three floors of tiles', async () => {
  const size = 66_003;
  const sha = (...parts: Uint8Array[]) => Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest());
  const node = (a: Uint8Array, b: Uint8Array) => sha(Uint8Array.of(1), a, b);
  // All entries but these are the same, so that few hashes have to be made.
  const own = [0, 65_535, 65_536, 65_999, size - 1];
  const entry = (i: number) => utf8(own.includes(i) ? String(i) : 'x');
  const known = new Map<string, Uint8Array>();
  const over = (from: number, upto: number): Uint8Array => {
    const name = own.some((i) => i >= from && i < upto) ? `${from} ${upto}` : String(upto - from);
    let hash = known.get(name);
    if (hash !== undefined) return hash;
    let k = 1;
    while (k * 2 < upto - from) k *= 2;
    hash = upto - from === 1 ? sha(Uint8Array.of(0), entry(from)) : node(over(from, from + k), over(from + k, upto));
    known.set(name, hash);
    return hash;
  };
  const tiles: Read = (path) => {
    const [, level, n, upto = '256'] = /^tile\/(\d)\/(\d+)(?:\.p\/(\d+))?$/.exec(path) ?? [];
    const wide = 256 ** Number(level);
    const first = Number(n) * 256;
    if ((first + Number(upto)) * wide > size) return Promise.reject(new Error(`404 ${path}`));
    return Promise.resolve(Uint8Array.from(Buffer.concat(Array.from({ length: Number(upto) }, (_, i) => over((first + i) * wide, (first + i + 1) * wide)))));
  };
  const tree: Tree = { size, hash: Uint8Array.from(over(0, size)) };
  for (const index of own) {
    await verifyInclusion(tiles, tree, index, entry(index));
    expect(await wrong(verifyInclusion(tiles, tree, index, utf8('other')))).toBe('hash');
    expect(await wrong(verifyInclusion(tiles, tree, index === 0 ? 1 : index - 1, entry(index)))).toBe('hash');
  }
  for (const before of [1, 255, 4096, 65_535, 65_536, 65_537, 66_002]) {
    const hash = Uint8Array.from(over(0, before));
    await verifyConsistency(tiles, { size: before, hash }, tree);
    expect(await wrong(verifyConsistency(tiles, { size: before, hash: hash.map((byte) => byte ^ 1) }, tree))).toBe('hash');
  }
});

import { expect, test } from 'vitest';
import { fromBase64, toBase64, utf8 } from './bytes';
import { boundTo, boundToTags, noChains, readChains, tagOf } from './chains';
// Written, and held against the server's own verifier, by internal/ledger/identity_test.go.
import vectors from './chains.json';
import { treeOf, type Tree } from './checkpoint';
import type { Read } from './tiles';
import { Growing, leafHash } from './tree';
import { LedgerError, type Wrong } from './wrong';

const read: Read = (path) => {
  const tile = (vectors.tiles as Partial<Record<string, string>>)[path];
  return tile === undefined ? Promise.reject(new Error(`404 ${path}`)) : Promise.resolve(fromBase64(tile));
};
const trees = vectors.checkpoints.map((signed) => treeOf(`${signed.split('\n\n')[0]!}\n`));
const tagKey = fromBase64(vectors.tag_key);

async function wrong(work: Promise<unknown>): Promise<Wrong | 'nothing'> {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    if (error instanceof LedgerError) return error.wrong;
    throw error;
  }
}

test('the newest master key of everybody is found, read at once or as the log grows', async () => {
  const [first, second] = trees;
  const before = await readChains(read, first!);
  const chains = await readChains(read, second!, before);
  expect(chains).toEqual(await readChains(read, second!));
  expect(await readChains(read, second!, chains)).toEqual(chains);
  expect(chains.tags).toBe(await boundToTags(tagKey));
  expect(Object.keys(chains.last)).toHaveLength(2);
  const newest = new Map(vectors.people.map((one) => [one.user, one]));
  for (const one of vectors.people) {
    expect(await tagOf(tagKey, one.user)).toBe(one.tag);
    const bound = await boundTo(fromBase64(one.nonce), one.user, one.key);
    expect(chains.last[one.tag]?.key === bound).toBe(newest.get(one.user) === one);
    expect(chains.last[one.tag]?.key).not.toBe(await boundTo(fromBase64(one.nonce), one.user, 'another'));
  }
  expect(before.last[vectors.people[1]!.tag]?.number).toBe(1);
  expect(chains.last[vectors.people[1]!.tag]?.number).toBe(2);
});

test('another log, and one that lost entries, is refused', async () => {
  const [first, second] = trees;
  const chains = await readChains(read, second!);
  expect(await wrong(readChains(read, first!, chains))).toBe('shorter');
  expect(await wrong(readChains(read, { ...second!, hash: first!.hash }))).toBe('hash');
  expect(await wrong(readChains(read, { ...second!, hash: first!.hash }, chains))).toBe('hash');
  const other = { ...chains, parts: chains.parts.map(() => toBase64(first!.hash)) };
  expect(await wrong(readChains(read, second!, other))).toBe('hash');
});

/** A log of these entries. */
async function logOf(...entries: object[]): Promise<{ read: Read; tree: Tree }> {
  const growing = new Growing();
  const bundle: number[] = [];
  for (const one of entries) {
    const bytes = utf8(JSON.stringify({ v: 1, at: 1, ...one }));
    await growing.add(await leafHash(bytes));
    bundle.push(bytes.length >> 8, bytes.length & 255, ...bytes);
  }
  return { read: () => Promise.resolve(Uint8Array.from(bundle)), tree: { size: entries.length, hash: await growing.hash() } };
}

async function hashOf(entry: object): Promise<string> {
  return toBase64(await leafHash(utf8(JSON.stringify({ v: 1, at: 1, ...entry }))));
}

test('nobody has two chains, or one with a gap or a fork', async () => {
  const tags = (earlier = 0) => ({ kind: 'tags', body: { key: 'k', earlier } });
  const entry = (number: number, previous: string, more: object = {}) => ({ kind: 'identity', body: { tag: 't', key: `k${number}`, number, previous, earlier: false, ...more } });
  const first = entry(1, '');
  const second = entry(2, await hashOf(first));
  const cases: [what: string, fine: boolean, entries: object[]][] = [
    ['a chain', true, [tags(), first, { kind: 'policy', body: {} }, second]],
    ['one from before', true, [tags(1), entry(7, '', { earlier: true })]],
    ['two people', true, [tags(), first, entry(1, '', { tag: 'u' })]],
    ['a tag that is the name of something else', true, [tags(), entry(1, '', { tag: 'constructor' })]],
    ['no tags', false, [first]],
    ['tags twice', false, [tags(), tags()]],
    ['a second beginning', false, [tags(), first, first]],
    ['a second beginning from before', false, [tags(1), first, entry(3, '', { earlier: true })]],
    ['a gap', false, [tags(), first, entry(3, await hashOf(first))]],
    ['a fork', false, [tags(), first, second, entry(2, await hashOf(first), { key: 'ghost' })]],
    ['the next number behind another entry', false, [tags(), first, entry(2, await hashOf(tags()))]],
    ['one more from before', false, [tags(1), entry(7, '', { earlier: true }), entry(7, '', { earlier: true, tag: 'u' })]],
    ['a beginning in the middle', false, [tags(), entry(2, '')]],
    ['what follows nothing', false, [tags(), second]],
    ['no number', false, [tags(), entry(1, '', { number: '1' })]],
  ];
  for (const [what, fine, entries] of cases) {
    const log = await logOf(...entries);
    expect(await wrong(readChains(log.read, log.tree, noChains)), what).toBe(fine ? 'nothing' : 'form');
  }
});

test('a nonce and a key have their length', async () => {
  expect(await wrong(boundTo(new Uint8Array(33), '@lin:quay.example.org', 'k'))).toBe('form');
  expect(await wrong(tagOf(new Uint8Array(), '@lin:quay.example.org'))).toBe('form');
});

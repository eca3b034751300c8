import { expect, test, vi } from 'vitest';
import { fromBase64 } from '../ledger/bytes';
import type { Chains } from '../ledger/chains';
import vectors from '../ledger/chains.json';
import { treeOf, type Tree } from '../ledger/checkpoint';
import { Proofs, publicIn, type Openings } from './proven';

vi.mock('@matrix-org/matrix-sdk-crypto-wasm', () => ({ UserId: vi.fn() }));

const lin = '@lin:quay.example.org';
const mo = '@mo:quay.example.org';
const [moKey, firstKey, secondKey] = vectors.people.map((one) => one.key) as [string, string, string];
const [early, late] = vectors.checkpoints.map((signed) => treeOf(`${signed.split('\n\n')[0]!}\n`)) as unknown as [Tree, Tree];

/** A server that serves the log of the vectors, as far as it says, and gives out these keys as people's. */
function served(keys: Record<string, string | undefined>) {
  const is = { keys, upto: late, tree: undefined as Tree | 'unable' | undefined, entries: new Map<string, number>(), away: false, kept: undefined as Chains | undefined };
  const sources = {
    keyOf: vi.fn((userId: string) => Promise.resolve(is.keys[userId])),
    learn: vi.fn(() => Promise.resolve()),
    open: vi.fn((people: readonly string[]): Promise<Openings> => {
      if (is.away) return Promise.reject(new Error('no answer'));
      const all = vectors.people.filter((one) => people.includes(one.user));
      const under = all.filter((one) => one.entry < is.upto.size);
      return Promise.resolve({
        tagKey: vectors.tag_key,
        people: new Map(under.map((one) => [one.user, { number: one.entry, nonce: one.nonce }])),
        pending: new Set(all.filter((one) => one.entry >= is.upto.size).map((one) => one.user)),
      });
    }),
    tree: vi.fn(() => Promise.resolve(is.tree ?? is.upto)),
    read: (path: string) => {
      const tile = (vectors.tiles as Partial<Record<string, string>>)[path];
      return tile === undefined ? Promise.reject(new Error(`404 ${path}`)) : Promise.resolve(fromBase64(tile));
    },
    kept: () => Promise.resolve(is.kept),
    keep: (chains: Chains) => {
      is.kept = chains;
      return Promise.resolve();
    },
    wait: vi.fn(() => Promise.resolve()),
  };
  return { is, sources, proofs: new Proofs(sources) };
}

test('who is in the ledger with the newest key is written to, and asked about once', async () => {
  const { proofs, sources } = served({ [lin]: secondKey, [mo]: moKey, '@none:quay.example.org': undefined });
  expect(await proofs.unproven([lin, mo, '@none:quay.example.org'])).toEqual([]);
  expect(await proofs.unproven([mo, lin])).toEqual([]);
  expect(sources.open).toHaveBeenCalledExactlyOnceWith([lin, mo]);
  expect(sources.tree).toHaveBeenCalledOnce();
});

test('a key that is in no entry is not, and neither is an older one of the same person, or one of somebody else', async () => {
  for (const key of ['ghost', firstKey, moKey]) {
    const { proofs, sources } = served({ [lin]: key, [mo]: moKey });
    expect(await proofs.unproven([lin, mo]), key).toEqual([lin]);
    expect(sources.learn, key).toHaveBeenCalledExactlyOnceWith(lin);
    expect(await proofs.unproven([lin]), key).toEqual([lin]);
    expect(sources.learn, key).toHaveBeenCalledOnce();
  }
});

test('a key that is exchanged later is noticed when it is heard of', async () => {
  const { proofs, is } = served({ [lin]: secondKey });
  expect(await proofs.unproven([lin])).toEqual([]);
  is.keys[lin] = 'ghost';
  proofs.forget([lin]);
  expect(await proofs.unproven([lin])).toEqual([lin]);
  is.keys[lin] = secondKey;
  proofs.forget([lin]);
  expect(await proofs.unproven([lin])).toEqual([]);
});

test('a key that this device has not heard of yet is asked for', async () => {
  const { proofs, is, sources } = served({ [lin]: firstKey });
  sources.learn.mockImplementation(() => {
    is.keys[lin] = secondKey;
    return Promise.resolve();
  });
  expect(await proofs.unproven([lin])).toEqual([]);
});

test('a server that gives out another key each time is asked no further', async () => {
  const { proofs, is, sources } = served({ [lin]: 'ghost' });
  let n = 0;
  sources.learn.mockImplementation(() => {
    is.keys[lin] = `ghost ${++n}`;
    return Promise.resolve();
  });
  expect(await proofs.unproven([lin])).toEqual([lin]);
  expect(n).toBe(1);
});

test('an entry that no checkpoint covers yet is waited for, and not for ever', async () => {
  const { proofs, is, sources } = served({ [lin]: secondKey, [mo]: moKey });
  is.upto = early;
  expect(await proofs.unproven([mo, lin])).toEqual([lin]);
  expect(sources.wait.mock.calls.length).toBeGreaterThan(5);
  sources.wait.mockImplementation(() => {
    is.upto = late;
    return Promise.resolve();
  });
  expect(await proofs.unproven([lin])).toEqual([]);
});

test('what was read of the ledger is kept; it goes on from there, and another log that was accepted is read from its beginning', async () => {
  const before = served({ [mo]: moKey });
  before.is.upto = early;
  expect(await before.proofs.unproven([mo])).toEqual([]);
  const { proofs, is } = served({ [lin]: secondKey });
  is.kept = { ...before.is.kept!, parts: before.is.kept!.parts.map(() => vectors.people[0]!.nonce) };
  expect(await proofs.unproven([lin])).toEqual([]);
  expect(is.kept.size).toBe(late.size);
});

test('nothing is proven by a ledger that is not right, or by a server that does not answer', async () => {
  const wrong = served({ [lin]: secondKey });
  wrong.is.tree = { size: late.size, hash: early.hash };
  expect(await wrong.proofs.unproven([lin])).toEqual([lin]);
  expect(wrong.is.kept).toBeUndefined();
  const away = served({ [lin]: secondKey });
  away.is.away = true;
  await expect(away.proofs.unproven([lin])).rejects.toThrow('no answer');
  away.is.away = false;
  expect(await away.proofs.unproven([lin])).toEqual([]);
});

test('another key of tags, and a nonce that is none, open nothing', async () => {
  for (const change of [{ tagKey: vectors.people[0]!.nonce }, { tagKey: '' }, { people: new Map([[lin, { number: 0, nonce: 'none' }]]) }]) {
    const { proofs, sources } = served({ [lin]: secondKey });
    const open = sources.open.getMockImplementation()!;
    sources.open.mockImplementation(async (people) => ({ ...(await open(people)), ...change }));
    expect(await proofs.unproven([lin])).toEqual([lin]);
  }
});

test('a browser that can check no ledger holds nobody up', async () => {
  const { proofs, is } = served({ [lin]: 'ghost' });
  is.tree = 'unable';
  expect(await proofs.unproven([lin])).toEqual([]);
});

test('the public key is found in what the crypto library writes', () => {
  expect(publicIn('{"user_id":"@a:b","usage":["master"],"keys":{"ed25519:abc":"abc"}}')).toBe('abc');
  expect(publicIn('{}')).toBeUndefined();
});

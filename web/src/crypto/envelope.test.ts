import { expect, test } from 'vitest';
import { canonicalJson } from './canonical';
import { chainAfter, contentHash, emptyChain, envelopeKey, eventsDigest, newRun, nextEnvelope, readEnvelope, withEnvelope, type Content } from './envelope';

test('canonical JSON: keys by code point, no spaces, nothing left undefined, whole numbers only', () => {
  expect(canonicalJson({ b: 1, a: [true, null, 'é"'], '日': { z: '', y: undefined } })).toBe('{"a":[true,null,"é\\""],"b":1,"日":{"z":""}}');
  expect(canonicalJson({ '\u{1f600}': 1, '\ufb01': 2 })).toBe('{"\ufb01":2,"\u{1f600}":1}');
  expect(() => canonicalJson({ a: 1.5 })).toThrow(RangeError);
  expect(() => canonicalJson({ a: 2 ** 53 })).toThrow(RangeError);
});

test('the hash is SHA-256 of the canonical form in base64url', async () => {
  // printf '{"body":"a","msgtype":"m.text"}' | openssl dgst -sha256 -binary | basenc --base64url
  expect(await contentHash({ msgtype: 'm.text', body: 'a' })).toBe('nd_MjN10ZS1DzXx2zwILxs9by9lPq-MkzVZY48Fw_cc');
});

test('the digest of events is the first half of SHA-256 over their ids, a line each', async () => {
  // printf '$a\n$b\n' | openssl dgst -sha256 -binary | head -c 16 | basenc --base64url
  expect(await eventsDigest(['$a', '$b'])).toBe('gK7ioHem6sPG61lpOQOuCQ');
  expect(await eventsDigest(['$b', '$a'])).not.toBe(await eventsDigest(['$a', '$b']));
});

test('each envelope names the one before it, and the first of a run the last that an earlier run has stored', async () => {
  const first = withEnvelope({ msgtype: 'm.text', body: '一' }, nextEnvelope(emptyChain, 'run', 'DEV', '', 'zh-Hans'));
  expect(readEnvelope(first)).toEqual({ v: 1, device: 'DEV', run: 'run', n: 1, prev: '', seen: '', lang: 'zh-Hans' });
  const chain = await chainAfter(first);
  const second = withEnvelope({ msgtype: 'm.text', body: '二' }, nextEnvelope(chain, 'run', 'DEV', '$first'));
  expect(readEnvelope(second)).toEqual({ v: 1, device: 'DEV', run: 'run', n: 2, prev: await contentHash(first), seen: '$first' });
  const third = nextEnvelope(await chainAfter(second), 'later', 'DEV', '');
  expect(third).toEqual({ v: 1, device: 'DEV', run: 'later', n: 1, prev: await contentHash(second), after: { run: 'run', n: 2 }, seen: '' });
});

test('no two runs have the same name', () => {
  const names = Array.from({ length: 100 }, newRun);
  expect(new Set(names).size).toBe(100);
  expect(names.every((name) => /^[\w-]{16}$/.test(name))).toBe(true);
});

test('a change of anything inside changes the hash, the envelope included', async () => {
  const content = withEnvelope({ body: 'a' }, nextEnvelope(emptyChain, 'run', 'DEV', ''));
  const other: Content = { ...content, [envelopeKey]: { ...readEnvelope(content), seen: '$other' } };
  expect(await contentHash(other)).not.toBe(await contentHash(content));
});

test('what is not an envelope in good form is none', () => {
  const good = { v: 1, device: 'D', n: 1, prev: '', seen: '' };
  expect(readEnvelope({ [envelopeKey]: good })).toEqual(good); // by an earlier client
  for (const bad of [undefined, null, 7, {}, { v: 2 }, { v: 1, device: 'D', n: '1', prev: '', seen: '' }, { v: 1, device: 'D', n: 1, prev: '', seen: '', lang: 7 }, { ...good, run: 7 }, { ...good, n: 0 }, { ...good, between: 7 }, { ...good, after: { n: 1 } }, { ...good, after: { run: 'a', n: -1 } }]) {
    expect(readEnvelope({ [envelopeKey]: bad })).toBeUndefined();
  }
});

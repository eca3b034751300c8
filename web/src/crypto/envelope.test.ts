import { expect, test } from 'vitest';
import { canonicalJson } from './canonical';
import { chainAfter, contentHash, emptyChain, envelopeKey, nextEnvelope, readEnvelope, withEnvelope, type Content } from './envelope';

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

test('each envelope names the one before it', async () => {
  const first = withEnvelope({ msgtype: 'm.text', body: '一' }, nextEnvelope(emptyChain, 'DEV', '', 'zh-Hans'));
  expect(readEnvelope(first)).toEqual({ v: 1, device: 'DEV', n: 1, prev: '', seen: '', lang: 'zh-Hans' });
  const chain = await chainAfter(first);
  const second = withEnvelope({ msgtype: 'm.text', body: '二' }, nextEnvelope(chain, 'DEV', '$first'));
  expect(readEnvelope(second)).toEqual({ v: 1, device: 'DEV', n: 2, prev: await contentHash(first), seen: '$first' });
});

test('a change of anything inside changes the hash, the envelope included', async () => {
  const content = withEnvelope({ body: 'a' }, nextEnvelope(emptyChain, 'DEV', ''));
  const other: Content = { ...content, [envelopeKey]: { ...readEnvelope(content), seen: '$other' } };
  expect(await contentHash(other)).not.toBe(await contentHash(content));
});

test('what is not an envelope in good form is none', () => {
  for (const bad of [undefined, null, 7, {}, { v: 2 }, { v: 1, device: 'D', n: '1', prev: '', seen: '' }, { v: 1, device: 'D', n: 1, prev: '', seen: '', lang: 7 }]) {
    expect(readEnvelope({ [envelopeKey]: bad })).toBeUndefined();
  }
});

import type { MatrixClient } from 'matrix-js-sdk';
import { beforeAll, expect, test } from 'vitest';
import { nextEnvelope, readEnvelope, withEnvelope, type Content } from './envelope';
import { onFromDevices, signatureOf, signed } from './handing';

const base64 = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
const content = withEnvelope({ msgtype: 'm.text', body: '三楼' }, nextEnvelope({ n: 0, prev: '' }, 'run', 'DEV', '$1'));
let pair: CryptoKeyPair;
let fingerprint: string;
beforeAll(async () => {
  pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  fingerprint = base64(await crypto.subtle.exportKey('raw', pair.publicKey));
});

/** A client whose device DEV has the key; whether its owner has signed it, and whether their identity changed. */
function client({ owned = true, changed = false, identity = 'curve' } = {}) {
  const listeners: ((message: object) => void)[] = [];
  const device = { getFingerprint: () => fingerprint, getIdentityKey: () => identity };
  const machine = {
    olmMachine: {
      sign: async (text: string) => {
        const sig = base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text)));
        return { asJSON: () => JSON.stringify({ '@lin:x': { 'ed25519:DEV': sig, 'ed25519:master': 'another' } }) };
      },
    },
    getUserDeviceInfo: (ids: string[]) => Promise.resolve(new Map(ids.map((id) => [id, new Map(id === '@lin:x' ? [['DEV', device]] : [])]))),
    getDeviceVerificationStatus: () => Promise.resolve({ signedByOwner: owned }),
    getUserVerificationStatus: () => Promise.resolve({ isCrossSigningVerified: () => false, wasCrossSigningVerified: () => changed, needsUserApproval: false, known: true }),
  };
  const it = { getCrypto: () => machine, getSafeUserId: () => '@lin:x', on: (_: string, listener: (message: object) => void) => listeners.push(listener), off: () => listeners.splice(0) };
  return { client: it as unknown as MatrixClient, tell: (message: object) => listeners.forEach((listener) => listener(message)) };
}

test('a device signs what it sends, and anybody who knows its key can check that', async () => {
  const { client: lin } = client();
  const whole = await signed(lin, content);
  expect(readEnvelope(whole)?.sig).toMatch(/^[\w+/]{86}$/);
  expect(await signed(lin, whole)).toEqual(whole); // the same gives the same
  expect(await signatureOf(lin, '@lin:x', whole)).toBe('good');
  expect(await signatureOf(lin, '@lin:x', { ...whole, body: '四楼' })).toBe('false');
  expect(await signatureOf(lin, '@lin:x', content)).toBeUndefined();
  expect(await signatureOf(lin, '@eve:x', whole)).toBeUndefined(); // she has no such device
  expect(await signatureOf(client({ owned: false }).client, '@lin:x', whole)).toBeUndefined(); // anybody may have added it
});

test('only what came encrypted from a device that its owner has signed is heard', async () => {
  const heard = async (options: Parameters<typeof client>[0], info: object | null, type = 'ask'): Promise<Content[]> => {
    const { client: lin, tell } = client(options);
    const all: Content[] = [];
    onFromDevices(lin, ['ask'], (_, __, content) => all.push(content as Content));
    tell({ message: { type, sender: '@lin:x', content: { a: 1 } }, encryptionInfo: info });
    for (let n = 0; n < 20; n++) await Promise.resolve();
    return all;
  };
  const info = { sender: '@lin:x', senderDevice: 'DEV', senderCurve25519KeyBase64: 'curve', senderVerified: false };
  expect(await heard({}, info)).toEqual([{ a: 1 }]);
  expect(await heard({}, null)).toEqual([]);
  expect(await heard({}, { ...info, sender: '@eve:x' })).toEqual([]);
  expect(await heard({}, { ...info, senderCurve25519KeyBase64: 'another' })).toEqual([]);
  expect(await heard({ owned: false }, info)).toEqual([]);
  expect(await heard({ changed: true }, info)).toEqual([]);
  expect(await heard({}, info, 'other')).toEqual([]);
});

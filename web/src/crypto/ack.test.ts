import { initAsync } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { MatrixClient } from 'matrix-js-sdk';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ackType, canVerify, openAck, sendAcks, type Letter } from './ack';

const [lin, mio] = ['@lin:port', '@mio:port'];
const rooms = { '!r:port': { run: [[1, 4]] } };
/** What the last test did to the world. */
let world: { signedByOwner: boolean; known: boolean; curve: string; session: boolean };
let sign: (text: string) => Promise<string>;
let ed25519: string;
let sent: { to: string; device: string; type: string; content: Record<string, unknown> }[];

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, '');

beforeAll(async () => {
  await initAsync();
  const { privateKey, publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  ed25519 = base64(await crypto.subtle.exportKey('raw', publicKey));
  sign = async (text) => base64(await crypto.subtle.sign('Ed25519', privateKey, new TextEncoder().encode(text)));
});
beforeEach(() => {
  world = { signedByOwner: true, known: true, curve: 'curve of M1', session: true };
  sent = [];
});

/** The client at a device: of Mio’s device M1 it knows the keys. */
function at(user: string, device: string): MatrixClient {
  const theirs = {
    deviceId: 'M1',
    isDehydrated: false,
    isCrossSignedByOwner: () => world.signedByOwner,
    ed25519Key: { toBase64: () => ed25519 },
    curve25519Key: { toBase64: () => world.curve },
  };
  const here = { ...theirs, deviceId: 'L1' };
  const olmMachine = {
    sign: async (text: string) => {
      const sig = await sign(text);
      return { asJSON: () => JSON.stringify({ [user]: { [`ed25519:${device}`]: sig } }) };
    },
    getDevice: () => Promise.resolve(world.known ? theirs : undefined),
    getUserDevices: () => Promise.resolve({ devices: () => [here] }),
  };
  const crypto = {
    olmMachine,
    // What it would encrypt is told in clear, to be looked at.
    encryptToDeviceMessages: (type: string, to: { userId: string; deviceId: string }[], content: Record<string, unknown>) =>
      world.session ? Promise.resolve({ eventType: 'm.room.encrypted', batch: to.map((one) => ({ ...one, payload: { type, content } })) }) : Promise.reject(new Error('no session')),
  };
  const sendToDevice = vi.fn((outer: string, map: Map<string, Map<string, { type: string; content: Record<string, unknown> }>>) => {
    expect(outer).toBe('m.room.encrypted');
    for (const [to, devices] of map) for (const [name, { type, content }] of devices) sent.push({ to, device: name, type, content });
    return Promise.resolve({});
  });
  return { getSafeUserId: () => user, getDeviceId: () => device, getCrypto: () => crypto, sendToDevice } as unknown as MatrixClient;
}

const letter: Letter = { user: lin, device: 'L1', rooms };
async function answered(): Promise<Record<string, unknown>> {
  expect(await sendAcks(at(mio, 'M1'), [letter])).toEqual([letter]);
  return sent[0]!.content;
}
const received = (content: Record<string, unknown>, sender = mio, info: object | null = {}) => ({
  message: { type: ackType, sender, content },
  encryptionInfo: info === null ? null : { sender: mio, senderDevice: 'M1', senderCurve25519KeyBase64: 'curve of M1', ...info },
});

test('what a device says of itself, encrypted and signed, is believed', async () => {
  expect(await canVerify()).toBe(true);
  const said = await answered();
  expect(sent).toEqual([{ to: lin, device: 'L1', type: ackType, content: said }]);
  expect(await openAck(at(lin, 'L1'), received(said))).toEqual({ user: mio, device: 'M1', rooms });
});

test('what came in clear is not believed, whoever the server says it is from', async () => {
  expect(await openAck(at(lin, 'L1'), received(await answered(), mio, null))).toBeUndefined();
});

test('what another device encrypted is not believed, though it repeats a good answer', async () => {
  const said = await answered();
  const here = at(lin, 'L1');
  for (const info of [{ senderDevice: 'M2' }, { senderDevice: undefined }, { sender: '@ben:port' }, { sender: '@ben:port', senderDevice: 'B1' }, { senderCurve25519KeyBase64: 'another' }]) {
    expect(await openAck(here, received(said, mio, info))).toBeUndefined();
  }
  expect(await openAck(here, received(said, '@ben:port', { sender: '@ben:port' }))).toBeUndefined();
});

test('a device that its owner has not signed confirms nothing, nor one that is not known', async () => {
  const said = await answered();
  world.signedByOwner = false;
  expect(await openAck(at(lin, 'L1'), received(said))).toBeUndefined();
  world.signedByOwner = true;
  expect(await openAck(at(lin, 'L1'), received(said))).toBeDefined();
  world.known = false;
  expect(await openAck(at(lin, 'L1'), received(said))).toBeUndefined();
});

test('what was changed, or is for another device, is not believed', async () => {
  const said = await answered();
  const here = at(lin, 'L1');
  const changes = [{ rooms: { '!r:port': { run: [[1, 5]] } } }, { sig: `${String(said['sig']).slice(0, -4)}AAAA` }, { sig: 7 }, { sig: '*' }, { by: '@ben:port' }, { device: 'M2' }, { to: mio }, { at: 'L2' }, { v: 2 }, { rooms: [] }, { rooms: null }];
  for (const change of changes) expect(await openAck(here, received({ ...said, ...change })), JSON.stringify(change)).toBeUndefined();
  expect(await openAck(at(lin, 'L2'), received(said))).toBeUndefined();
  expect(await openAck(here, { ...received(said), message: { ...received(said).message, type: 'org.wardroom.other' } })).toBeUndefined();
});

test('a device that is none any more is not written to; one that cannot be reached is written to later', async () => {
  const gone = { ...letter, device: 'OLD' };
  world.session = false;
  expect(await sendAcks(at(mio, 'M1'), [gone, letter])).toEqual([gone]);
  expect(sent).toEqual([]);
});

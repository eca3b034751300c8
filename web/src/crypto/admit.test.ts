import { Direction, type MatrixClient } from 'matrix-js-sdk';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { device, KeyServer, keysChanged, newIdentity, tell } from '../../test/office';
import { admissionsType, roomIdOf } from './admission';
import { founding, guardOf, onlyAdmitted, sayAdmission, waitingFor } from './admit';
import type { Json } from './canonical';
import { encrypt } from './encrypt';
import { proveWith, type Proofs } from './proven';

const [lin, mio, sora, eve] = ['@lin:port', '@mio:port', '@sora:port', '@eve:port'];

// Making keys takes its time where much else is going on.
const patience = 60_000;

let server: KeyServer;
let clients: Map<string, MatrixClient>;
let roomId: string;
let create: Record<string, Json>;
let at = 1_764_000_000_000;

function client(user: string): MatrixClient {
  return clients.get(user)!;
}

/** Tells everybody a piece of the room's state. */
async function told(sender: string, type: string, key: string, content: object, time = 1): Promise<void> {
  for (const one of clients.values()) await tell(one, roomId, sender, type, key, content, time);
}

function joins(user: string): Promise<void> {
  return told(user, 'm.room.member', user, { membership: 'join' });
}

async function letsIn(by: string, user: string): Promise<void> {
  await sayAdmission(client(by), roomId, { user }, (content) => told(by, admissionsType, by, content));
}

/** How many keys each person is sent for one message. */
async function keysOf(by: string, ...users: string[]): Promise<number[]> {
  await client(by).getCrypto()!.forceDiscardSession(roomId);
  const before = new Map(server.sent);
  await encrypt(client(by), roomId, 'm.room.message', { body: 'x' });
  return users.map((user) => (server.sent.get(user) ?? 0) - (before.get(user) ?? 0));
}

async function outside(by: string, ...users: string[]): Promise<(string | undefined)[] | undefined> {
  const guard = await guardOf(client(by), client(by).getRoom(roomId)!, users);
  return guard && users.map((user) => guard.outside.find((one) => one.userId === user)?.why);
}

beforeAll(async () => {
  server = new KeyServer();
  clients = new Map();
  for (const user of [lin, mio, sora, eve]) clients.set(user, await device(server, user, 'DEV'));
  for (const one of clients.values()) {
    onlyAdmitted(one);
    proveWith(one, { unproven: () => Promise.resolve([]) } as unknown as Proofs); // of these, proven.test.ts says what they do
    await keysChanged(one, lin, mio, sora, eve);
  }
}, patience);

beforeEach(async () => {
  at++; // another room
  create = { room_version: '12', ...(await founding(client(lin))) } as unknown as Record<string, Json>;
  roomId = await roomIdOf({ sender: lin, at, content: create });
  await told(lin, 'm.room.create', '', create, at);
  await told(lin, 'm.room.encryption', '', { algorithm: 'm.megolm.v1.aes-sha2' });
  for (const user of [lin, mio]) await joins(user);
  await letsIn(lin, mio);
}, patience);

test('who was let in gets keys, on both sides, and lets others in', { timeout: patience }, async () => {
  expect(await keysOf(lin, mio)).toEqual([1]);
  expect(await keysOf(mio, lin)).toEqual([1]);
  await letsIn(mio, sora);
  await joins(sora);
  expect(await outside(lin, mio, sora)).toEqual([undefined, undefined]);
  expect(await keysOf(lin, mio, sora)).toEqual([1, 1]);
});

test('the server adds a device: it gets no keys, and its owner’s own gets them', { timeout: patience }, async () => {
  await device(server, mio, 'ADDED', false);
  await keysChanged(client(lin), mio);
  expect(await keysOf(lin, mio)).toEqual([1]);
});

test('the server adds somebody: no keys for them, and they are named', { timeout: patience }, async () => {
  await joins(eve);
  expect(await keysOf(lin, mio, eve)).toEqual([1, 0]);
  expect(await keysOf(mio, lin, eve)).toEqual([1, 0]);
  expect(await outside(lin, mio, eve)).toEqual([undefined, 'nobody']);
  // Not on the way that the library goes while somebody types either.
  const before = server.sent.get(eve);
  client(lin).getCrypto()!.prepareToEncrypt(client(lin).getRoom(roomId)!);
  await keysOf(lin, mio);
  expect(server.sent.get(eve)).toBe(before);
  await letsIn(lin, eve);
  expect(await keysOf(mio, lin, eve)).toEqual([1, 1]);
  expect(await outside(mio, lin, eve)).toEqual([undefined, undefined]);
});

test('the server says that somebody was let in: by themself, in another room, instead of somebody else, under another name', { timeout: patience }, async () => {
  await joins(eve);
  await letsIn(lin, sora);
  const good = client(lin).getRoom(roomId)!.getLiveTimeline().getState(Direction.Forward)!.getStateEvents(admissionsType, lin)!.getContent();
  const other = '!another';
  let replayed: object = {};
  await tell(client(lin), other, lin, 'm.room.create', '', create, at);
  await sayAdmission(client(lin), other, { user: eve }, (content) => Promise.resolve(void (replayed = content)));
  await letsIn(eve, eve);
  for (const [sender, forged] of [
    [lin, { ...good, of: (good['of'] as { user: string }[]).map((one) => ({ ...one, user: eve })) }],
    [lin, replayed],
    [lin, { ...replayed, room: roomId }],
    [mio, good],
    [lin, { ...good, sig: 'x' }],
  ] as const) {
    await tell(client(mio), roomId, sender, admissionsType, sender, forged);
    expect(await outside(mio, eve)).toEqual(['nobody']);
    expect(await keysOf(mio, eve)).toEqual([0]);
  }
});

test('the server puts another identity in the place of somebody’s: nothing until somebody lets them in with it', { timeout: patience }, async () => {
  const una = '@una:port';
  await device(server, una, 'DEV');
  await letsIn(lin, una);
  await tell(client(lin), roomId, una, 'm.room.member', una, { membership: 'join' });
  expect(await keysOf(lin, una)).toEqual([1]);
  const theirs = await device(server, una, 'THEIRS', false);
  await newIdentity(theirs);
  await keysChanged(client(lin), una);
  expect(await outside(lin, una)).toEqual(['otherKey']);
  expect(await keysOf(lin, una)).toEqual([0]);
  await letsIn(lin, una);
  expect(await outside(lin, una)).toEqual([undefined]);
  expect(await keysOf(lin, una)).toEqual([1]);
});

test('who was put out and is back by the server’s word alone gets nothing', { timeout: patience }, async () => {
  await letsIn(lin, sora);
  await joins(sora);
  expect(await keysOf(mio, sora)).toEqual([1]);
  await sayAdmission(client(mio), roomId, { user: sora, out: true }, (content) => told(mio, admissionsType, mio, content));
  expect(await guardOf(client(lin), client(lin).getRoom(roomId)!, [sora])).toEqual({ only: true, outside: [{ userId: sora, why: 'out', by: mio }] });
  await letsIn(sora, eve);
  await joins(eve);
  expect(await keysOf(lin, sora, eve)).toEqual([0, 0]);
});

test('the server changes what the room’s maker said: nobody gets anything', { timeout: patience }, async () => {
  for (const changed of [{ room_version: '12' }, { ...create, 'org.wardroom.clients': { ...(create['org.wardroom.clients'] as object), only: false } }]) {
    await tell(client(lin), roomId, lin, 'm.room.create', '', changed, at);
    expect(await outside(lin, mio)).toEqual(['forged']);
    expect(await keysOf(lin, mio)).toEqual([0]);
  }
  await tell(client(lin), roomId, eve, 'm.room.create', '', create, at);
  expect(await keysOf(lin, mio)).toEqual([0]);
});

test('a room that is not under these rules is as the server says, and a room that only says it keeps nothing back', { timeout: patience }, async () => {
  const open = { room_version: '12' };
  roomId = await roomIdOf({ sender: lin, at, content: open });
  await told(lin, 'm.room.create', '', open, at);
  await told(lin, 'm.room.encryption', '', { algorithm: 'm.megolm.v1.aes-sha2' });
  for (const user of [lin, eve]) await joins(user);
  expect(await outside(lin, eve)).toBeUndefined();
  expect(await keysOf(lin, eve)).toEqual([1]);
  const said: object[] = [];
  await sayAdmission(client(lin), roomId, { user: eve }, (content) => Promise.resolve(void said.push(content)));
  expect(said).toEqual([]);

  const telling = { ...create, 'org.wardroom.clients': { ...(create['org.wardroom.clients'] as object), only: false } };
  roomId = await roomIdOf({ sender: lin, at, content: telling });
  await told(lin, 'm.room.create', '', telling, at);
  await told(lin, 'm.room.encryption', '', { algorithm: 'm.megolm.v1.aes-sha2' });
  for (const user of [lin, eve]) await joins(user);
  expect(await outside(lin, eve)).toEqual(['nobody']);
  expect(await keysOf(lin, eve)).toEqual([1]);
});

test('where a room is replaced, who was in comes over, and nobody else', { timeout: patience }, async () => {
  const old = roomId;
  const next = { ...create, predecessor: { room_id: old } };
  roomId = await roomIdOf({ sender: mio, at, content: next });
  await told(mio, 'm.room.create', '', next, at);
  await told(mio, 'm.room.encryption', '', { algorithm: 'm.megolm.v1.aes-sha2' });
  for (const user of [lin, mio, eve]) await joins(user);
  expect(await outside(lin, mio, eve)).toEqual([undefined, 'nobody']);
  expect(await keysOf(lin, mio, eve)).toEqual([1, 0]);
  // A room that says less about itself is under the rules of the one that it replaces.
  const less = { room_version: '12', predecessor: { room_id: old } };
  roomId = await roomIdOf({ sender: mio, at, content: less });
  await told(mio, 'm.room.create', '', less, at);
  await told(mio, 'm.room.encryption', '', { algorithm: 'm.megolm.v1.aes-sha2' });
  for (const user of [lin, mio, eve]) await joins(user);
  expect(await keysOf(lin, mio, eve)).toEqual([1, 0]);
});

test('who has no identity when they are let in is waited for', { timeout: patience }, async () => {
  const ren = '@ren:port';
  await letsIn(lin, ren);
  expect(await waitingFor(client(lin), client(lin).getRoom(roomId)!)).toEqual([]);
  await device(server, ren, 'DEV');
  for (const one of [lin, mio]) {
    await tell(client(one), roomId, ren, 'm.room.member', ren, { membership: 'join' });
    await keysChanged(client(one), ren);
  }
  expect(await keysOf(mio, ren)).toEqual([0]);
  expect(await waitingFor(client(lin), client(lin).getRoom(roomId)!)).toEqual([ren]);
  await letsIn(lin, ren);
  expect(await waitingFor(client(lin), client(lin).getRoom(roomId)!)).toEqual([]);
  expect(await keysOf(mio, ren)).toEqual([1]);
});

test('several are let in one after the other before the server has told of the first', { timeout: patience }, async () => {
  const put: object[] = [];
  await Promise.all([sora, eve].map((user) => sayAdmission(client(lin), roomId, { user }, (content) => Promise.resolve(void put.push(content)))));
  await told(lin, admissionsType, lin, put.at(-1)!);
  expect(await outside(mio, sora, eve)).toEqual([undefined, undefined]);
});

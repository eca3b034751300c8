import { EventEmitter } from 'node:events';
import { ClientEvent, MatrixEvent, MatrixEventEvent, type MatrixClient } from 'matrix-js-sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as wire from '../crypto/ack';
import type { Address, Letter } from '../crypto/ack';
import type { Guard } from '../crypto/admit';
import { Acks, leastDelay, mostPeople, randomDelay } from './acks';
import { week } from './acks-given';

const roomId = '!r:port';
const [lin, mio, ben] = ['@lin:port', '@mio:port', '@ben:port'];

vi.mock('../crypto/ack');
vi.mock('../crypto/admit', () => ({ guardOf: () => Promise.resolve(guard) }));
vi.mock('../crypto/trust', () => ({ isSigned: () => Promise.resolve(signed), onTrust: () => () => undefined }));

let signed: boolean;
let guard: Guard | undefined;
let people: number;
let membership: string;
/** Who really wrote what comes next. */
let writer: Address | 'later' | undefined;
let letters: Letter[];
let reachable: boolean;
let vault: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2031, 10, 20) });
  guard = undefined;
  [signed, people, membership, writer, letters, reachable, vault] = [true, 3, 'join', { user: lin, device: 'L1' }, [], true, new Map<string, string>()];
  vi.mocked(wire.canVerify).mockResolvedValue(true);
  vi.mocked(wire.writerOf).mockImplementation(() => Promise.resolve(writer));
  vi.mocked(wire.keyedDevices).mockImplementation((_, user) => Promise.resolve(user === mio ? ['M1', 'M2'] : ['B1']));
  vi.mocked(wire.openAck).mockImplementation((_, received) => Promise.resolve(received as unknown as Letter | undefined));
  vi.mocked(wire.sendAcks).mockImplementation((_, due) => {
    if (!reachable) return Promise.reject(new Error('no answer'));
    letters.push(...due);
    return Promise.resolve(due);
  });
});
afterEach(() => {
  vi.useRealTimers();
});

class Client extends EventEmitter {
  constructor(
    readonly me: string,
    readonly device: string,
  ) {
    super();
  }
  getUserId = (): string => this.me;
  getSafeUserId = (): string => this.me;
  getDeviceId = (): string => this.device;
  getRoom = (id: string) => ({ getMyMembership: () => membership, getJoinedMemberCount: () => people, getJoinedMembers: () => [lin, mio, ben].map((userId) => ({ userId })), roomId: id });
}

async function open(me = mio, device = 'M1', delay?: () => number) {
  const client = new Client(me, device);
  const keep = {
    get: <T,>(name: string) => Promise.resolve(vault.has(name) ? (JSON.parse(vault.get(name) ?? '') as T) : undefined),
    put: (name: string, value: unknown) => Promise.resolve(void vault.set(name, JSON.stringify(value))),
  };
  const acks = await Acks.open(client as unknown as MatrixClient, keep, delay);
  return { acks, client };
}

function said(n: number, { sender = lin, device = 'L1', run = 'run', room = roomId, at = Date.now(), envelope = true } = {}): MatrixEvent {
  const event = new MatrixEvent({ type: 'm.room.encrypted', room_id: room, sender, event_id: `$${n}`, origin_server_ts: at, content: {} });
  const content = { msgtype: 'm.text', body: 'ok', ...(envelope ? { 'org.wardroom.envelope': { v: 1, device, run, n, prev: '', seen: '' } } : {}) };
  vi.spyOn(event, 'isEncrypted').mockReturnValue(true);
  vi.spyOn(event, 'getClearContent').mockReturnValue(content);
  vi.spyOn(event, 'getType').mockReturnValue('m.room.message');
  return event;
}
const comes = async (client: Client, event: MatrixEvent): Promise<void> => {
  client.emit(MatrixEventEvent.Decrypted, event);
  await vi.advanceTimersByTimeAsync(0);
};
const told = () => letters.map(({ user, device, rooms }) => [user, device, rooms]);

test('nothing is told for half a minute, whatever comes and whatever somebody does; then all at once', async () => {
  for (const random of [0, 2 ** 32 - 1]) {
    letters = [];
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      (array as unknown as Uint32Array)[0] = random;
      return array;
    });
    const { client, acks } = await open();
    await comes(client, said(random + 1));
    await comes(client, said(random + 2));
    await vi.advanceTimersByTimeAsync(leastDelay - 1);
    expect(letters).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_001);
    expect(told()).toEqual([[lin, 'L1', { [roomId]: { run: expect.arrayContaining([[random + 1, random + 2]]) as unknown } }]]);
    acks.close();
    vi.restoreAllMocks();
  }
});

test('the delay is random, and never below half a minute', () => {
  const delays = Array.from({ length: 1000 }, randomDelay);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(30_000);
  expect(Math.max(...delays)).toBeLessThan(90_000);
  expect(new Set(delays.map((one) => Math.floor(one / 6_000))).size).toBe(10);
});

test('an event is acknowledged once, and again only together with more', async () => {
  const { client } = await open(mio, 'M1', () => leastDelay);
  await comes(client, said(1));
  await vi.advanceTimersByTimeAsync(leastDelay);
  await comes(client, said(1));
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  expect(letters).toHaveLength(1);
  await comes(client, said(3));
  await vi.advanceTimersByTimeAsync(leastDelay);
  expect(told()[1]).toEqual([lin, 'L1', { [roomId]: { run: [[1, 1], [3, 3]] } }]);
});

test('in a room of fifty people, not in one of fifty-one', async () => {
  const { client, acks } = await open(mio, 'M1', () => leastDelay);
  people = mostPeople;
  await comes(client, said(1));
  await vi.advanceTimersByTimeAsync(leastDelay);
  expect(letters).toHaveLength(1);
  people = mostPeople + 1;
  await comes(client, said(2));
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  expect(letters).toHaveLength(1);
  expect(acks.of(roomId, { device: 'M1', run: 'run', n: 1 })).toEqual({ is: 'unmeasured', why: 'size' });
  // It grew while it waited.
  people = mostPeople;
  await comes(client, said(3));
  people = mostPeople + 1;
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  expect(letters).toHaveLength(1);
});

test.each<[string, () => MatrixEvent]>([
  ['one’s own', () => said(1, { sender: mio })],
  ['a week old', () => said(1, { at: Date.now() - week })],
  ['without an envelope', () => said(1, { envelope: false })],
  ['naming another device than wrote it', () => said(1, { device: 'L2' })],
  ['from another person than whose device wrote it', () => said(1, { sender: ben })],
])('an event %s is not acknowledged', async (_, event) => {
  const { client } = await open(mio, 'M1', () => leastDelay);
  await comes(client, event());
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  expect(letters).toEqual([]);
});

test('an event whose writer is not certain is not acknowledged; one whose device is not known yet, later', async () => {
  const { client } = await open(mio, 'M1', () => leastDelay);
  writer = undefined;
  await comes(client, said(1));
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  writer = 'later';
  await comes(client, said(2));
  writer = { user: lin, device: 'L1' };
  await vi.advanceTimersByTimeAsync(leastDelay);
  expect(told()).toEqual([[lin, 'L1', { [roomId]: { run: [[2, 2]] } }]]);
});

test('where the server does not answer, or this device is not signed yet, it is told later', async () => {
  const { client } = await open(mio, 'M1', () => leastDelay);
  reachable = false;
  await comes(client, said(1));
  await vi.advanceTimersByTimeAsync(leastDelay);
  [reachable, signed] = [true, false];
  await vi.advanceTimersByTimeAsync(leastDelay);
  expect(letters).toEqual([]);
  signed = true;
  await vi.advanceTimersByTimeAsync(leastDelay);
  expect(letters).toHaveLength(1);
});

test('what was not told when the page was closed is told after the next start, no sooner than half a minute', async () => {
  const { client, acks } = await open(mio, 'M1', () => leastDelay);
  await comes(client, said(1));
  acks.close();
  await vi.advanceTimersByTimeAsync(10 * leastDelay);
  expect(letters).toEqual([]);
  await open(mio, 'M1', () => leastDelay);
  await vi.advanceTimersByTimeAsync(leastDelay - 1);
  expect(letters).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told()).toEqual([[lin, 'L1', { [roomId]: { run: [[1, 1]] } }]]);
});

const content = (n: number) => ({ 'org.wardroom.envelope': { v: 1, device: 'L1', run: 'run', n, prev: '', seen: '' } });
const shown = (acks: Acks, n: number, device = 'L1') => {
  const delivery = acks.of(roomId, { device, run: 'run', n });
  return delivery?.is === 'measured' ? delivery.people.flatMap(({ devices }) => devices.map(({ id, is }) => `${id} ${is}`)) : delivery;
};
async function hears(client: Client, letter: Letter | undefined): Promise<void> {
  client.emit(ClientEvent.ReceivedToDeviceMessage, letter);
  await vi.advanceTimersByTimeAsync(0);
}

test('who sent something sees which devices have it, after a new start too', async () => {
  const { client, acks } = await open(lin, 'L1');
  const changed = vi.fn();
  acks.onChange(changed);
  await acks.sent(roomId, content(1));
  await acks.sent(roomId, content(2));
  expect(shown(acks, 1)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 notConfirmed']);
  await hears(client, { user: mio, device: 'M1', rooms: { [roomId]: { run: [[1, 1]] } } });
  expect(changed).toHaveBeenCalledOnce();
  expect(shown(acks, 1)).toEqual(['M1 reached', 'M2 notConfirmed', 'B1 notConfirmed']);
  expect(shown(acks, 2)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 notConfirmed']);
  expect(shown(acks, 1, 'L2')).toBeUndefined();
  acks.close();
  const again = await open(lin, 'L1');
  expect(shown(again.acks, 1)).toEqual(['M1 reached', 'M2 notConfirmed', 'B1 notConfirmed']);
  for (const [user, device] of [[mio, 'M2'], [ben, 'B1']] as const) await hears(again.client, { user, device, rooms: { [roomId]: { run: [[1, 2]] } } });
  expect(shown(again.acks, 1)).toEqual({ is: 'everywhere', devices: 3 });
  expect(shown(again.acks, 2)).toEqual(['M1 notConfirmed', 'M2 reached', 'B1 reached']);
});

test('what is shown to be confirmed is kept by then', async () => {
  const { client, acks } = await open(lin, 'L1');
  await acks.sent(roomId, content(1));
  const keptThen: string[] = [];
  acks.onChange(() => keptThen.push(vault.get('acks') ?? ''));
  await hears(client, { user: mio, device: 'M1', rooms: { [roomId]: { run: [[1, 1]] } } });
  expect(keptThen).toEqual([expect.stringContaining('"@mio:port M1":[[1,1]]')]);
});

test('who is held back was given no key, and is not waited for', async () => {
  const { acks } = await open(lin, 'L1');
  const outside = [{ userId: ben, why: 'nobody' }] as const;
  guard = { only: true, outside };
  await acks.sent(roomId, content(1));
  expect(shown(acks, 1)).toEqual(['M1 notConfirmed', 'M2 notConfirmed']);
  guard = { only: false, outside }; // it is only said
  await acks.sent(roomId, content(2));
  expect(shown(acks, 2)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 notConfirmed']);
});

test('what is not to be believed changes nothing', async () => {
  const { client, acks } = await open(lin, 'L1');
  await acks.sent(roomId, content(1));
  await hears(client, undefined);
  await hears(client, { user: '@eve:port', device: 'M1', rooms: { [roomId]: { run: [[1, 1]] } } });
  expect(shown(acks, 1)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 notConfirmed']);
});

test('a device that writes as other clients do is told from one that is silent', async () => {
  const { client, acks } = await open(lin, 'L1');
  await acks.sent(roomId, content(1));
  writer = { user: ben, device: 'B1' };
  await comes(client, said(1, { sender: ben, envelope: false }));
  expect(shown(acks, 1)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 other']);
  await comes(client, said(2, { sender: ben, device: 'B1' }));
  expect(shown(acks, 1)).toEqual(['M1 notConfirmed', 'M2 notConfirmed', 'B1 notConfirmed']);
});

test('a browser that cannot check what devices say measures nothing', async () => {
  vi.mocked(wire.canVerify).mockResolvedValue(false);
  const { client, acks } = await open(lin, 'L1');
  await acks.sent(roomId, content(1));
  await hears(client, { user: mio, device: 'M1', rooms: { [roomId]: { run: [[1, 1]] } } });
  expect(acks.of(roomId, { device: 'L1', run: 'run', n: 1 })).toEqual({ is: 'unmeasured', why: 'browser' });
});

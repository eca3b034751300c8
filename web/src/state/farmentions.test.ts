import { ClientEvent, EventTimeline, KnownMembership, MatrixClient, MatrixEvent, ReceiptType, Room, SyncState, type IEvent } from 'matrix-js-sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionError } from 'matrix-js-sdk/lib/http-api/errors';
import type { UnreadNumbers } from '../wire/syncstore';
import { FarMentions } from './farmentions';

const me = '@lin:port';
const other = '@mio:port';
let told: UnreadNumbers | undefined;
/** Whether kept rooms are still coming, and what says that they are there. */
let waits: boolean;
let arrived: () => void;
vi.mock('../wire/client', () => ({ unreadNumbers: () => told, awaitsKept: () => waits, keptRooms: () => new Promise<void>((resolve) => (arrived = resolve)) }));

let client: MatrixClient;
let room: Room;
let far: FarMentions;
/** The server's history, the newest first. */
let history: Partial<IEvent>[];
let asked: string[];
let down: boolean;

const now = { quiet: () => Promise.resolve(), close: () => undefined };
const said = (id: string, sender: string, more: object = {}): Partial<IEvent> => ({ type: 'm.room.message', event_id: id, sender, room_id: '!r:port', origin_server_ts: 1, content: { msgtype: 'm.text', body: id, ...more } });
const naming = { 'm.mentions': { user_ids: [me] } };
const to = (root: string): object => ({ 'm.relates_to': { rel_type: 'm.thread', event_id: root } });

beforeEach(async () => {
  told = { main: 300, threads: new Map() };
  history = [];
  asked = [];
  down = false;
  waits = false;
  client = new MatrixClient({ baseUrl: 'http://localhost', userId: me });
  room = new Room('!r:port', client, me);
  vi.spyOn(client, 'getRooms').mockReturnValue([room]);
  vi.spyOn(room, 'getMyMembership').mockReturnValue(KnownMembership.Join);
  // Pages are cut as the server cuts them; a token is how many were given before.
  vi.spyOn(client, 'createMessagesRequest').mockImplementation((_room, from, limit) => {
    asked.push(from ?? '');
    if (down) return Promise.reject(new ConnectionError('no answer'));
    const begin = Number(from);
    const end = begin + (limit ?? 0);
    return Promise.resolve({ start: '', chunk: history.slice(begin, end) as IEvent[], ...(end < history.length ? { end: String(end) } : {}) });
  });
  await room.addLiveEvents([new MatrixEvent({ ...said('$new', other), event_id: '$new' })], { addToState: true });
  room.getLiveTimeline().setPaginationToken('0', EventTimeline.BACKWARDS);
  room.addReceipt(new MatrixEvent({ type: 'm.receipt', room_id: '!r:port', content: { $read: { [ReceiptType.ReadPrivate]: { [me]: { ts: 1 } } } } }));
  far = new FarMentions(client, now);
});
afterEach(() => far.close());

const synced = (): void => void client.emit(ClientEvent.Sync, SyncState.Syncing, SyncState.Syncing);
const many = (n: number, from = 0): Partial<IEvent>[] => Array.from({ length: n }, (_, i) => said(`$m${from + i}`, other));

test('a name far back is found, by reading back to what was read', async () => {
  history = [...many(250), said('$named', other, naming), said('$read', other), said('$older', other, naming)];
  synced();
  await vi.waitFor(() => expect([...far.snapshot()]).toEqual([['!r:port', 'named']]));
  expect(asked).toEqual(['0', '100', '200']);
});

test('what was read, and what stands before one’s own words, names nobody newly', async () => {
  for (const end of [said('$read', other), said('$own', me)]) {
    asked = [];
    history = [...many(20), end, said('$older', other, naming)];
    far.close();
    far = new FarMentions(client, now);
    synced();
    await vi.waitFor(() => expect(asked).toEqual(['0']));
    await new Promise((resolve) => setImmediate(resolve));
    expect(far.snapshot().size).toBe(0);
  }
});

test('it is read back a thousand events and no further; then it is said not to be known', async () => {
  history = [...many(2_000), said('$named', other, naming)];
  synced();
  await vi.waitFor(() => expect(far.snapshot().get('!r:port')).toBe('unknown'));
  expect(asked).toHaveLength(10);
  synced();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(10); // once
});

test('what this device cannot read may name somebody, until its key comes', async () => {
  const sealed = new MatrixEvent({ ...said('$sealed', other), type: 'm.room.encrypted' });
  let closed = true;
  vi.spyOn(client, 'decryptEventIfNeeded').mockImplementation((event) => {
    if (event.getId() === '$sealed') vi.spyOn(event, 'isDecryptionFailure').mockImplementation(() => closed);
    opened = event;
    return Promise.resolve();
  });
  let opened: MatrixEvent | undefined;
  history = [sealed.event];
  synced();
  await vi.waitFor(() => expect(far.snapshot().get('!r:port')).toBe('unknown'));
  closed = false;
  (opened as unknown as { emit: (name: string) => void }).emit('Event.decrypted');
  await vi.waitFor(() => expect(far.snapshot().size).toBe(0));
});

test('in a thread as many answers are read as the server calls unread', async () => {
  told = { main: 0, threads: new Map([['$root', 2]]) };
  history = [said('$a', other, to('$root')), ...many(5), said('$b', other, { ...to('$root'), ...naming }), said('$c', other, naming)];
  synced();
  await vi.waitFor(() => expect(far.snapshot().get('!r:port')).toBe('named'));
  told = { main: 0, threads: new Map([['$root', 1]]) };
  synced();
  await vi.waitFor(() => expect(far.snapshot().size).toBe(0)); // read on another device
});

test('without an answer it is not known, and asked again when the server answers', async () => {
  down = true;
  history = [said('$named', other, naming)];
  synced();
  await vi.waitFor(() => expect(far.snapshot().get('!r:port')).toBe('unknown'));
  down = false;
  synced();
  await vi.waitFor(() => expect(far.snapshot().get('!r:port')).toBe('named'));
});

test('where all of it is here, nothing is asked', async () => {
  told = { main: 0, threads: new Map() };
  synced();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
});

test('while kept rooms come in nothing is looked through; then all of it is', async () => {
  history = [...many(10), said('$named', other, naming)];
  waits = true;
  synced();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
  waits = false;
  arrived();
  await vi.waitFor(() => expect([...far.snapshot()]).toEqual([['!r:port', 'named']]));
});

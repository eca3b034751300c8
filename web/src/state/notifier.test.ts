import { ClientEvent, MatrixError, MatrixEvent, RoomEvent, type ISyncResponse, type MatrixClient } from 'matrix-js-sdk';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { changeLanguage } from '../lang/lang';
import { more } from '../wire/opening';
import { SyncStore } from '../wire/syncstore';
import type { Levels } from './levels';
import { Notifier, type Notice } from './notifier';
import { notifying } from './notifying';
import type { RoomList } from './roomlist';
import { route } from './route';

const room = { roomId: '!r', name: 'Tide tables', getMember: () => ({ name: 'Marta', events: {} }), hasUserReadEvent: vi.fn(() => false) };

beforeEach(() => {
  vi.useFakeTimers();
  changeLanguage('en');
  vi.stubGlobal('Notification', { permission: 'granted' });
  localStorage.clear();
  notifying.sayIn('room');
  room.hasUserReadEvent.mockReturnValue(false);
  route.replace({ at: 'rooms' });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A notifier whose rules tell of everything, with what it shows. */
function set(unread = 0) {
  const notify = vi.fn(() => ({ notify: true }));
  const client = Object.assign(new EventEmitter(), {
    getUserId: () => '@me:port',
    getSafeUserId: () => '@me:port',
    getRoom: () => room,
    getSyncState: () => 'SYNCING',
    getAccountData: (): MatrixEvent | undefined => undefined,
    decryptEventIfNeeded: () => Promise.resolve(),
    getPushActionsForEvent: notify,
  });
  const listeners: (() => void)[] = [];
  const store = <T extends object>(value: T) => Object.assign(new EventEmitter(), { snapshot: () => value, subscribe: (listener: () => void) => (listeners.push(listener), listener(), () => undefined) });
  const rooms = store({ rooms: [{ id: '!r', unread }], people: [], invitations: [] });
  const levels = Object.assign(store({}), { of: vi.fn(() => 'everything') });
  const open: Notice[] = [];
  const clicks: (() => void)[] = [];
  const notifier = new Notifier(client as unknown as MatrixClient, rooms as unknown as RoomList, levels as unknown as Levels, (notice, onClick) => {
    open.push(notice);
    clicks.push(onClick);
    return () => void open.splice(open.indexOf(notice), 1);
  });
  let n = 0;
  const says = async (body: string, sender = '@marta:port', live = true, more: object = {}) => {
    const event = new MatrixEvent({ type: 'm.room.message', event_id: `$${n++}`, room_id: '!r', sender, content: { msgtype: 'm.text', body, ...more } });
    client.emit(RoomEvent.Timeline, event, room, false, false, { liveEvent: live });
    await vi.advanceTimersByTimeAsync(1_000);
    return event;
  };
  return { notifier, client, levels, changed: () => listeners.forEach((listener) => listener()), says, open, clicks, notify };
}

test('what was said before this device was there is not told of while the rooms come one after the other', async () => {
  const { client, says, open } = set();
  const store = new SyncStore({ get: () => Promise.resolve(undefined), text: () => Promise.resolve(undefined), put: () => Promise.resolve(), putAll: () => Promise.resolve(), delete: () => Promise.resolve() });
  Object.assign(client, { store });
  const told = (rest: object): Promise<void> => store.setSyncData({ next_batch: 's1', rooms: {}, account_data: { events: [] }, ...rest } as unknown as ISyncResponse);
  await told({ [more]: true });
  await says('of last week');
  expect(open).toEqual([]);
  await told({});
  await says('of now');
  expect(open).toHaveLength(1);
});

test('what is new in a room is one notice, which names the room and no words', async () => {
  const { says, open } = set();
  await says('The gate closes at six');
  await says('Sharp');
  expect(open).toEqual([{ title: 'Tide tables', body: '2 new messages', lang: 'en', tag: '!r' }]);
});

test('words and names stand in it only where that was chosen; or not even the room does', async () => {
  const { says, open } = set();
  notifying.sayIn('words');
  await says('The gate closes at six');
  expect(open[0]?.body).toBe('Marta: The gate closes at six');
  notifying.sayIn('nothing');
  await says('Sharp');
  expect(JSON.stringify(open)).not.toMatch(/Tide|Marta|Sharp/);
});

test('nothing is told of one’s own words, of the past, of what the rules silence, or while it is turned off', async () => {
  const { says, open, notify } = set();
  await says('mine', '@me:port');
  await says('old', '@marta:port', false);
  notify.mockReturnValueOnce({ notify: false });
  await says('silenced');
  notifying.turnOff();
  await says('off');
  expect(open).toEqual([]);
  await notifying.turnOn();
  await says('on');
  expect(open).toHaveLength(1);
});

test('nothing is told of what is on the screen, or was read on another device', async () => {
  const { says, open } = set();
  room.hasUserReadEvent.mockReturnValue(true);
  await says('read elsewhere');
  expect(open).toEqual([]);
  room.hasUserReadEvent.mockReturnValue(false);
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  route.replace({ at: 'room', id: '!r' });
  await says('in sight');
  expect(open).toEqual([]);
});

test('reading takes the notice away, and so does deleting', async () => {
  const { client, says, open } = set();
  await says('one');
  room.hasUserReadEvent.mockReturnValue(true);
  client.emit(RoomEvent.Receipt, {}, room);
  expect(open).toEqual([]);
  room.hasUserReadEvent.mockReturnValue(false);
  const event = await says('two');
  vi.spyOn(event, 'isRedacted').mockReturnValue(true);
  client.emit(RoomEvent.Redaction, {}, room);
  expect(open).toEqual([]);
});

test('a press opens the room', async () => {
  const { says, open, clicks } = set();
  vi.spyOn(window, 'focus').mockImplementation(() => undefined);
  await says('come');
  clicks[0]?.();
  expect(location.hash).toBe('#/room/!r');
  expect(open).toEqual([]);
});

test('what waits stands in the title', () => {
  const { notifier } = set(3);
  expect(document.title).toBe('(3) Wardroom');
  notifier.close();
  expect(document.title).toBe('Wardroom');
});

test('nothing is told of somebody who is ignored, nor any longer of what they wrote before', async () => {
  const { client, says, open } = set();
  await says('Before', '@eve:port');
  expect(open).toHaveLength(1);
  const list = new MatrixEvent({ type: 'm.ignored_user_list', content: { ignored_users: { '@eve:port': {} } } });
  client.getAccountData = () => list;
  client.emit(ClientEvent.AccountData, list);
  expect(open).toEqual([]);
  await says('After', '@eve:port');
  expect(open).toEqual([]);
  await says('From Marta');
  expect(open[0]?.body).toBe('1 new message');
});

test('in a room that tells of names alone, answers in a thread that one follows are told of', async () => {
  const { client, levels, says, open, notify } = set();
  const followed = ['$followed'];
  const authedRequest = vi.fn((_method: string, path: string) => (followed.some((root) => path.includes(encodeURIComponent(root))) ? Promise.resolve({}) : Promise.reject(new MatrixError({ errcode: 'M_NOT_FOUND' }, 404))));
  Object.assign(client, { http: { authedRequest } });
  notify.mockReturnValue({ notify: false });
  levels.of.mockReturnValue('mentions');
  const to = (root: string): object => ({ 'm.relates_to': { rel_type: 'm.thread', event_id: root } });
  await says('in the room');
  expect(authedRequest).not.toHaveBeenCalled();
  await says('elsewhere', undefined, true, to('$other'));
  await says('by a program', undefined, true, { ...to('$followed'), msgtype: 'm.notice' });
  expect(open).toEqual([]);
  levels.of.mockReturnValue('nothing');
  await says('in a room that is silenced', undefined, true, to('$followed'));
  expect(open).toEqual([]);
  levels.of.mockReturnValue('mentions');
  await says('here', undefined, true, to('$followed'));
  expect(open).toHaveLength(1);
});

test('what is kept of a room from last time is not told of while it comes in, nor is a number before all are in', async () => {
  const index = { token: 's1', accountData: [], rooms: Array.from({ length: 22 }, (_, n) => [n === 21 ? '!r' : `!${n}`, n, 22 - n]) };
  const text = (name: string) => Promise.resolve(JSON.stringify(name === 'sync/rooms' ? index : { join: {} }));
  const vault = { text, get: async <T>(name: string) => JSON.parse(await text(name)) as T, put: () => Promise.resolve(), putAll: () => Promise.resolve(), delete: () => Promise.resolve() };
  const store = new SyncStore(vault);
  const { client, says, open, notifier, changed } = set(3);
  Object.assign(client, { store });
  await store.startup();
  expect([...store.left]).toEqual(['!20', '!r']);
  await store.arrive(['!r'], async () => {
    await says('of last week');
  });
  expect(open).toEqual([]);
  await says('of now');
  expect(open).toHaveLength(1);
  document.title = 'before';
  changed();
  expect(document.title).toBe('before');
  await store.arrive(['!20'], () => Promise.resolve());
  changed();
  expect(document.title).toBe('(3) Wardroom');
  notifier.close();
});

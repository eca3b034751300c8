import { expect, test } from 'vitest';
import { MatrixEvent, SyncAccumulator, type IRooms, type ISyncResponse } from 'matrix-js-sdk';
import { Vault, wipe } from '../keep/vault';
import { more } from './opening';
import { clearDatabase, SyncStore } from './syncstore';

/** A vault in memory that is full on command. */
class Kept {
  readonly values = new Map<string, string>();
  full = false;
  /** The names of what was put together. */
  readonly puts: string[][] = [];
  text = (name: string): Promise<string | undefined> => Promise.resolve(this.values.get(name));
  get = async <T>(name: string): Promise<T | undefined> => {
    const text = await this.text(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  put = (name: string, value: unknown): Promise<void> => this.putAll(new Map([[name, value]]));
  delete = (name: string): Promise<void> => Promise.resolve(void this.values.delete(name));
  putAll = (values: ReadonlyMap<string, unknown>): Promise<void> => {
    if (this.full) return Promise.reject(new Error('the disk is full'));
    this.puts.push([...values.keys()]);
    for (const [name, value] of values) {
      if (value === undefined) this.values.delete(name);
      else this.values.set(name, JSON.stringify(value));
    }
    return Promise.resolve();
  };
}

const room = '!quay:port';
function told(token: string, body: string, more: object = {}): ISyncResponse {
  const event = { type: 'm.room.message', event_id: `$${body}`, sender: '@mio:port', origin_server_ts: 1, content: { body }, unsigned: { age: 5 } };
  return { next_batch: token, account_data: { events: [] }, rooms: { join: { [room]: { timeline: { events: [event], prev_batch: 'p' }, state: { events: [] }, ephemeral: { events: [] }, account_data: { events: [] }, ...more } } } } as unknown as ISyncResponse;
}
async function opened(vault: Kept): Promise<SyncStore> {
  const store = new SyncStore(vault);
  await store.startup();
  return store;
}
const bodies = async (store: SyncStore) => (await store.getSavedSync())?.roomsData.join[room]?.timeline.events.map((event) => (event.content as { body: string }).body);

test('what the server told is there at the next start, with its token, filters and members', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  expect(await store.getSavedSync()).toBeNull();
  expect(await store.getSavedSyncToken()).toBeNull();
  expect(await store.isNewlyCreated()).toBe(true);
  await store.setSyncData(told('1', 'a', { unread_notifications: { notification_count: 3 }, unread_thread_notifications: { $root: { notification_count: 2 } } }));
  await store.setSyncData(told('2', 'b', { unread_notifications: { notification_count: 4 } }));
  await store.save(true);
  store.setFilterIdByName('sync', 'f1');
  await store.storeClientOptions({ lazyLoadMembers: true });
  await store.setOutOfBandMembers(room, []);
  const next = await opened(vault);
  await next.startup(); // once is enough
  const given = (await next.getSavedSync())?.roomsData.join[room];
  expect(given?.timeline.events[0]).not.toHaveProperty('_localTs'); // how old it is, is told as of now
  if (given !== undefined) given.timeline.events = []; // the SDK changes what it is given
  expect(await bodies(next)).toEqual(['a', 'b']);
  expect(await next.getSavedSyncToken()).toBe('2');
  expect(await next.isNewlyCreated()).toBe(false);
  expect(next.unread(room)?.main).toBe(4);
  expect(next.getFilterIdByName('sync')).toBe('f1');
  expect(await next.getClientOptions()).toEqual({ lazyLoadMembers: true });
  expect(await next.getOutOfBandMembers(room)).toEqual([]);
  expect(await next.getOutOfBandMembers('!other')).toBeNull();
});

test('a full disk: what was kept before stays whole', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(told('1', 'a'));
  await store.save(true);
  vault.full = true;
  await store.setSyncData(told('2', 'b'));
  await expect(store.save(true)).rejects.toThrow();
  await store.setOutOfBandMembers(room, []); // it is not kept, and nobody is held up
  const next = await opened(vault);
  expect(await bodies(next)).toEqual(['a']);
  expect(await next.getSavedSyncToken()).toBe('1');
  vault.full = false;
  await store.save(true);
  expect(await bodies(await opened(vault))).toEqual(['a', 'b']);
});

test('what comes while it is being sealed is sealed after it, and nothing is written once it ended', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(told('1', 'a'));
  const first = store.save(true);
  await store.setSyncData(told('2', 'b'));
  await Promise.all([first, store.save(true)]);
  expect(await bodies(await opened(vault))).toEqual(['a', 'b']);
  await store.destroy();
  const puts = vault.puts.length;
  await store.setSyncData(told('3', 'c'));
  await store.save(true);
  store.setFilterIdByName('sync', 'f2');
  expect(vault.puts).toHaveLength(puts);
});

test('a deletion of what is not loaded is told once', async () => {
  const store = await opened(new Kept());
  await store.setSyncData(told('1', 'a', { timeline: { events: [{ type: 'm.room.redaction', event_id: '$r', redacts: '$far', content: {} }] } }));
  expect(store.deleted()).toEqual(['$far']);
  expect(store.deleted()).toEqual([]);
});

test('what an earlier version kept in clear is deleted at the first start', async () => {
  await new Promise((done) => (indexedDB.open(clearDatabase).onsuccess = ({ target }) => ((target as IDBOpenDBRequest).result.close(), done(undefined))));
  await opened(new Kept());
  await expect.poll(async () => (await indexedDB.databases()).map(({ name }) => name)).not.toContain(clearDatabase);
});

test('in a real vault it opens again, and is gone when the vault is', async () => {
  const vault = await Vault.open();
  const store = new SyncStore(vault);
  await store.startup();
  await store.setSyncData(told('1', 'a'));
  await store.save(true);
  const next = new SyncStore(vault);
  await next.startup();
  expect(await bodies(next)).toEqual(['a']);
  vault.close();
  await wipe([]);
  const anew = await Vault.open();
  const empty = new SyncStore(anew);
  await empty.startup();
  expect(await empty.getSavedSync()).toBeNull();
  anew.close();
});

test('other events take the place of a room’s newest, with what leads to those before; the numbers stay', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(told('1', 'a', { unread_notifications: { notification_count: 3 }, unread_thread_notifications: { $root: { notification_count: 2 } } }));
  const event = (body: string) => new MatrixEvent({ type: 'm.room.message', event_id: `$${body}`, sender: '@eve:port', content: { body } });
  await store.replace(room, [event('unheard'), event('a')], 'before');
  await store.setSyncData(told('2', 'b', { unread_thread_notifications: { $root: { notification_count: 2 } } }));
  await store.save(true);
  const next = await opened(vault);
  expect(await bodies(next)).toEqual(['unheard', 'a', 'b']);
  const again = await opened(vault);
  const timeline = (await again.getSavedSync())?.roomsData.join[room]?.timeline;
  expect(timeline?.prev_batch).toBe('before');
  expect(again.unread(room)).toEqual({ main: 3, threads: new Map([['$root', 2]]) });
});

test('also where the room begins among them, they are there at the next start', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(told('1', 'a'));
  await store.replace(room, [new MatrixEvent({ type: 'm.room.message', event_id: '$first', sender: '@eve:port', content: { body: 'first' } })], null);
  await store.setSyncData(told('2', 'b'));
  await store.save(true);
  expect(await bodies(await opened(vault))).toEqual(['first', 'b']);
});

test('what the push rules keep quiet is unread all the same, after the next start too', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  const quiet = { unread_notifications: { notification_count: 0, highlight_count: 0 }, unread_thread_notifications: { $root: { notification_count: 0 } } };
  await store.setSyncData(told('1', 'a', { ...quiet, 'org.wardroom.unread': { main: 3, threads: { $root: 2 } } }));
  await store.save(true);
  const next = await opened(vault);
  await next.getSavedSync();
  for (const one of [store, next]) {
    expect(one.unread(room)).toEqual({ main: 3, threads: new Map([['$root', 2]]) });
  }
});

test('some of the rooms alone are not kept', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  expect(store.partial).toBe(true);
  await store.setSyncData({ ...told('1', 'a'), [more]: true });
  await store.save(true);
  expect(store.partial).toBe(true);
  expect(await (await opened(vault)).getSavedSyncToken()).toBeNull();
  await store.setSyncData(told('2', 'b'));
  await store.save(true);
  expect(store.partial).toBe(false);
  expect(await bodies(await opened(vault))).toEqual(['a', 'b']);
});

/** What a server tells of some rooms, in the first of which something happened last. */
function tellsOf(token: string, ids: readonly string[], body = 'of the last start', more: object = {}): ISyncResponse {
  const room = (id: string, n: number) => {
    const event = { type: 'm.room.message', event_id: `$${body}${id}`, sender: '@mio:port', origin_server_ts: 1_000_000 - n, content: { body } };
    return { timeline: { events: [event], prev_batch: 'p' }, unread_notifications: { notification_count: n }, 'org.matrix.msc4222.state_after': { events: [] } };
  };
  return { next_batch: token, account_data: { events: [{ type: 'm.direct', content: {} }] }, rooms: { join: Object.fromEntries(ids.map((id, n) => [id, room(id, n)])), ...more } } as unknown as ISyncResponse;
}
const ids = Array.from({ length: 50 }, (_, n) => `!${n}:port`);
const joinedIn = (rooms: IRooms) => Object.keys(rooms.join);

test('a start gives the newest rooms, those that wait for an answer and the one that is wanted; the others are left, the newest first', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  const invite = { '!invited:port': { invite_state: { events: [{ type: 'm.room.member', state_key: '@me:port', sender: '@mio:port', content: { membership: 'invite' } }] } } };
  await store.setSyncData(tellsOf('1', ids, undefined, { invite }));
  await store.save(true);
  const next = new SyncStore(vault, ['!44:port', '!unknown:port']);
  await next.startup();
  const saved = await next.getSavedSync();
  expect(saved?.nextBatch).toBe('1');
  expect(saved?.accountData.map(({ type }) => type)).toEqual(['m.direct']);
  expect(Object.keys(saved?.roomsData.invite ?? {})).toEqual(['!invited:port']);
  expect(joinedIn(saved!.roomsData)).toEqual([...ids.slice(0, 20), '!44:port']);
  expect([...next.left]).toEqual([...ids.slice(20, 44), ...ids.slice(45)]);
  expect(next.unread('!30:port')).toBeUndefined();
  let told: string[] = [];
  await next.arrive(['!30:port', '!31:port'], (rooms) => {
    told = joinedIn(rooms);
    expect(next.isArriving('!30:port')).toBe(true);
    return Promise.resolve();
  });
  expect(told).toEqual(['!30:port', '!31:port']);
  expect(next.isArriving('!30:port')).toBe(false);
  expect(next.unread('!30:port')?.main).toBe(30);
  expect(next.left.has('!30:port')).toBe(false);
});

test('nothing names a room outside of what is sealed, and what has changed alone is sealed again', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(tellsOf('1', ids));
  await store.save(true);
  expect([...vault.values.keys()].join()).not.toContain('port');
  await store.setSyncData(tellsOf('2', ['!7:port'], 'of now', { leave: { '!8:port': {} } }));
  await store.save(true);
  expect(vault.puts.at(-1)).toEqual(['sync/room/7', 'sync/room/8', 'sync/rooms']);
  expect(vault.values.has('sync/room/8')).toBe(false);
  const next = await opened(vault);
  expect(next.left.size).toBe(29);
  const { join } = (await next.getSavedSync())!.roomsData;
  expect(join['!7:port']?.timeline.events.map(({ event_id }) => event_id)).toEqual(['$of the last start!7:port', '$of now!7:port']);
  expect(join).not.toHaveProperty('!8:port');
});

test('what the server tells of a room that was not opened yet is kept after what is kept', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(tellsOf('1', ids));
  await store.save(true);
  const next = await opened(vault);
  await next.setSyncData(tellsOf('2', ['!49:port'], 'of now'));
  await next.save(true);
  const last = await opened(vault);
  const { join } = (await last.getSavedSync())!.roomsData;
  expect(join['!49:port']?.timeline.events).toHaveLength(2);
  expect(last.left.size).toBe(30); // it was among the last and is among the first
  expect(last.left.has('!19:port')).toBe(true);
});

test('where one room cannot be opened the others are given, and the next start asks the server for all', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(tellsOf('1', ids));
  await store.save(true);
  vault.values.delete('sync/room/30');
  const next = await opened(vault);
  await next.arrive(['!30:port'], () => Promise.reject(new Error('nothing is to be given')));
  expect(next.left.has('!30:port')).toBe(false);
  await next.setSyncData(tellsOf('2', ['!1:port', '!30:port'], 'of now'));
  await next.save(true);
  expect(await (await opened(vault)).getSavedSyncToken()).toBeNull();
  vault.values.set('sync/rooms', JSON.stringify({ token: '1', accountData: [], rooms: [['!1:port', 1, 1], ['!gone:port', 99, 0]] }));
  const broken = await opened(vault);
  expect(await broken.getSavedSyncToken()).toBeNull();
  expect(broken.left.size).toBe(0);
  await broken.allGiven();
});

test('what the SDK refuses of a room is asked of the server at the next start', async () => {
  const vault = new Kept();
  const store = await opened(vault);
  await store.setSyncData(tellsOf('1', ids));
  await store.save(true);
  const next = await opened(vault);
  await next.arrive(['!40:port'], () => Promise.reject(new Error('no such thing')));
  expect(next.left.has('!40:port')).toBe(false);
  await next.save(true);
  expect(await (await opened(vault)).getSavedSyncToken()).toBeNull();
});

test('what an earlier version kept, all rooms together, is there, and kept each by itself from then on', async () => {
  const vault = new Kept();
  const sync = new SyncAccumulator();
  sync.accumulate(tellsOf('1', ids));
  await vault.put('sync', sync.getJSON(true));
  for (const start of ['first', 'second']) {
    const store = await opened(vault);
    expect(await store.getSavedSyncToken(), start).toBe('1');
    expect(joinedIn((await store.getSavedSync())!.roomsData)).toEqual(ids.slice(0, 20));
    expect(store.left.size).toBe(30);
    await store.arrive(['!40:port'], ({ join }) => Promise.resolve(expect(join['!40:port']?.timeline.events).toHaveLength(1)));
    await store.save(true);
    expect(vault.values.has('sync')).toBe(false);
  }
});

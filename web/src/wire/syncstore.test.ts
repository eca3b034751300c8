import { expect, test } from 'vitest';
import { MatrixEvent, type ISyncResponse } from 'matrix-js-sdk';
import { Vault, wipe } from '../keep/vault';
import { more } from './opening';
import { clearDatabase, SyncStore } from './syncstore';

/** A vault in memory that is full on command. */
class Kept {
  readonly values = new Map<string, string>();
  full = false;
  puts = 0;
  text = (name: string): Promise<string | undefined> => Promise.resolve(this.values.get(name));
  get = async <T>(name: string): Promise<T | undefined> => {
    const text = await this.text(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  put = (name: string, value: unknown): Promise<void> => {
    if (this.full) return Promise.reject(new Error('the disk is full'));
    this.puts++;
    this.values.set(name, JSON.stringify(value));
    return Promise.resolve();
  };
  delete = (name: string): Promise<void> => Promise.resolve(void this.values.delete(name));
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
  const { puts } = vault;
  await store.setSyncData(told('3', 'c'));
  await store.save(true);
  store.setFilterIdByName('sync', 'f2');
  expect(vault.puts).toBe(puts);
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
  store.replace(room, [event('unheard'), event('a')], 'before');
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
  store.replace(room, [new MatrixEvent({ type: 'm.room.message', event_id: '$first', sender: '@eve:port', content: { body: 'first' } })], null);
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

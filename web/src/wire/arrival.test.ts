import { ClientEvent, MatrixClient, RoomEvent, type ISyncResponse } from 'matrix-js-sdk';
import { expect, test, vi } from 'vitest';
import type { Logger } from 'matrix-js-sdk/lib/logger';
import { Arrival, giverOf, type Give } from './arrival';
import { SyncStore } from './syncstore';

const nothing = (): void => undefined;
const silence: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => silence };
const to = `${location.origin}/_matrix/client/v3/sync?since=1`;
const ids = Array.from({ length: 60 }, (_, n) => `!${n}:port`);
const message = (id: string, n: number) => ({ type: 'm.room.message', event_id: id, sender: '@mio:port', origin_server_ts: 1_000_000 - n, content: { body: id, msgtype: 'm.text' } });
const told = (token: string, rooms: readonly string[], said = 'kept', more: object = {}) =>
  ({
    next_batch: token,
    rooms: { join: Object.fromEntries(rooms.map((id) => [id, { timeline: { events: [message(`$${said}${id}`, ids.indexOf(id))], prev_batch: 'p' }, 'org.matrix.msc4222.state_after': { events: [] } }])), ...more },
  }) as unknown as ISyncResponse;

/** A store that kept sixty rooms and gave twenty of them. */
async function kept(): Promise<SyncStore> {
  const values = new Map<string, string>();
  const vault = {
    text: (name: string) => Promise.resolve(values.get(name)),
    get: <T>(name: string) => Promise.resolve(values.has(name) ? (JSON.parse(values.get(name) ?? '') as T) : undefined),
    put: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    putAll: (all: ReadonlyMap<string, unknown>) => {
      for (const [name, value] of all) values.set(name, JSON.stringify(value));
      return Promise.resolve();
    },
  };
  const before = new SyncStore(vault);
  await before.startup();
  await before.setSyncData(told('1', ids));
  await before.save(true);
  const store = new SyncStore(vault);
  await store.startup();
  return store;
}

test('what is left is given few at a time, the newest first, and the page is let work between', async () => {
  const store = await kept();
  const arrival = new Arrival(store);
  const given: string[][] = [];
  let works = 0;
  let on = true;
  const page = (): void => {
    works++;
    if (on) setImmediate(page);
  };
  page();
  let before = 0;
  await arrival.run(
    ({ join }) => {
      expect(works).toBeGreaterThan(before);
      before = works;
      given.push(Object.keys(join));
      return Promise.resolve();
    },
    () => true,
  );
  on = false;
  expect(given.flat()).toEqual(ids.slice(20));
  expect(Math.max(...given.map((some) => some.length))).toBeLessThanOrEqual(5);
  expect(store.left.size).toBe(0);
  await store.allGiven();
});

test('an answer of the server waits for the rooms that it tells of, which come before the others, and for no more', async () => {
  const store = await kept();
  const arrival = new Arrival(store);
  const happened: string[] = [];
  const give: Give = ({ join }) => Promise.resolve(void happened.push(...Object.keys(join)));
  const answers: Record<string, object> = { [to]: told('2', ['!59:port', '!3:port', '!new:port'], 'now', { leave: { '!58:port': {} } }), other: { rooms: { join: { '!57:port': {} } } } };
  const fetch = arrival.holding((input) => Promise.resolve(new Response(JSON.stringify(answers[input as string] ?? answers['other']))));
  const answered = fetch(to).then(async (answer) => happened.push(((await answer.json()) as ISyncResponse).next_batch));
  await fetch(`${location.origin}/_matrix/client/versions`); // what is no sync waits for nothing
  expect(happened).toEqual([]);
  await Promise.all([answered, arrival.run(give, () => true)]);
  expect(happened.slice(0, 2).sort()).toEqual(['!58:port', '!59:port']);
  expect(happened.indexOf('2')).toBeLessThan(10);
  expect(happened.filter((one) => one !== '2').sort()).toEqual(ids.slice(20).sort());
});

test('where the client is stopped, nobody waits for the rest', async () => {
  const store = await kept();
  const arrival = new Arrival(store);
  let times = 0;
  const wanted = arrival.want(['!59:port', '!58:port', '!57:port', '!56:port', '!55:port', '!54:port']);
  await arrival.run(() => Promise.resolve(), () => times++ < 2);
  await wanted;
  expect(store.left.size).toBeGreaterThan(30);
});

test('the SDK takes what was kept as what was kept: the rooms are there, the next answer follows it, and it is no news', async () => {
  const store = await kept();
  const arrival = new Arrival(store);
  const answers: Record<string, object> = { '/pushrules/': { global: {} }, '/filter': { filter_id: 'f' }, '/versions': { versions: ['v1.11'] } };
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (release = resolve));
  let syncs = 0;
  const answer = async (input: RequestInfo | URL): Promise<Response> => {
    const { pathname } = new URL(input as string, location.origin);
    if (pathname.endsWith('/sync')) {
      if (syncs++ > 0) return new Promise(() => undefined); // the server has no more news
      await asked;
      return new Response(JSON.stringify(told('2', ['!59:port'], 'now')));
    }
    return new Response(JSON.stringify(Object.entries(answers).find(([end]) => pathname.endsWith(end))?.[1] ?? {}));
  };
  const client = new MatrixClient({ baseUrl: location.origin, userId: '@me:port', deviceId: 'D', accessToken: 't', store, logger: silence, fetchFn: arrival.holding(answer) });
  const news: string[] = [];
  client.on(RoomEvent.Timeline, (event, _room, _start, _removed, { liveEvent }) => {
    if (client.getSyncState() !== null && liveEvent) news.push(event.getId() ?? '');
  });
  const synced: string[] = [];
  client.on(ClientEvent.Sync, (state) => void synced.push(state));
  await client.startClient();
  await vi.waitFor(() => expect(synced).toEqual(['PREPARED']));
  expect(client.getRooms()).toHaveLength(20);
  release();
  await arrival.run(giverOf(client), () => client.clientRunning);
  expect(client.getRooms()).toHaveLength(60);
  await vi.waitFor(() => expect(synced).toContain('SYNCING'));
  expect(client.getRoom('!59:port')?.getLiveTimeline().getEvents().map((event) => event.getId())).toEqual(['$kept!59:port', '$now!59:port']);
  expect(news).toEqual(['$now!59:port']);
  client.stopClient();
});

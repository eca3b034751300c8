import { EventEmitter } from 'node:events';
import { ClientEvent, MatrixEvent, type ISyncResponse, type MatrixClient } from 'matrix-js-sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { more } from '../wire/opening';
import { SyncStore } from '../wire/syncstore';
import { Cases, messageMatter, tooMany, type Matter } from './cases';
import type { Message } from './timeline';

type Told = Record<string, unknown> & { number: number; changed: number };
const told = (number: number, over: Partial<Told> = {}): Told => ({
  number, about: { user_id: '@eve:port' }, reporter: '@me:port', in_charge: '@lin:port', opened: 1, due: 9, changed: 1, state: 'open', appealed: false, may: ['say', 'withdraw'],
  ...over,
});

/** An account at a server whose cases are given. Pages are of two cases. */
function account(cases: Told[], data: Record<string, number> = {}) {
  const kept = new Map(Object.entries(data).map(([type, changed]) => [type, new MatrixEvent({ type, content: { changed } })]));
  const asked: string[] = [];
  const put = (type: string, changed: number): void => {
    const event = new MatrixEvent({ type, content: { changed } });
    kept.set(type, event);
    client.emit(ClientEvent.AccountData, event);
  };
  const server = { cases, refuse: undefined as Error | undefined };
  const client = Object.assign(new EventEmitter(), {
    getSafeUserId: () => '@me:port',
    getUser: () => null,
    getProfileInfo: vi.fn((id: string) => (id === '@lin:port' ? Promise.resolve({ displayname: '林秋砚' }) : Promise.reject(new Error('none')))),
    getRoom: () => null,
    getRooms: () => [],
    getAccountData: (type: string) => kept.get(type),
    setAccountData: vi.fn((type: string, { changed }: { changed: number }) => {
      put(type, changed);
      return Promise.resolve({});
    }),
    http: {
      authedRequest: (method: string, path: string, query: { from?: string } | undefined, body: Record<string, unknown> | undefined) => {
        asked.push(`${method} ${path}${query?.from === undefined ? '' : ` from ${query.from}`}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
        if (server.refuse !== undefined) return Promise.reject(server.refuse);
        const number = Number(/\d+/.exec(path)?.[0]);
        if (method === 'GET' && path !== '/cases') return Promise.resolve(server.cases.find((one) => one.number === number));
        if (method === 'POST') return Promise.resolve({ ...(server.cases.find((one) => one.number === number) ?? server.cases[0]), steps: [{ at: 1, by: '@me:port', did: 'opened', text: 'It hurts.' }] });
        const rest = server.cases.filter((one) => query?.from === undefined || one.number < Number(query.from));
        return Promise.resolve({ cases: rest.slice(0, 2), ...(rest.length > 2 ? { next_batch: String(rest[1]?.number) } : {}) });
      },
    },
  });
  const state = new Cases(client as unknown as MatrixClient);
  return { state, client, server, asked, put, seen: () => kept.get('org.wardroom.cases_seen')?.getContent()['changed'] as number | undefined };
}
const message: Matter = { is: 'message', room: '!r', event: '$e', sender: { id: '@eve:port', name: 'Eve', lang: 'en' }, at: 1, body: 'x', lang: 'en' };

afterEach(() => vi.restoreAllMocks());

test('a message is reported by where it is, never by what it says; the answer names people', async () => {
  const { state, asked } = account([told(3)]);
  const opened = await state.report(message, '  It hurts. ');
  expect(asked[0]).toBe('POST /cases {"about":{"room_id":"!r","event_id":"$e"},"text":"It hurts."}');
  expect(opened).toMatchObject({ number: 3, part: 'reporter', inCharge: { name: '林秋砚', lang: 'zh-Hans' }, about: { is: 'person', person: { name: 'eve' } }, steps: [{ did: 'opened', text: 'It hurts.' }] });
});

test('an objection to a warrant is about who asked for it, and names the warrant', async () => {
  const { state, asked } = account([told(3)]);
  await state.report({ is: 'warrant', hash: 'HASH', short: 'HA', person: { id: '@lin:port', name: 'Lin', lang: undefined } }, 'I was ill. ');
  expect(asked[0]).toBe('POST /cases {"about":{"user_id":"@lin:port"},"text":"I was ill.\\n\\nHASH"}');
});

test('what changed is marked until the list stood on a screen that is in sight', async () => {
  let hidden: DocumentVisibilityState = 'hidden';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => hidden);
  const { state, put, seen } = account([told(1, { changed: 5 })], { 'org.wardroom.cases': 5, 'org.wardroom.cases_seen': 3 });
  expect(state.snapshot().unseen).toBe(true);
  state.open();
  await vi.waitFor(() => expect(state.snapshot().list).toHaveLength(1));
  expect(seen()).toBe(3); // a telephone shows another one in front of it
  state.show(true);
  expect(seen()).toBe(3); // the window is behind another one
  hidden = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(seen()).toBe(5);
  expect(state.snapshot().unseen).toBe(false);
  const [one] = state.snapshot().list!;
  expect(state.isNew(one!)).toBe(true); // until it was looked at, or the list is opened anew
  state.lookedAt(one!);
  expect(state.isNew(one!)).toBe(false);
  state.leave();
  put('org.wardroom.cases', 8);
  expect(state.snapshot().unseen).toBe(true);
  state.close();
});

test('what changed farther down the list is looked for, and is seen only once it is there', async () => {
  const { state, seen, asked } = account([told(9), told(7), told(5), told(3, { changed: 6 }), told(1)], { 'org.wardroom.cases': 6 });
  state.open();
  state.show(true);
  await vi.waitFor(() => expect(seen()).toBe(6));
  expect(state.snapshot().list?.map(({ number }) => number)).toEqual([9, 7, 5, 3]);
  expect(asked).toEqual(['GET /cases', 'GET /cases from 7']);
  expect(state.snapshot().more).toBe(true);
  await state.more();
  expect(state.snapshot().list).toHaveLength(5);
  await state.look(); // as far as it was shown
  expect(state.snapshot().list).toHaveLength(5);
  state.close();
});

test('what one does oneself is no news, but what somebody else does at the same moment is', async () => {
  const { state, server, put, seen } = account([told(2, { changed: 4 }), told(1, { changed: 2 })], { 'org.wardroom.cases': 4, 'org.wardroom.cases_seen': 4 });
  server.cases = [told(2, { changed: 7 }), told(1, { changed: 2 })];
  put('org.wardroom.cases', 7);
  put('org.wardroom.cases_seen', 6);
  await state.one(2).act('say', 'More of it.');
  put('org.wardroom.cases', 7);
  expect(state.snapshot().unseen).toBe(true); // something was new before
  await vi.waitFor(() => expect(state.snapshot().list).toHaveLength(2));
  expect(seen()).toBe(6);

  const other = account([told(2, { changed: 9 }), told(1, { changed: 2 })], { 'org.wardroom.cases': 4, 'org.wardroom.cases_seen': 4 });
  const marks: boolean[] = [];
  other.state.subscribe(() => marks.push(other.state.snapshot().unseen));
  const done = other.state.one(2).act('say', 'More of it.');
  other.put('org.wardroom.cases', 9); // it is told before it is answered
  await done;
  await vi.waitFor(() => expect(other.seen()).toBe(9));
  expect(marks).not.toContain(true);

  const third = account([told(2, { changed: 9 }), told(1, { changed: 8 })], { 'org.wardroom.cases': 4, 'org.wardroom.cases_seen': 4 });
  await third.state.one(2).act('decide', 'It is so.', 'upheld');
  expect(third.asked[0]).toBe('POST /cases/2/decide {"text":"It is so.","outcome":"upheld"}');
  await vi.waitFor(() => expect(third.state.snapshot().list).toHaveLength(2));
  expect(third.seen()).toBe(4);
});

test('without an answer what was known stays, and it is asked for again when something changed', async () => {
  const { state, server, put } = account([told(2)]);
  const one = state.one(2);
  state.open();
  one.open();
  await vi.waitFor(() => expect(one.snapshot().is?.number).toBe(2));
  await vi.waitFor(() => expect(state.snapshot().list).toHaveLength(1));
  server.refuse = new Error('no');
  put('org.wardroom.cases', 5);
  await vi.waitFor(() => expect(one.snapshot()).toMatchObject({ is: { number: 2 }, fault: { id: 'fault.unknown' } }));
  await vi.waitFor(() => expect(state.snapshot()).toMatchObject({ list: [{ number: 2 }], fault: { id: 'fault.unknown' } }));
  server.refuse = undefined;
  server.cases = [told(2, { state: 'decided', outcome: 'upheld', changed: 6 })];
  put('org.wardroom.cases', 6);
  await vi.waitFor(() => expect(one.snapshot()).toEqual({ is: expect.objectContaining({ state: 'decided' }) as unknown }));
  await vi.waitFor(() => expect(state.snapshot()).toMatchObject({ list: [{ state: 'decided' }], fault: undefined }));
  one.close();
  state.close();
});

test('that one is not in a room is said only once all rooms are there', async () => {
  const { state, client } = account([told(2, { about: { room_id: '!r' } })]);
  const store = new SyncStore({ get: () => Promise.resolve(undefined), text: () => Promise.resolve(undefined), put: () => Promise.resolve(), putAll: () => Promise.resolve(), delete: () => Promise.resolve() });
  const tell = (rest: object): Promise<void> => store.setSyncData({ next_batch: 's1', rooms: {}, account_data: { events: [] }, ...rest } as unknown as ISyncResponse);
  await tell({ [more]: true });
  Object.assign(client, { store });
  const looked = state.look();
  await vi.waitFor(() => expect(client.listenerCount(ClientEvent.Sync)).toBe(2)); // it waits for the others
  expect(state.snapshot().list).toBeUndefined();
  await tell({});
  Object.assign(client, { getRoom: () => ({ roomId: '!r', name: 'Harbour watch', getMyMembership: () => 'join' }) });
  client.emit(ClientEvent.Sync);
  await looked;
  expect(state.snapshot().list).toMatchObject([{ about: { is: 'room', where: { name: 'Harbour watch', here: true } } }]);
});

test('whose part it is: opened it, is in charge, or was', async () => {
  const { state } = account([told(3), told(2, { reporter: '@mio:port', in_charge: '@me:port' }), told(1, { reporter: '@mio:port', in_charge: undefined, appealed: true })]);
  await state.look();
  await state.more();
  expect(state.snapshot().list?.map(({ part }) => part)).toEqual(['reporter', 'inCharge', 'before']);
});

test('characters are counted as the server counts them', () => {
  expect(tooMany(` ${'𠮷'.repeat(4000)} `)).toBe(0);
  expect(tooMany('字'.repeat(4003))).toBe(3);
});

test('a message that the server does not have yet cannot be reported', () => {
  expect(messageMatter('!r', { id: undefined } as Message)).toBeUndefined();
});

import { Direction, MatrixClient, MatrixEvent, ReceiptType, Room, type IEvent, type Thread } from 'matrix-js-sdk';
import { beforeEach, expect, test, vi } from 'vitest';
import { deletedKey, threadKey } from './relations';
import { summaryOf, withDeleted } from './threads';
import { itemsOf } from './timeline';
import { sum, unreadIn } from './unread';

const me = '@lin:port';
const other = '@mio:port';
let client: MatrixClient;
let room: Room;
let count = 0;

beforeEach(async () => {
  count = 0;
  client = new MatrixClient({ baseUrl: 'http://localhost', userId: me });
  vi.spyOn(client, 'supportsThreads').mockReturnValue(true);
  vi.spyOn(client, 'getEventMapper').mockReturnValue((raw) => new MatrixEvent(raw));
  vi.spyOn(client, 'fetchRoomEvent').mockRejectedValue(new Error('offline'));
  room = new Room('!r:port', client, me);
  vi.spyOn(client, 'getRoom').mockReturnValue(room);
  await given(
    { type: 'm.room.create', sender: me, state_key: '', content: {} },
    { type: 'm.room.member', sender: me, state_key: me, content: { membership: 'join', displayname: '林秋砚' } },
    { type: 'm.room.member', sender: other, state_key: other, content: { membership: 'join', displayname: '佐伯 澪' } },
    { type: 'm.room.power_levels', sender: me, state_key: '', content: { users: { [me]: 100, [other]: 100 }, notifications: { room: 50 } } },
  );
});

async function given(...events: Partial<IEvent>[]): Promise<void> {
  await room.addLiveEvents(
    events.map((event) => new MatrixEvent({ room_id: '!r:port', event_id: `$${++count}`, origin_server_ts: count * 1000, ...event })),
    { addToState: true },
  );
}
const said = (id: string, sender: string, body: string, more: object = {}): Partial<IEvent> => ({ type: 'm.room.message', event_id: id, sender, content: { msgtype: 'm.text', body, ...more } });
const to = (root: string): object => ({ 'm.relates_to': { rel_type: 'm.thread', event_id: root, is_falling_back: true, 'm.in_reply_to': { event_id: root } } });
const naming = (...ids: string[]): object => ({ 'm.mentions': { user_ids: ids } });

function read(event: string, thread: string): void {
  const receipt = { [event]: { [ReceiptType.ReadPrivate]: { [me]: { ts: 1, thread_id: thread } } } };
  room.addReceipt(new MatrixEvent({ type: 'm.receipt', room_id: '!r:port', content: receipt }));
}

/** The thread as it is once all of it was fetched. */
async function thread(root: string): Promise<Thread> {
  const found = room.getThread(root);
  if (found === null) throw new Error('no thread');
  await vi.waitFor(() => expect(found.initialEventsFetched).toBe(true));
  return found;
}

test('answers in threads are unread for their thread, until it is read', async () => {
  await given(said('$root', me, '年检报告'));
  await given(said('$a', other, '見ます', to('$root')));
  await thread('$root');
  await given(said('$b', other, 'いつ？', { ...to('$root'), ...naming(me) }), said('$c', other, 'おはよう'));
  expect(room.getLiveTimeline().getEvents().map((event) => event.getId())).not.toContain('$b');
  const unread = unreadIn(room, me, { main: 1, threads: new Map([['$root', 2]]) });
  expect(unread.main).toEqual({ messages: 1, mentioned: false });
  expect(unread.threads.get('$root')).toEqual({ messages: 2, mentioned: true });
  expect(sum(unread)).toEqual({ messages: 3, mentioned: true });
  read('$b', '$root');
  expect(sum(unreadIn(room, me, { main: 1, threads: new Map([['$root', 2]]) }))).toEqual({ messages: 1, mentioned: false });
});

test('where this device has not fetched so far back, the server is believed', async () => {
  room.resetLiveTimeline('before'); // the server left something out
  await given(said('$x', other, 'おはよう'));
  expect(unreadIn(room, me, { main: 71, threads: new Map([['$elsewhere', 4]]) })).toEqual({
    main: { messages: 71, mentioned: false },
    threads: new Map([['$elsewhere', { messages: 4, mentioned: false }]]),
  });
  read('$x', 'main');
  expect(unreadIn(room, me, { main: 71, threads: new Map() }).main.messages).toBe(0);
});

test('everybody is named only by somebody who may, and one’s own message names nobody', async () => {
  await given({ type: 'm.room.power_levels', sender: me, state_key: '', content: { users: { [me]: 100 }, notifications: { room: 50 } } });
  await given(said('$x', other, '@room', { 'm.mentions': { room: true } }));
  expect(unreadIn(room, me, undefined).main).toEqual({ messages: 1, mentioned: false });
  await given(said('$y', other, '@lin', naming(me)));
  expect(unreadIn(room, me, undefined).main).toEqual({ messages: 2, mentioned: true });
  await given(said('$z', me, '@lin', naming(me)));
  expect(unreadIn(room, me, undefined).main).toEqual({ messages: 0, mentioned: false });
});

test('a thread is one line at its root, and its answers are items of the thread alone', async () => {
  await given(said('$root', me, '年检报告'));
  await given(said('$a', other, '見ます', to('$root')));
  const found = await thread('$root');
  await given(said('$b', other, '着きました', to('$root')));
  const root = room.findEventById('$root')!;
  expect(summaryOf(room, root, { messages: 2, mentioned: true })).toMatchObject({ root: '$root', answers: 2, last: { by: { name: '佐伯 澪' } }, unread: 2, mentioned: true });
  const waiting = { id: 'txn', type: 'm.room.message', content: { msgtype: 'm.text', body: '好', ...to('$root') } as never, at: 9e9, state: { is: 'waiting' } as const };
  const main = itemsOf(room, me, room.getLiveTimeline().getEvents(), [waiting]);
  expect(main.filter((item) => item.is === 'message')).toMatchObject([{ id: '$root', thread: { answers: 2 } }]);
  const inside = itemsOf(room, me, found.events, [waiting], { thread: '$root' });
  expect(inside.filter((item) => item.is === 'message').map((item) => [item.body, item.within])).toContainEqual(['好', '$root']);
  expect(inside.filter((item) => item.is === 'message' && item.thread !== undefined)).toEqual([]);
});

test('a deleted answer leaves its line in the thread and none in the room', async () => {
  await given(said('$root', me, '年检报告'));
  await given(said('$a', other, '見ます', to('$root')));
  const found = await thread('$root');
  await given(said('$b', other, '間違い', to('$root')));
  await given({ type: 'm.room.redaction', sender: other, redacts: '$b', content: { redacts: '$b', [deletedKey]: 'm.thread', [threadKey]: '$root' } });
  const main = itemsOf(room, me, room.getLiveTimeline().getEvents(), []);
  expect(main.filter((item) => item.is === 'deleted')).toEqual([]);
  const inside = itemsOf(room, me, withDeleted(room, '$root', found.events, true), [], { thread: '$root' });
  expect(inside.filter((item) => item.is === 'deleted').map((item) => item.id)).toEqual(['$b']);
  expect(found.liveTimeline.getPaginationToken(Direction.Backward)).toBeNull();
});

test('what somebody who is ignored wrote is not unread and names nobody, nor is it what a thread ends with', async () => {
  await given(said('$root', me, '年检报告'));
  await given(said('$a', other, '@lin 见', naming(me)), said('$mine', me, '今天', to('$root')), said('$b', other, '見ます', to('$root')));
  await thread('$root');
  expect(sum(unreadIn(room, me, undefined))).toEqual({ messages: 2, mentioned: true });
  const list = new MatrixEvent({ type: 'm.ignored_user_list', content: { ignored_users: { [other]: {} } } });
  vi.spyOn(client, 'getAccountData').mockReturnValue(list);
  expect(sum(unreadIn(room, me, undefined))).toEqual({ messages: 0, mentioned: false });
  const root = room.findEventById('$root');
  expect(root && summaryOf(room, root, undefined)?.last?.by.id).toBe(me);
});

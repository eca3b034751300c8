import { MatrixClient, MatrixEvent, Room, type IEvent } from 'matrix-js-sdk';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Outgoing } from './outbox';
import { itemsOf } from './timeline';

const me = '@lin:port';
const other = '@mio:port';
let room: Room;
let count = 0;

beforeEach(async () => {
  count = 0;
  room = new Room('!r:port', new MatrixClient({ baseUrl: 'http://localhost', userId: me }), me);
  await given([
    { type: 'm.room.create', sender: me, state_key: '', content: {} },
    { type: 'm.room.member', sender: me, state_key: me, content: { membership: 'join', displayname: '林秋砚' } },
    { type: 'm.room.member', sender: me, state_key: other, content: { membership: 'invite', displayname: '佐伯 澪' } },
    { type: 'm.room.member', sender: other, state_key: other, content: { membership: 'join', displayname: '佐伯 澪' }, unsigned: { prev_content: { membership: 'invite' } } },
  ]);
});

async function given(events: Partial<IEvent>[]): Promise<void> {
  const whole = events.map((event) => new MatrixEvent({ room_id: '!r:port', event_id: `$${++count}`, origin_server_ts: count * 1000, ...event }));
  await room.addLiveEvents(whole, { addToState: true });
}
const items = (outgoing: Outgoing[] = []) => itemsOf(room, me, room.getLiveTimeline().getEvents(), outgoing);
const waiting: Outgoing = { id: 'txn', type: 'm.room.message', content: { msgtype: 'm.text', body: '收到' }, lang: 'zh-Hans', at: 9000, state: { is: 'waiting' } };

test('what happened in the room is a sentence with the people in it', () => {
  expect(items().map((item) => item.is === 'happening' && item.say)).toMatchObject([
    { id: 'happening.created', args: { name: { name: '林秋砚' } } },
    { id: 'happening.invited', args: { name: { name: '林秋砚' }, who: { name: '佐伯 澪' } } },
    { id: 'happening.joined', args: { name: { name: '佐伯 澪' } } },
  ]);
});

test('a message has the language that its sender wrote into it, or the one its letters show', async () => {
  const envelope = { v: 1, device: 'D', n: 1, prev: '', seen: '', lang: 'ja' };
  await given([
    { type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: '荷役計画', 'org.wardroom.envelope': envelope } },
    { type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: '承知しました。' } },
    { type: 'm.room.message', sender: me, content: { msgtype: 'm.text', body: 'ok' }, unsigned: { transaction_id: 'mine' } },
  ]);
  expect(items().slice(3)).toMatchObject([
    { is: 'message', lang: 'ja', mine: false, state: undefined },
    { is: 'message', lang: 'ja' },
    { is: 'message', mine: true, key: 'mine', state: { is: 'saved' } },
  ]);
});

test('what is on its way out stands at the end, until the server gives it back, and keeps its key', async () => {
  expect(items([waiting]).at(-1)).toMatchObject({ is: 'message', key: 'txn', body: '收到', lang: 'zh-Hans', state: { is: 'waiting' } });
  await given([{ type: 'm.room.message', sender: me, content: waiting.content, unsigned: { transaction_id: 'txn' } }]);
  const early = items([{ ...waiting, state: { is: 'sending' } }]);
  expect(early.filter((item) => item.key === 'txn')).toMatchObject([{ state: { is: 'saved' } }]); // the answer is still to come
  const saved = items([{ ...waiting, state: { is: 'saved', eventId: '$5' } }]);
  expect(saved.filter((item) => item.key === 'txn')).toHaveLength(1);
});

test('reactions and edits on their way out are no messages of their own', () => {
  expect(items([{ ...waiting, type: 'm.reaction' }])).toHaveLength(3);
});

test('an edit replaces the words; a deleted message says so; an unknown kind says so', async () => {
  await given([
    { type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: 'old' } },
    { type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: '* new', 'm.new_content': { msgtype: 'm.text', body: 'new' }, 'm.relates_to': { rel_type: 'm.replace', event_id: '$5' } } },
    { type: 'm.room.message', sender: other, content: {}, unsigned: { redacted_because: {} as IEvent } },
    { type: 'm.room.message', sender: other, content: { msgtype: 'org.example.dance', body: 'x' } },
  ]);
  expect(items().slice(3)).toMatchObject([
    { is: 'message', body: 'new', edited: true },
    { is: 'deleted' },
    { is: 'unsupported' },
  ]);
});

test('ciphertext whose key is being looked for is neither shown nor called unreadable', async () => {
  await given([{ type: 'm.room.encrypted', sender: other, content: { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' } }]);
  expect(items().at(-1)).toMatchObject({ is: 'opening' });
});

test('nothing in a text turns around what is quoted, listed or copied of it', async () => {
  await given([{ type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: 'to \u2067Lin: 001\u202e \u200fok' } }]);
  expect(items().at(-1)).toMatchObject({ body: 'to Lin: 001 \u200fok' });
});

test('what somebody who is ignored writes, edits and reacts with is not there; what answers it says so', async () => {
  await given([
    { type: 'm.room.message', sender: other, content: { msgtype: 'm.text', body: 'hidden' } },
    { type: 'm.room.message', sender: me, content: { msgtype: 'm.text', body: 'mine', 'm.relates_to': { 'm.in_reply_to': { event_id: '$5' } } } },
    { type: 'm.reaction', sender: other, content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$6', key: '👍' } } },
    { type: 'm.room.redaction', sender: other, content: {}, redacts: '$1' },
    { type: 'm.room.encrypted', sender: other, content: { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' } },
  ]);
  expect(items().slice(3)).toMatchObject([{ body: 'hidden' }, { body: 'mine', quote: { of: { text: 'hidden' } }, reactions: [{ key: '👍' }] }, { is: 'opening' }]);
  const list = new MatrixEvent({ type: 'm.ignored_user_list', content: { ignored_users: { [other]: {}, [me]: {} } } });
  vi.spyOn(room.client, 'getAccountData').mockReturnValue(list);
  expect(items().slice(2)).toMatchObject([{ is: 'happening' }, { body: 'mine', quote: { of: undefined, ignored: true }, reactions: [] }]);
});

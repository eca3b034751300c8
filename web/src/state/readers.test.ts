import { MatrixClient, MatrixEvent, ReceiptType, Room, type IEvent } from 'matrix-js-sdk';
import { beforeEach, expect, test } from 'vitest';
import { noticed, readersOf } from './readers';
import { readUpTo } from './seen';
import { unreadIn } from './unread';

const me = '@lin:port';
const [mio, ben] = ['@mio:port', '@ben:port'];
let room: Room;
let count: number;

beforeEach(async () => {
  count = 0;
  room = new Room('!r:port', new MatrixClient({ baseUrl: 'http://localhost', userId: me }), me);
  await given(...[me, mio, ben].map((who) => ({ type: 'm.room.member', sender: who, state_key: who, content: { membership: 'join', displayname: who.slice(1, 4) } })));
});

async function given(...events: Partial<IEvent>[]): Promise<void> {
  const whole = events.map((event) => new MatrixEvent({ room_id: '!r:port', event_id: `$${++count}`, origin_server_ts: count * 1000, ...event }));
  await room.addLiveEvents(whole, { addToState: true });
}
const says = (sender: string) => ({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body: 'ok' } });
function reads(who: string, event: string, kind: ReceiptType, ts?: number): void {
  room.addReceipt(new MatrixEvent({ type: 'm.receipt', room_id: '!r:port', content: { [event]: { [kind]: { [who]: ts === undefined ? {} : { ts } } } } }));
}
const readers = () => [...readersOf(room, me, room.getLiveTimeline().getEvents())].map(([id, all]) => [id, all.map(({ person }) => person.id)]);

test('one’s own messages know who has read them, of those who show it', async () => {
  await given(says(me), says(ben), says(me)); // $4 $5 $6
  expect(readers()).toEqual([]);
  reads(mio, '$5', ReceiptType.Read);
  expect(readers()).toEqual([['$4', [mio]]]);
  reads(mio, '$6', ReceiptType.Read);
  expect(readers()).toEqual([
    ['$4', [mio]],
    ['$6', [mio]],
  ]);
});

test('writing is not showing that one has read', async () => {
  await given(says(me), says(ben));
  expect(readers()).toEqual([]);
});

test('the time is when this device learned of it, of what it was showing', () => {
  const person = { id: mio, name: '佐伯 澪', lang: 'ja' };
  const now = new Map([['$4', [{ person, at: undefined }]]]);
  expect(noticed(new Map(), () => false, now, 5).get('$4')).toEqual([{ person, at: undefined }]);
  const first = noticed(new Map(), () => true, now, 5);
  expect(first.get('$4')).toEqual([{ person, at: 5 }]);
  expect(noticed(first, () => true, now, 9).get('$4')).toBe(first.get('$4'));
});

test('how far one has read is the later of what is private and what is shown, and what comes after is unread', async () => {
  await given(says(ben), says(ben), says(ben), says(ben)); // $4 to $7
  expect(unreadIn(room, me, undefined).main.messages).toBe(4);
  reads(me, '$6', ReceiptType.ReadPrivate, 60);
  reads(me, '$4', ReceiptType.Read, 99);
  expect(readUpTo(room, me)).toBe('$6');
  expect(unreadIn(room, me, undefined).main.messages).toBe(1);
  reads(me, '$7', ReceiptType.Read, 100);
  expect(unreadIn(room, me, undefined).main.messages).toBe(0);
});

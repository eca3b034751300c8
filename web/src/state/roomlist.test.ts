import { ClientEvent, EventType, MatrixClient, MatrixEvent, Room, type IEvent } from 'matrix-js-sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Tokens } from '../wire/tokens';
import { FarMentions } from './farmentions';
import { Outbox } from './outbox';
import { converse } from './people';
import { Position } from './position';
import { RoomList } from './roomlist';
import { viewOf } from './roomview';

vi.mock('../crypto/admit', () => ({ founding: () => Promise.resolve({}) }));

const me = '@anna:port';
const chen = '@chen:port';
const dora = '@dora:port';
let client: MatrixClient;
let room: Room;
let list: RoomList;
let count = 0;

beforeEach(async () => {
  vi.useFakeTimers();
  count = 0;
  client = new MatrixClient({ baseUrl: 'http://localhost', userId: me, roomNameGenerator: (_, state) => ('names' in state ? state.names.join(', ') : null) });
  room = new Room('!d:port', client, me);
  room.updateMyMembership('join');
  vi.spyOn(client, 'getRooms').mockReturnValue([room]);
  vi.spyOn(client, 'getRoom').mockReturnValue(room);
  vi.spyOn(client, 'getAccountData').mockImplementation((type) => (type === EventType.Direct ? new MatrixEvent({ type, content: { [chen]: ['!d:port'] } }) : undefined));
  list = new RoomList(client, new FarMentions(client));
  await given(member(me, 'join', 'Anna'), member(chen, 'join', 'Chen'));
});
afterEach(() => {
  list.close();
  vi.useRealTimers();
});

const member = (who: string, membership: string, displayname: string): Partial<IEvent> => ({ type: 'm.room.member', sender: who, state_key: who, content: { membership, displayname } });
async function given(...events: Partial<IEvent>[]): Promise<void> {
  await room.addLiveEvents(
    events.map((event) => new MatrixEvent({ room_id: '!d:port', event_id: `$${++count}`, origin_server_ts: count, ...event })),
    { addToState: true },
  );
  room.recalculate();
  client.emit(ClientEvent.Room, room);
  vi.runAllTimers();
}
const shown = () => ({ rooms: list.snapshot().rooms.map(({ name }) => name), people: list.snapshot().people.map(({ name }) => name) });
const asks = vi.fn(() => Promise.reject(new Error('a new room')));
const goesTo = (): Promise<string> => {
  vi.spyOn(client, 'createRoom').mockImplementation(asks);
  return converse(client, null as unknown as Tokens, chen, new Map());
};
function page() {
  const outbox = new Outbox({ device: '', seen: () => '', sign: (content) => Promise.resolve(content), between: () => Promise.resolve(undefined), send: () => Promise.resolve(''), judge: () => ({ again: undefined }), read: () => Promise.resolve(undefined), keep: () => Promise.resolve() });
  const position = new Position(client, room.getUnfilteredTimelineSet(), { readUpTo: () => undefined, unread: () => 0 }, () => undefined);
  return viewOf(client, room, outbox, [], position, true);
}

test('a conversation of two stands under the other’s name, and nobody else is invited to it', async () => {
  expect(shown()).toEqual({ rooms: [], people: ['Chen'] });
  expect(page()).toMatchObject({ with: { name: 'Chen' }, mayInvite: false });
  expect(await goesTo()).toBe('!d:port');
});

test('with a third person invited it is a room like others, and a new conversation is begun with the other', async () => {
  await given(member(dora, 'invite', 'Dora'));
  expect(shown()).toEqual({ rooms: ['Chen, Dora'], people: [] });
  expect(page().with).toBeUndefined();
  await expect(goesTo()).rejects.toThrow('a new room');
});

test('somebody in the place of the other does not stand under their name', async () => {
  await given(member(chen, 'leave', 'Chen'));
  expect(shown()).toEqual({ rooms: [], people: ['Chen'] });
  await given(member(dora, 'join', 'Dora'));
  expect(shown()).toEqual({ rooms: ['Dora'], people: [] });
  await expect(goesTo()).rejects.toThrow('a new room');
});

test('whoever alone may do everything in a room is its last owner, while others are there', async () => {
  const levels = (...owners: string[]): Partial<IEvent> => ({ type: 'm.room.power_levels', sender: me, state_key: '', content: { users: Object.fromEntries(owners.map((who) => [who, 100])) } });
  await given({ type: 'm.room.create', sender: me, state_key: '', content: { room_version: '10' } }, levels(me));
  expect(page().lastOwner).toBe(true);
  await given(levels(me, chen));
  expect(page().lastOwner).toBe(false);
  await given(levels(me), member(chen, 'leave', 'Chen'));
  expect(page().lastOwner).toBe(false); // nobody is left behind
});

test('a message that cannot be read here has no text of the SDK in the list, and why', async () => {
  await given({ type: 'm.room.encrypted', sender: chen, content: { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x', session_id: 's' } });
  const [event] = room.getLiveTimeline().getEvents().slice(-1);
  await event?.attemptDecryption({ decryptEvent: () => Promise.reject(new Error('no key')) } as never);
  client.emit(ClientEvent.Room, room);
  vi.runAllTimers();
  expect(list.snapshot().people[0]?.preview).toMatchObject({ text: '', unreadable: 'noKey' });
});

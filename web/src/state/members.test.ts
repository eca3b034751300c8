import { Direction, MatrixClient, MatrixEvent, Room, RoomStateEvent, type IEvent } from 'matrix-js-sdk';
import { beforeEach, expect, test, vi } from 'vitest';
import { Members } from './members';

const me = '@lin:port';
const other = '@mio:port';
let client: MatrixClient;
let room: Room;
let members: Members;
let count = 0;

beforeEach(async () => {
  count = 0;
  client = new MatrixClient({ baseUrl: 'http://localhost', userId: me });
  room = new Room('!r:port', client, me);
  // What a sync has a client do with each room.
  const state = room.getLiveTimeline().getState(Direction.Forward);
  if (state !== undefined) client.reEmitter.reEmit(state, [RoomStateEvent.Events, RoomStateEvent.Members]);
  vi.spyOn(room, 'loadMembersIfNeeded').mockResolvedValue(true);
  await given(
    { type: 'm.room.create', sender: me, state_key: '', content: {} },
    { type: 'm.room.member', sender: me, state_key: me, content: { membership: 'join', displayname: '林秋砚' } },
    { type: 'm.room.member', sender: other, state_key: other, content: { membership: 'join', displayname: '佐伯 澪' } },
    { type: 'm.room.power_levels', sender: me, state_key: '', content: { users: { [me]: 100 } } },
  );
  members = new Members(client, room);
  members.open();
});

async function given(...events: Partial<IEvent>[]): Promise<void> {
  await room.addLiveEvents(
    events.map((event) => new MatrixEvent({ room_id: '!r:port', event_id: `$${++count}`, origin_server_ts: count, ...event })),
    { addToState: true },
  );
}
const shown = () => members.snapshot().map(({ person, role }) => `${person.name}: ${role}`);

test('who left is not in the list', async () => {
  expect(shown()).toEqual(['林秋砚: owner', '佐伯 澪: member']);
  await given({ type: 'm.room.member', sender: other, state_key: other, content: { membership: 'leave' } });
  expect(shown()).toEqual(['林秋砚: owner']);
});

test('a program is told from a person, whatever it calls itself', async () => {
  await given({ type: 'm.room.member', sender: other, state_key: other, content: { membership: 'join', displayname: '佐伯 澪', 'org.wardroom.bot': 'irc' } });
  expect(members.snapshot().map(({ person }) => person.bot)).toEqual([undefined, true]);
});

test('a new role and a new name are shown at once', async () => {
  await given({ type: 'm.room.power_levels', sender: me, state_key: '', content: { users: { [me]: 100, [other]: 50 } } });
  expect(shown()).toEqual(['林秋砚: owner', '佐伯 澪: moderator']);
  await given({ type: 'm.room.member', sender: other, state_key: other, content: { membership: 'join', displayname: '澪' } });
  expect(shown()).toEqual(['林秋砚: owner', '澪: moderator']);
});

import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { ClientEvent, type ISyncResponse, type MatrixClient } from 'matrix-js-sdk';
import { more } from '../wire/opening';
import { SyncStore } from '../wire/syncstore';
import type { Tokens } from '../wire/tokens';
import { converse, findPeople, makeRoom } from './people';

test('an invitation that fails is sent again in the room that was made for it', async () => {
  const made: string[] = [];
  const client = {
    getAccountData: () => null,
    getSafeUserId: () => '@lin:port.example',
    getCrypto: () => ({ getCrossSigningKeyId: () => Promise.resolve('M') }),
    createRoom: () => Promise.resolve({ room_id: `!${made.push('room')}` }),
    setAccountData: () => Promise.reject(new Error('no answer')),
  } as unknown as MatrixClient;
  const tokens = null as unknown as Tokens; // it does not come so far
  const begun = new Map<string, string>();
  for (let n = 0; n < 3; n++) await expect(converse(client, tokens, '@mio:port.example', begun)).rejects.toThrow('no answer');
  expect(made).toHaveLength(1);
  expect(begun.get('@mio:port.example')).toBe('!1');
});

test('while the rooms come one after the other, none is made for a conversation: it may be among them', async () => {
  const store = new SyncStore({ get: () => Promise.resolve(undefined), text: () => Promise.resolve(undefined), put: () => Promise.resolve(), putAll: () => Promise.resolve(), delete: () => Promise.resolve() });
  const told = (rest: object): Promise<void> => store.setSyncData({ next_batch: 's1', rooms: {}, account_data: { events: [] }, ...rest } as unknown as ISyncResponse);
  const known = { roomId: '!theirs', getMyMembership: () => 'join', getInvitedAndJoinedMemberCount: () => 2, getMember: () => ({ membership: 'join' }) };
  let room: object | null = null;
  let made = 0;
  const client = Object.assign(new EventEmitter(), {
    store,
    getAccountData: () => ({ getContent: () => ({ '@mio:port.example': ['!theirs'] }) }),
    getRoom: () => room,
    createRoom: () => Promise.resolve({ room_id: `!${++made}` }),
    setAccountData: () => Promise.reject(new Error('no answer')),
  });
  await told({ [more]: true });
  const id = converse(client as unknown as MatrixClient, null as unknown as Tokens, '@mio:port.example', new Map());
  client.emit(ClientEvent.Sync);
  await Promise.resolve();
  await told({});
  room = known;
  client.emit(ClientEvent.Sync);
  expect(await id).toBe('!theirs');
  expect(made).toBe(0);
});

test('of those whom the server finds, programs are told from people', async () => {
  const results = [{ user_id: '@lin:port', display_name: '林秋砚' }, { user_id: '@irc:port', display_name: 'Relay', 'org.wardroom.bot': 'irc' }, { user_id: '@odd:port', 'org.wardroom.bot': true }];
  const client = { getUserId: () => '@me:port', searchUserDirectory: () => Promise.resolve({ limited: false, results }) } as unknown as MatrixClient;
  expect((await findPeople(client, 'x')).map(({ name, bot }) => [name, bot])).toEqual([['林秋砚', undefined], ['Relay', true], ['odd', undefined]]);
});

test('a room says who made it, and that its keys go only to whom members let in, which each of them may say', async () => {
  const asked: Record<string, unknown>[] = [];
  const client = {
    getSafeUserId: () => '@lin:port.example',
    getCrypto: () => ({ getCrossSigningKeyId: () => Promise.resolve('M') }),
    createRoom: (options: Record<string, unknown>) => Promise.resolve({ room_id: `!${asked.push(options)}` }),
  } as unknown as MatrixClient;
  await makeRoom(client, { name: 'Quay' });
  await makeRoom(client, { direct: '@mio:port.example' });
  for (const { creation_content } of asked) expect(creation_content).toEqual({ 'org.wardroom.clients': { v: 1, by: '@lin:port.example', master: 'M', only: true } });
  expect(asked.map(({ power_level_content_override: levels }) => levels)).toEqual([
    { events: { 'org.wardroom.admissions': 0 } },
    { events: { 'org.wardroom.admissions': 0 }, users: { '@mio:port.example': 100 } },
  ]);
});

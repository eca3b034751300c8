import { EventEmitter } from 'node:events';
import { ClientEvent, MatrixEvent, SyncState, type MatrixClient, type Room } from 'matrix-js-sdk';
import { expect, test, vi } from 'vitest';
import { Ignoring, isIgnored } from './ignored';

/** An account at a server that answers at once, with the rooms that its client knows. */
function account(ignored: object, rooms: object[] = []) {
  let list = new MatrixEvent({ type: 'm.ignored_user_list', content: { ignored_users: ignored } });
  const client = Object.assign(new EventEmitter(), {
    getUserId: () => '@me:port',
    getUser: (id: string) => ({ displayName: id === '@eve:port' ? 'Eve' : undefined }),
    getProfileInfo: () => Promise.resolve({ displayname: 'A bot' }),
    getRooms: () => rooms,
    getAccountData: () => list,
    setAccountData: (type: string, content: Record<string, unknown>) => {
      list = new MatrixEvent({ type, content });
      client.emit(ClientEvent.AccountData, list);
      return Promise.resolve({});
    },
  });
  return { client: client as unknown as MatrixClient, emitter: client, now: () => list.getContent()['ignored_users'] as object };
}
/** What a vault keeps, in memory. */
function vault(kept = new Map<string, unknown>()) {
  return { get: <T>(name: string) => Promise.resolve(kept.get(name) as T | undefined), put: (name: string, value: unknown) => Promise.resolve(void kept.set(name, value)) };
}
const room = (id: string, members: string[]) => ({ roomId: id, loadMembersIfNeeded: () => Promise.resolve(true), getMember: (who: string) => (members.includes(who) ? {} : null) });

test('somebody is ignored beside those who were, and no longer; oneself never', async () => {
  const { client, now } = account({ '@bot:port': { since: 1 }, '@me:port': {} });
  const ignoring = new Ignoring(client, vault(), vi.fn());
  expect(isIgnored(client, '@me:port')).toBe(false);
  await ignoring.ignore('@eve:port');
  expect(ignoring.snapshot().map(({ name }) => name)).toEqual(['bot', 'Eve']);
  expect(isIgnored(client, '@eve:port')).toBe(true);
  await ignoring.hear('@eve:port');
  await ignoring.learnNames();
  expect(ignoring.snapshot()).toMatchObject([{ id: '@bot:port', name: 'A bot' }]);
  expect(now()).toEqual({ '@bot:port': { since: 1 }, '@me:port': {} });
  expect(isIgnored(client, '@eve:port')).toBe(false);
});

test('what never came of somebody is fetched once they are heard again, in the rooms that one shares with them', async () => {
  const { client, emitter } = account({ '@eve:port': {} }, [room('!both', ['@eve:port']), room('!other', [])]);
  const box = vault();
  const anew = vi.fn<(room: Room) => Promise<void>>(() => Promise.resolve());
  const ignoring = new Ignoring(client, box, anew);
  emitter.emit(ClientEvent.Sync, SyncState.Syncing);
  await ignoring.hear('@eve:port');
  expect(anew).not.toHaveBeenCalled();
  emitter.emit(ClientEvent.Sync, SyncState.Syncing);
  emitter.emit(ClientEvent.Sync, SyncState.Syncing);
  await vi.waitFor(() => expect(anew.mock.calls.map(([{ roomId }]) => roomId)).toEqual(['!both']));
});

test('a list that another client wrote in another form ignores nobody', () => {
  const { client } = account(['@eve:port']);
  expect(isIgnored(client, '@eve:port')).toBe(false);
});

test('what was not fetched before the page was closed is fetched at the next start, once', async () => {
  const { client, emitter } = account({ '@eve:port': {} }, [room('!both', ['@eve:port'])]);
  const box = vault();
  const anew = vi.fn<(room: Room) => Promise<void>>(() => Promise.resolve());
  const first = new Ignoring(client, box, anew);
  await first.hear('@eve:port');
  first.close();
  for (const times of [1, 1]) {
    const next = new Ignoring(client, box, anew);
    await vi.waitFor(async () => {
      emitter.emit(ClientEvent.Sync, SyncState.Syncing);
      await Promise.resolve();
      expect(anew).toHaveBeenCalledTimes(times);
    });
    await vi.waitFor(async () => expect(await box.get('ignored/heard')).toEqual([]));
    next.close();
  }
});

import { ClientEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from './connection';

afterEach(() => vi.restoreAllMocks());

/** A connection whose client is told by the test what its sync came to, and whose question is answered by the test. */
function connect(retrying = true) {
  const client = Object.assign(new EventEmitter(), { retryImmediately: () => retrying });
  const asked: ((answered: boolean) => void)[] = [];
  const connection = new Connection(client as unknown as MatrixClient, () => new Promise((resolve) => asked.push(resolve)));
  const sync = (state: SyncState, data?: object) => client.emit(ClientEvent.Sync, state, null, data);
  const answer = async (answered: boolean) => {
    asked.shift()?.(answered);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { connection, sync, answer, asked, is: () => connection.snapshot().is };
}

const network = (there: boolean) => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(there);
  dispatchEvent(new Event(there ? 'online' : 'offline'));
};

test('what is read from this device is no answer of the server', () => {
  const { sync, is } = connect();
  sync(SyncState.Prepared, { fromCache: true });
  expect(is()).toBe('connecting');
  sync(SyncState.Error);
  expect(is()).toBe('noServer');
});

test('silence is dated from the last answer; opened into silence it has no date', () => {
  const { connection, sync, is } = connect();
  sync(SyncState.Error);
  expect(connection.snapshot()).toEqual({ is: 'noServer', since: undefined });
  sync(SyncState.Catchup);
  expect(is()).toBe('reconnecting');
  sync(SyncState.Syncing);
  vi.spyOn(Date, 'now').mockReturnValue(77);
  sync(SyncState.Reconnecting);
  sync(SyncState.Error);
  expect(connection.snapshot()).toEqual({ is: 'noServer', since: 77 });
});

test('a device that says it has no network is not believed while the server answers', async () => {
  const { sync, answer, is } = connect();
  sync(SyncState.Syncing);
  network(false);
  await answer(true);
  expect(is()).toBe('connected');
  network(false);
  await answer(false);
  expect(is()).toBe('offline');
});

test('a device that says it has a network is not believed while the server is silent', async () => {
  const { sync, answer, is } = connect();
  sync(SyncState.Syncing);
  network(false);
  await answer(false);
  network(true);
  await answer(false);
  expect(is()).toBe('noServer');
  network(true);
  await answer(true);
  expect(is()).toBe('reconnecting');
  sync(SyncState.Syncing);
  expect(is()).toBe('connected');
});

test('an answer while the client never stopped listening is the connection', async () => {
  const { sync, answer, is } = connect(false);
  sync(SyncState.Syncing);
  network(false);
  await answer(false);
  network(true);
  await answer(true);
  expect(is()).toBe('connected');
});

test('closed, it asks nothing more', () => {
  const { connection, asked } = connect();
  connection.close();
  network(true);
  expect(asked).toEqual([]);
});

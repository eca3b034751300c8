import { EventEmitter } from 'node:events';
import { ClientEvent, MatrixError, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { ConnectionError } from 'matrix-js-sdk/lib/http-api/errors';
import { expect, test, vi } from 'vitest';
import { Following } from './following';

const path = '/_matrix/client/unstable/io.element.msc4306/rooms/!quay%3Aport/thread/%24root/subscription';

/** A server that knows whether a thread is followed. */
async function opened(follows: boolean) {
  const server = { follows, down: false, asked: [] as string[] };
  const authedRequest = (method: string, at: string, _query: unknown, _body: unknown, { prefix }: { prefix: string }): Promise<object> => {
    server.asked.push(`${method} ${prefix}${at}`);
    if (server.down) return Promise.reject(new ConnectionError('no answer'));
    if (method === 'GET' && !server.follows) return Promise.reject(new MatrixError({ errcode: 'M_NOT_FOUND' }, 404));
    if (method !== 'GET') server.follows = method === 'PUT';
    return Promise.resolve({});
  };
  const client = Object.assign(new EventEmitter(), { http: { authedRequest } });
  const following = new Following(client as unknown as MatrixClient, '!quay:port', '$root');
  expect(following.snapshot()).toBeUndefined();
  following.open();
  await vi.waitFor(() => expect(following.snapshot()).toBe(follows));
  const back = (before = SyncState.Catchup): void => void client.emit(ClientEvent.Sync, SyncState.Syncing, before);
  return { server, client, following, back };
}

test('a thread is followed and left, at the server', async () => {
  const { server, following } = await opened(false);
  await following.follow(true);
  expect(following.snapshot()).toBe(true);
  await following.follow(false);
  expect(following.snapshot()).toBe(false);
  expect(server.asked).toEqual([`GET ${path}`, `PUT ${path}`, `DELETE ${path}`]);
});

test('where the server does not answer that is thrown, and what was known stands', async () => {
  const { server, following, back } = await opened(true);
  server.down = true;
  await expect(following.follow(false)).rejects.toThrow('no answer');
  back();
  await new Promise((resolve) => setImmediate(resolve));
  expect(following.snapshot()).toBe(true);
});

test('what another device changed is seen when the server answers after a silence, and not after the thread was closed', async () => {
  const { server, following, back } = await opened(true);
  server.follows = false;
  back(SyncState.Syncing);
  expect(server.asked).toHaveLength(1);
  back();
  await vi.waitFor(() => expect(following.snapshot()).toBe(false));
  following.close();
  back();
  expect(server.asked).toHaveLength(2);
});

test('an answer that was on its way when one pressed does not take it back', async () => {
  const { client, following, back } = await opened(false);
  let late: (error: Error) => void = () => undefined;
  const { http } = client;
  client.http = { authedRequest: () => new Promise((_, reject) => (late = reject)) };
  back();
  client.http = http;
  await following.follow(true);
  late(new MatrixError({ errcode: 'M_NOT_FOUND' }, 404));
  await new Promise((resolve) => setImmediate(resolve));
  expect(following.snapshot()).toBe(true);
});

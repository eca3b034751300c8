// The threads that somebody follows. matrix-js-sdk does not know of it.

import { MatrixError, Method, type MatrixClient } from 'matrix-js-sdk';

/**
 * Whether the person at this device follows a thread. It throws where the server does not answer.
 *
 * Spec: MSC4306.
 */
export async function followsThread(client: MatrixClient, roomId: string, root: string): Promise<boolean> {
  try {
    await ask(client, Method.Get, roomId, root);
    return true;
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return false;
    throw error;
  }
}

/**
 * Follows a thread, or no longer. When it returns it is so.
 *
 * Spec: MSC4306.
 */
export async function followThread(client: MatrixClient, roomId: string, root: string, on: boolean): Promise<void> {
  await ask(client, on ? Method.Put : Method.Delete, roomId, root);
}

async function ask(client: MatrixClient, method: Method, roomId: string, root: string): Promise<void> {
  const path = `/rooms/${encodeURIComponent(roomId)}/thread/${encodeURIComponent(root)}/subscription`;
  await client.http.authedRequest(method, path, undefined, method === Method.Put ? {} : undefined, { prefix: '/_matrix/client/unstable/io.element.msc4306' });
}

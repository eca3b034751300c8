import type { MatrixClient } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { FaultError } from '../wire/fault';
import { removeMessage } from './remove';

const lin = { id: '@lin:port' };

/** A server with edits on pages of two, which refuses after so many deletions. */
function server(edits: readonly { event_id: string; sender: string }[], refusesAfter = Infinity) {
  const deleted: string[] = [];
  const client = {
    fetchRelations: (_room: string, _id: string, _rel: string, _type: null, { from = '0' }: { from?: string }) => {
      const at = Number(from);
      const chunk = edits.filter(({ event_id }) => !deleted.includes(event_id)).slice(at, at + 2);
      return Promise.resolve(chunk.length < 2 ? { chunk } : { chunk, next_batch: String(at + 2) });
    },
    http: {
      authedRequest: (_method: string, path: string) => {
        if (deleted.length >= refusesAfter) return Promise.reject(new TypeError('gone'));
        deleted.push(decodeURIComponent(path.split('/')[4] ?? ''));
        return Promise.resolve({});
      },
    },
  };
  return { client: client as unknown as MatrixClient, deleted, mend: () => (refusesAfter = Infinity) };
}
const edits = ['$1', '$2', '$3', '$4', '$5'].map((event_id) => ({ event_id, sender: lin.id }));

test('every edit goes before its message, those that are not loaded too', async () => {
  const { client, deleted } = server([...edits, { event_id: '$foreign', sender: '@jonas:port' }]);
  await removeMessage(client, '!r', { id: '$m', edits: ['$5'], within: undefined, sender: lin });
  expect(deleted).toEqual(['$5', '$1', '$2', '$3', '$4', '$m']);
});

test('a deletion that fails says what still stands, and goes on when it is tried again', async () => {
  const { client, deleted, mend } = server(edits, 2);
  const message = { id: '$m', edits: [], within: undefined, sender: lin };
  const error: unknown = await removeMessage(client, '!r', message).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(FaultError);
  expect((error as FaultError).fault.left).toBe(3);
  expect(deleted).toEqual(['$1', '$2']);
  mend();
  await removeMessage(client, '!r', message);
  expect(deleted).toEqual(['$1', '$2', '$3', '$4', '$5', '$m']);
});

// The deletion of a message with everything that it ever said.

import type { MatrixClient } from 'matrix-js-sdk';
import { redactEvent } from '../wire/client';
import { faultOf, FaultError } from '../wire/fault';
import { editsOf } from '../wire/history';
import { deletedKey, threadKey } from './relations';
import type { Message } from './timeline';

export type Removable = Pick<Message, 'id' | 'edits' | 'within'> & { readonly sender: { readonly id: string } };

/**
 * Deletes a message and every edit of it by its author, those that are not loaded here included: the server deletes no edit
 * with its message. The edits go first, because while the message stands all of it can be tried again. It throws a FaultError;
 * `left` says how many earlier versions still stand, where that is known.
 */
export async function removeMessage(client: MatrixClient, roomId: string, { id, edits, within, sender }: Removable): Promise<void> {
  if (id === undefined) return;
  const listed = await editsOf(client, roomId, id, sender.id);
  const left = new Set([...edits, ...listed]);
  try {
    for (const edit of left) {
      await redactEvent(client, roomId, edit, { [deletedKey]: 'm.replace' });
      left.delete(edit);
    }
    await redactEvent(client, roomId, id, within === undefined ? {} : { [deletedKey]: 'm.thread', [threadKey]: within });
  } catch (error) {
    throw new FaultError({ ...faultOf(error), left: left.size }, error);
  }
}

import { ClientEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { cryptoOf } from './machine';

/**
 * Sees to it that the keys of messages are backed up, also where this device was started without a network. matrix-js-sdk
 * asks once where the backup is, when it starts; without an answer then, it would back up nothing until the next start, and
 * a later device could not read what came meanwhile. What is called here asks again for as long as there was no answer.
 */
export function keepBackingUp(client: MatrixClient): void {
  client.on(ClientEvent.Sync, (state) => {
    if (state !== SyncState.Syncing) return;
    cryptoOf(client)
      .getKeyBackupInfo()
      .catch(() => undefined); // the next answer of the server brings the next attempt
  });
}

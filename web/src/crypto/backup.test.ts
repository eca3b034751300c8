import { ClientEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { keepBackingUp } from './backup';

test('each answer to a sync asks for the backup, and no silence does', () => {
  const getKeyBackupInfo = vi.fn(() => Promise.reject(new Error('no answer')));
  const client = Object.assign(new EventEmitter(), { getCrypto: () => ({ getKeyBackupInfo }) });
  keepBackingUp(client as unknown as MatrixClient);
  client.emit(ClientEvent.Sync, SyncState.Error);
  client.emit(ClientEvent.Sync, SyncState.Reconnecting);
  expect(getKeyBackupInfo).not.toHaveBeenCalled();
  client.emit(ClientEvent.Sync, SyncState.Syncing);
  client.emit(ClientEvent.Sync, SyncState.Syncing);
  expect(getKeyBackupInfo).toHaveBeenCalledTimes(2);
});

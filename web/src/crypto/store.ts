// The crypto store of this device: Olm and Megolm sessions, trust, signing keys. It lies in IndexedDB, encrypted
// under 32 random bytes that the vault keeps.

import type { MatrixClient } from 'matrix-js-sdk';
import type { Vault } from '../keep/vault';
import { onlyAdmitted } from './admit';
import { takeKeysInTurn } from './inturn';
import { machineOf } from './machine';

const prefix = 'wardroom-crypto';
const keptKey = 'crypto/key';

/** The databases that the crypto store makes, for wiping. */
export const cryptoDatabases = [`${prefix}::matrix-sdk-crypto`, `${prefix}::matrix-sdk-crypto-meta`] as const;

/** Opens the crypto store and begins to decrypt with it. Before that, the client cannot read anything. */
export async function openCrypto(client: MatrixClient, vault: Vault): Promise<void> {
  // For rooms joined of late the SDK asks the server for the keys of their past before it has opened, and fails to open
  // without an answer. Those keys can wait for askForPast; the messages that are here cannot.
  const { initAsync, OlmMachine } = await import('@matrix-org/matrix-sdk-crypto-wasm');
  await initAsync();
  const asks = Object.getOwnPropertyDescriptor(OlmMachine.prototype, 'getAllRoomsPendingKeyBundles') ?? {};
  OlmMachine.prototype.getAllRoomsPendingKeyBundles = () => Promise.resolve([]);
  try {
    await client.initRustCrypto({ cryptoDatabasePrefix: prefix, storageKey: await storageKey(vault) });
  } finally {
    Object.defineProperty(OlmMachine.prototype, 'getAllRoomsPendingKeyBundles', asks);
  }
  machineOf(client).olmMachine.roomKeyForwardingEnabled = false; // nobody is given a key of a room because they ask for it
  onlyAdmitted(client);
  takeKeysInTurn(client);
}

const longEnough = 86_400_000;

/** Asks for the keys of earlier messages in rooms joined of late that have not come; after a day nobody sends them any more. */
export async function askForPast(client: MatrixClient): Promise<void> {
  const machine = machineOf(client);
  for (const { roomId, inviterId, inviteAcceptedAtMillis } of await machine.olmMachine.getAllRoomsPendingKeyBundles()) {
    if (Date.now() - inviteAcceptedAtMillis > longEnough) await machine.olmMachine.clearRoomPendingKeyBundle(roomId);
    else await machine.maybeAcceptKeyBundle(roomId.toString(), inviterId.toString());
  }
}

async function storageKey(vault: Vault): Promise<Uint8Array> {
  const before = await vault.get<number[]>(keptKey);
  if (before !== undefined) return Uint8Array.from(before);
  const key = crypto.getRandomValues(new Uint8Array(32));
  await vault.put(keptKey, [...key]);
  return key;
}

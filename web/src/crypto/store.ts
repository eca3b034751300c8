// The crypto store of this device: Olm and Megolm sessions, trust, signing keys. It lies in IndexedDB, encrypted
// under 32 random bytes that the vault keeps.

import type { MatrixClient } from 'matrix-js-sdk';
import type { Vault } from '../keep/vault';

const prefix = 'wardroom-crypto';
const keptKey = 'crypto/key';

/** The databases that the crypto store makes, for wiping. */
export const cryptoDatabases = [`${prefix}::matrix-sdk-crypto`, `${prefix}::matrix-sdk-crypto-meta`] as const;

/** Opens the crypto store and begins to decrypt with it. Before that, the client cannot read anything. */
export async function openCrypto(client: MatrixClient, vault: Vault): Promise<void> {
  await client.initRustCrypto({ cryptoDatabasePrefix: prefix, storageKey: await storageKey(vault) });
}

async function storageKey(vault: Vault): Promise<Uint8Array> {
  const before = await vault.get<number[]>(keptKey);
  if (before !== undefined) return Uint8Array.from(before);
  const key = crypto.getRandomValues(new Uint8Array(32));
  await vault.put(keptKey, [...key]);
  return key;
}

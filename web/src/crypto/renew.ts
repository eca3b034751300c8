// Another recovery key for the same account, made on a device that holds the account's keys. The keys themselves stay as
// they are, so that nobody else notices and nothing has to be signed anew: only what they are locked away under changes.

import type { MatrixClient } from 'matrix-js-sdk';
import encryptSecret from 'matrix-js-sdk/lib/utils/encryptAESSecretStorageItem';
import { cryptoOf, machineOf } from './machine';
import type { NewRecoveryKey } from './recovery';

/** Thrown where this device does not hold all keys of the account, so that it can lock none away. */
export class KeysNotHeld extends Error {
  constructor() {
    super('this device does not hold all keys of the account');
    this.name = 'KeysNotHeld';
  }
}

type Name = 'm.cross_signing.master' | 'm.cross_signing.self_signing' | 'm.cross_signing.user_signing' | 'm.megolm_backup.v1';
type Secrets = ReadonlyMap<Name, string>;
type Locked = Record<string, Awaited<ReturnType<typeof encryptSecret>>>;

/** Whether this device holds the account's signing keys in force and the key of its backup. It asks the server. */
export async function holdsSecrets(client: MatrixClient): Promise<boolean> {
  return (await heldSecrets(client)) !== undefined;
}

/**
 * Locks the account's keys away under another recovery key. When it returns, the key so far opens nothing, and the new one
 * what the old one did. Until the moment at which the new key is put in force the old one opens everything, so that it can be
 * broken off and done again at any point. It throws KeysNotHeld, before anything is changed, where this device lacks a key.
 *
 * The protocol asks for no password here. What other clients may have put under the old key on their own is not taken over:
 * it cannot be read without that key.
 *
 * Spec: client-server API, secrets: storage.
 */
export async function renew(client: MatrixClient, key: NewRecoveryKey): Promise<void> {
  const secrets = await heldSecrets(client);
  if (secrets === undefined) throw new KeysNotHeld();
  const storage = client.secretStorage;
  const before = await storage.getDefaultKeyId();
  const { privateKey } = key.generated;
  const { keyId } = await storage.addKey('m.secret_storage.v1.aes-hmac-sha2', { key: privateKey });
  const locked = new Map<Name, Locked>();
  for (const [name, secret] of secrets) {
    const under = { [keyId]: await encryptSecret(secret, privateKey, name) };
    locked.set(name, under);
    const old = before === null ? undefined : lockedIn(await client.getAccountDataFromServer(name))[before];
    await put(client, name, old === undefined || before === null ? under : { ...under, [before]: old });
  }
  await storage.setDefaultKeyId(keyId);
  for (const [name, under] of locked) await put(client, name, under);
  if (before !== null && before !== keyId) await client.setAccountData(`m.secret_storage.key.${before}`, {});
}

async function put(client: MatrixClient, name: Name, encrypted: Locked): Promise<void> {
  await client.setAccountData(name, { encrypted });
}

function lockedIn(content: unknown): Locked {
  const encrypted = typeof content === 'object' && content !== null ? (content as { encrypted?: unknown }).encrypted : undefined;
  return typeof encrypted === 'object' && encrypted !== null ? (encrypted as Locked) : {};
}

async function heldSecrets(client: MatrixClient): Promise<Secrets | undefined> {
  const crypto = cryptoOf(client);
  const me = client.getSafeUserId();
  const { master_keys: masters } = await client.downloadKeysForUsers([me]);
  const inForce = Object.values(masters?.[me]?.keys ?? {})[0];
  const exported = await machineOf(client).olmMachine.exportCrossSigningKeys();
  const { masterKey, self_signing_key: selfSigning, userSigningKey } = exported ?? {};
  if (inForce === undefined || (await crypto.getCrossSigningKeyId()) !== inForce) return undefined;
  if (masterKey === undefined || selfSigning === undefined || userSigningKey === undefined) return undefined;
  const secrets = new Map<Name, string>([
    ['m.cross_signing.master', masterKey],
    ['m.cross_signing.self_signing', selfSigning],
    ['m.cross_signing.user_signing', userSigningKey],
  ]);
  const backup = await crypto.getKeyBackupInfo();
  if (backup === null) return undefined; // there is always one: without it a new device reads nothing, whatever key it is given
  const held = await crypto.getSessionBackupPrivateKey();
  if (held === null || !(await crypto.isKeyBackupTrusted(backup)).matchesDecryptionKey) return undefined;
  return secrets.set('m.megolm_backup.v1', btoa(String.fromCharCode(...held)));
}

import type { MatrixClient } from 'matrix-js-sdk';
import decryptSecret from 'matrix-js-sdk/lib/utils/decryptAESSecretStorageItem';
import encryptSecret from 'matrix-js-sdk/lib/utils/encryptAESSecretStorageItem';
import { beforeEach, expect, test } from 'vitest';
import type { NewRecoveryKey } from './recovery';
import { KeysNotHeld, renew } from './renew';

const oldKey = new Uint8Array(32).fill(1);
const newKey = new Uint8Array(32).fill(2);
const made = { groups: [], generated: { privateKey: newKey } } as unknown as NewRecoveryKey;
const backupKey = new Uint8Array(32).fill(7);
const secrets: Record<string, string> = {
  'm.cross_signing.master': 'master',
  'm.cross_signing.self_signing': 'self',
  'm.cross_signing.user_signing': 'user',
  'm.megolm_backup.v1': btoa(String.fromCharCode(...backupKey)),
};

/** A server that keeps account data, fails at a write on command, and tells after each write who could open what. */
class Account {
  readonly data = new Map<string, object>();
  readonly held = { master: 'MASTER', keys: { masterKey: 'master', self_signing_key: 'self', userSigningKey: 'user' } as object, backup: backupKey as Uint8Array | null, matches: true };
  writes = 0;
  failAt = Infinity;
  watched = false;

  async begin(): Promise<void> {
    for (const [name, secret] of Object.entries(secrets)) this.data.set(name, { encrypted: { old: await encryptSecret(secret, oldKey, name) } });
    this.data.set('m.secret_storage.default_key', { key: 'old' });
    this.data.set('m.secret_storage.key.old', { algorithm: 'a' });
  }

  async #write(type: string, content: object): Promise<void> {
    if (++this.writes === this.failAt) throw new Error('no answer');
    this.data.set(type, content);
    if (this.watched) expect(await this.opens(this.default === 'old' ? oldKey : newKey)).toBe(true); // whatever happens next
  }

  get default(): string {
    return (this.data.get('m.secret_storage.default_key') as { key: string }).key;
  }

  /** Whether a key opens everything, under the name of the key in force. */
  async opens(key: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const opened = Object.entries(secrets).map(async ([name, secret]) => {
      const locked = (this.data.get(name) as { encrypted: Record<string, Awaited<ReturnType<typeof encryptSecret>>> }).encrypted[this.default];
      return locked !== undefined && (await decryptSecret(locked, key, name)) === secret;
    });
    return (await Promise.allSettled(opened)).every((one) => one.status === 'fulfilled' && one.value);
  }

  readonly client = {
    getSafeUserId: () => '@lin:port',
    downloadKeysForUsers: () => Promise.resolve({ master_keys: { '@lin:port': { keys: { a: 'MASTER' } } } }),
    getAccountDataFromServer: (type: string) => Promise.resolve(this.data.get(type) ?? null),
    setAccountData: (type: string, content: object) => this.#write(type, content),
    secretStorage: {
      getDefaultKeyId: () => Promise.resolve(this.default),
      setDefaultKeyId: (key: string) => this.#write('m.secret_storage.default_key', { key }),
      addKey: async (algorithm: string) => {
        const keyId = `new${this.writes}`;
        await this.#write(`m.secret_storage.key.${keyId}`, { algorithm });
        return { keyId };
      },
    },
    getCrypto: () => ({
      getCrossSigningKeyId: () => Promise.resolve(this.held.master),
      getKeyBackupInfo: () => Promise.resolve({ version: '1' }),
      getSessionBackupPrivateKey: () => Promise.resolve(this.held.backup),
      isKeyBackupTrusted: () => Promise.resolve({ matchesDecryptionKey: this.held.matches }),
      olmMachine: { exportCrossSigningKeys: () => Promise.resolve(this.held.keys) },
    }),
  } as unknown as MatrixClient;
}

let account: Account;
beforeEach(async () => {
  account = new Account();
  await account.begin();
});

test('the new key opens everything, and nothing is left under the old one', async () => {
  account.watched = true;
  await renew(account.client, made);
  expect(await account.opens(newKey)).toBe(true);
  expect(JSON.stringify([...account.data.values()])).not.toContain('"old"');
  expect(account.data.get('m.secret_storage.key.old')).toEqual({});
});

test('broken off at any write, the key in force opens everything, and done again it ends', async () => {
  await renew(account.client, made);
  const writes = account.writes;
  expect(writes).toBeGreaterThan(10);
  for (let at = 1; at <= writes; at++) {
    account = new Account();
    await account.begin();
    account.failAt = at;
    await expect(renew(account.client, made)).rejects.toThrow('no answer');
    expect(await account.opens(account.default === 'old' ? oldKey : newKey)).toBe(true);
    await renew(account.client, made);
    expect(await account.opens(newKey)).toBe(true);
    expect(JSON.stringify([...account.data.values()])).not.toContain('"old"');
  }
});

test('a device that lacks a key changes nothing', async () => {
  for (const lack of [{ master: 'ANOTHER' }, { keys: { masterKey: 'master' } }, { backup: null }, { matches: false }]) {
    Object.assign(account.held, { master: 'MASTER', keys: { masterKey: 'master', self_signing_key: 'self', userSigningKey: 'user' }, backup: backupKey, matches: true }, lack);
    await expect(renew(account.client, made)).rejects.toThrow(KeysNotHeld);
  }
  expect(account.writes).toBe(0);
});

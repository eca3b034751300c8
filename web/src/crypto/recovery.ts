// The recovery key: what a person keeps on paper. It opens secret storage, where the server holds, encrypted, the
// signing keys that make a device this person's and the key of the backup of room keys.

import { ClientEvent, type AuthDict, type MatrixClient, type UIAuthCallback } from 'matrix-js-sdk';
import { CryptoEvent, ImportRoomKeyStage, type CryptoCallbacks, type GeneratedSecretStorageKey } from 'matrix-js-sdk/lib/crypto-api';
import { decodeRecoveryKey } from 'matrix-js-sdk/lib/crypto-api/recovery-key';
import { cryptoOf, machineOf } from './machine';
import { holdsSecrets, renew } from './renew';
import { onTrust } from './trust';

/** What this device is for its owner's account. */
export type Standing =
  /** Signed by its owner and given all the keys: others send to it, it reads the backup, and it can verify others. */
  | 'signed'
  /** The account has no signing keys yet: they are to be made. */
  | 'new'
  /** The account has keys that this device lacks: the recovery key brings them, or another device. */
  | 'locked'
  /** The account has keys that no recovery key opens: their making was interrupted. This device holds them. */
  | 'unfinished'
  /** The account has keys that no recovery key opens, and this device lacks them. */
  | 'unopenable';

/** Thrown where what was typed does not open this account's secret storage. */
export class WrongRecoveryKey extends Error {
  constructor(cause?: unknown) {
    super('not the recovery key of this account', { cause });
    this.name = 'WrongRecoveryKey';
  }
}

/** Thrown where the server wants the password before it takes new signing keys. */
export class PasswordNeeded extends Error {
  constructor() {
    super('the server asks for the password first');
    this.name = 'PasswordNeeded';
  }
}

/** Thrown where another device verified this one and then did not hand over the account's keys. */
export class KeysNotGiven extends Error {
  constructor(cause?: unknown) {
    super('the other device gave no keys', { cause });
    this.name = 'KeysNotGiven';
  }
}

/** How long another device may take to hand over the keys, in milliseconds. */
const patience = 60_000;

/** A recovery key that was made here and that nobody else has. */
export interface NewRecoveryKey {
  /** Its twelve groups of four characters. */
  groups: readonly string[];
  generated: GeneratedSecretStorageKey;
}

/** Holds the recovery key in memory while secret storage is open, and nowhere else. */
export class Recovery {
  #open: { keyId: string; key: Uint8Array<ArrayBuffer> } | undefined;

  /** For the client: how it asks for the key of secret storage. */
  readonly callbacks: CryptoCallbacks = {
    getSecretStorageKey: ({ keys }) => {
      const open = this.#open;
      return Promise.resolve(open !== undefined && open.keyId in keys ? [open.keyId, open.key] : null);
    },
    cacheSecretStorageKey: (keyId, _description, key) => {
      this.#open = { keyId, key };
    },
  };

  /** What this device is for the account. It asks the server. `interrupted`: a setUp here began and did not end. */
  async standing(client: MatrixClient, interrupted: boolean): Promise<Standing> {
    const crypto = cryptoOf(client);
    await crypto.userHasCrossSigningKeys(client.getSafeUserId(), true); // what is known here of one's own keys is made up to date
    const master = await masterKey(client);
    if (master === undefined) return 'new';
    const holds = (await crypto.getCrossSigningKeyId()) === master;
    if (holds && interrupted) return 'unfinished';
    const stored = await storedKeys(client);
    if (!stored.has('identity')) return holds ? 'unfinished' : 'unopenable';
    if (!stored.has('backup') && holds) return 'unfinished';
    return (await hasKeys(client, (await crypto.getKeyBackupInfo()) !== null)) ? 'signed' : 'locked';
  }

  /** Makes a recovery key. Nothing of it leaves this device before setUp. */
  async make(client: MatrixClient): Promise<NewRecoveryKey> {
    const generated = await cryptoOf(client).createRecoveryKeyFromPassphrase();
    if (generated.encodedPrivateKey === undefined) throw new Error('a key without its written form');
    return { generated, groups: generated.encodedPrivateKey.split(' ') };
  }

  /**
   * Makes a new backup, and new signing keys where this device does not hold the account's, puts them into secret storage
   * under the recovery key and signs this device. Signing keys that are replaced everybody sees who knew them; the old
   * backup is deleted. Called again after it was interrupted, it goes on with the signing keys that were made then.
   * It throws PasswordNeeded where the server wants the password and none, or a wrong one, was given.
   */
  async setUp(client: MatrixClient, key: NewRecoveryKey, password?: string): Promise<void> {
    const held = await cryptoOf(client).getCrossSigningKeyId();
    if (held !== null && held === (await masterKey(client))) await cryptoOf(client).crossSignDevice(client.getDeviceId() ?? '');
    else await makeIdentity(client, password);
    try {
      await cryptoOf(client).bootstrapSecretStorage({
        createSecretStorageKey: () => Promise.resolve(key.generated),
        setupNewSecretStorage: true,
        setupNewKeyBackup: true,
      });
    } finally {
      this.#forget();
    }
  }

  /** Whether this device can give the account another recovery key. It asks the server. */
  readonly mayRenew = (client: MatrixClient): Promise<boolean> => holdsSecrets(client);

  /** Puts another recovery key in the place of the one so far; see renew. */
  async renew(client: MatrixClient, key: NewRecoveryKey): Promise<void> {
    try {
      await renew(client, key);
    } finally {
      this.#forget();
    }
  }

  /**
   * Opens secret storage with the key that was typed, signs this device and fetches the backup, so that earlier messages
   * can be read. It throws WrongRecoveryKey where the key does not fit. progress hears how many keys came, of how many.
   */
  async restore(client: MatrixClient, typed: string, progress: (done: number, total: number) => void): Promise<void> {
    const crypto = cryptoOf(client);
    const storage = client.secretStorage;
    const keyId = await storage.getDefaultKeyId();
    const description = keyId === null ? null : await storage.getKey(keyId);
    if (keyId === null || description === null) throw new WrongRecoveryKey();
    const key = decode(typed);
    if (!(await storage.checkKey(key, description[1]))) throw new WrongRecoveryKey();
    this.#open = { keyId, key };
    try {
      await crypto.bootstrapCrossSigning({});
      // Where the making of the recovery key was cut off before its last step, that step is made now.
      if (!(await storedKeys(client)).has('backup')) await crypto.bootstrapSecretStorage({ setupNewKeyBackup: true });
      await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
      await fetchBackup(client, progress);
    } finally {
      this.#forget();
    }
  }

  /**
   * Waits, after another device of this person has verified this one, until that device has signed it and handed over the
   * signing keys and the key of the backup, and fetches the backup. It throws KeysNotGiven where the keys do not come.
   *
   * Spec: client-server API, secrets: sharing.
   */
  async takeOver(client: MatrixClient, progress: (done: number, total: number) => void): Promise<void> {
    const backup = (await cryptoOf(client).getKeyBackupInfo()) !== null;
    await new Promise<void>((resolve, reject) => {
      const end = (then: () => void): void => {
        clearTimeout(late);
        stop();
        client.off(CryptoEvent.KeyBackupDecryptionKeyCached, look);
        client.off(ClientEvent.Sync, look);
        then();
      };
      const look = (): void => {
        hasKeys(client, backup).then(
          (here) => here && end(resolve),
          (error: unknown) => end(() => reject(new KeysNotGiven(error))),
        );
      };
      const late = setTimeout(() => end(() => reject(new KeysNotGiven())), patience);
      const stop = onTrust(client, look);
      client.on(CryptoEvent.KeyBackupDecryptionKeyCached, look);
      client.on(ClientEvent.Sync, look); // of the signing keys nobody is told otherwise
      look();
    });
    if (backup) await fetchBackup(client, progress);
  }

  #forget(): void {
    this.#open?.key.fill(0);
    this.#open = undefined;
  }
}

async function makeIdentity(client: MatrixClient, password: string | undefined): Promise<void> {
  const { olmMachine, outgoingRequestProcessor } = machineOf(client);
  // The SDK's own reset overwrites secret storage before the server has seen the password. Here nothing that an old
  // recovery key could still open is touched until the new keys are accepted.
  const requests = await olmMachine.bootstrapCrossSigning(true);
  for (const request of [requests.uploadKeysRequest, requests.uploadSigningKeysRequest, requests.uploadSignaturesRequest]) {
    if (request !== undefined) await outgoingRequestProcessor.makeOutgoingRequest(request as object, withPassword(client, password));
  }
}

/** The public master key that the server has of this account, or undefined. What this device made and could not upload is none. */
async function masterKey(client: MatrixClient): Promise<string | undefined> {
  const me = client.getSafeUserId();
  const { master_keys: masters } = await client.downloadKeysForUsers([me]);
  return Object.values(masters?.[me]?.keys ?? {})[0];
}

const identityKeys = ['m.cross_signing.master', 'm.cross_signing.self_signing', 'm.cross_signing.user_signing'] as const;

/**
 * What the recovery key in force opens, as the server has it.
 *
 * Spec: client-server API, secrets: storage.
 */
async function storedKeys(client: Pick<MatrixClient, 'secretStorage'>): Promise<ReadonlySet<'identity' | 'backup'>> {
  const storage = client.secretStorage;
  const stored = new Set<'identity' | 'backup'>();
  const keyId = await storage.getDefaultKeyId();
  if (keyId === null) return stored;
  const under = async (name: Parameters<typeof storage.isStored>[0]): Promise<boolean> => keyId in ((await storage.isStored(name)) ?? {});
  if ((await Promise.all(identityKeys.map(under))).every(Boolean)) stored.add('identity');
  if (await under('m.megolm_backup.v1')) stored.add('backup');
  return stored;
}

async function fetchBackup(client: MatrixClient, progress: (done: number, total: number) => void): Promise<void> {
  const crypto = cryptoOf(client);
  await crypto.checkKeyBackupAndEnable();
  await crypto.restoreKeyBackup({
    progressCallback: (at) => {
      if (at.stage === ImportRoomKeyStage.LoadKeys) progress(at.successes, at.total);
    },
  });
}

async function hasKeys(client: MatrixClient, backup: boolean): Promise<boolean> {
  const crypto = cryptoOf(client);
  const { masterKey, selfSigningKey, userSigningKey } = (await crypto.getCrossSigningStatus()).privateKeysCachedLocally;
  const device = await crypto.getDeviceVerificationStatus(client.getSafeUserId(), client.getDeviceId() ?? '');
  const keys = masterKey && selfSigningKey && userSigningKey && device?.signedByOwner === true;
  return keys && (!backup || (await crypto.getSessionBackupPrivateKey()) !== null);
}

function decode(typed: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(decodeRecoveryKey(typed));
  } catch (cause) {
    throw new WrongRecoveryKey(cause);
  }
}

/**
 * Proof for what the server may want the password for: first without, as most servers take the very first signing keys
 * so, then with it. What comes back throws PasswordNeeded where the server wants it and none, or a wrong one, was given.
 *
 * Spec: client-server API, user-interactive authentication.
 */
export function withPassword<T>(client: MatrixClient, password: string | undefined): UIAuthCallback<T> {
  return async (request) => {
    let session: string | undefined;
    try {
      return await request(null);
    } catch (error) {
      const data = (error as { httpStatus?: number; data?: { session?: string; flows?: unknown } }).data;
      if ((error as { httpStatus?: number }).httpStatus !== 401 || data?.flows === undefined) throw error;
      session = data.session;
    }
    if (password === undefined) throw new PasswordNeeded();
    const proof: AuthDict = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: client.getSafeUserId() },
      password,
      ...(session === undefined ? {} : { session }),
    };
    try {
      return await request(proof);
    } catch (error) {
      if ((error as { httpStatus?: number }).httpStatus === 401) throw new PasswordNeeded();
      throw error;
    }
  };
}

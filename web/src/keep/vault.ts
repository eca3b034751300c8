// What this browser keeps between visits: the session, the key of the crypto store, messages not yet sent. Every
// value is sealed with AES-GCM under a key that the browser holds and gives to nobody, not even to this code: a copy
// of the profile's files alone opens nothing. It does not stop somebody who runs code in this origin.

/** Called when something the person must know about keeps the browser from storing anything. */
export class VaultError extends Error {
  constructor(cause: unknown) {
    super('this browser keeps no data', { cause });
    this.name = 'VaultError';
  }
}

interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

const databaseName = 'wardroom';
const databaseVersion = 1;
const keyStore = 'key';
const valueStore = 'sealed';

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refused'));
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up'));
  });
}

/** Sealed values by name. Values are anything that JSON can say. What is asked of one name is done in the order in which it was asked. */
export class Vault {
  readonly #db: IDBDatabase;
  readonly #key: CryptoKey;
  /** The last thing asked of each name that is not done yet. */
  readonly #last = new Map<string, Promise<unknown>>();

  private constructor(db: IDBDatabase, key: CryptoKey) {
    this.#db = db;
    this.#key = key;
  }

  /** Opens the vault, and makes it and its key on the first visit. It throws a VaultError where the browser keeps nothing. */
  static async open(): Promise<Vault> {
    try {
      const request = indexedDB.open(databaseName, databaseVersion);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(keyStore);
        request.result.createObjectStore(valueStore);
      };
      const db = await asked(request);
      return new Vault(db, await keyOf(db));
    } catch (cause) {
      throw new VaultError(cause);
    }
  }

  /** The value kept under name, or undefined. */
  async get<T>(name: string): Promise<T | undefined> {
    const text = await this.text(name);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** The same as JSON. */
  text(name: string): Promise<string | undefined> {
    return this.#inTurn([name], () => this.#read(name));
  }

  /** Keeps value, as it is now, under name. When put returns, it is stored. */
  put(name: string, value: unknown): Promise<void> {
    return this.putAll(new Map([[name, value]]));
  }

  delete(name: string): Promise<void> {
    return this.putAll(new Map([[name, undefined]]));
  }

  /** Keeps values, as they are now, by name, and deletes those that are undefined: all of them or, where it throws, none. */
  putAll(values: ReadonlyMap<string, unknown>): Promise<void> {
    const plain = [...values].map(([name, value]) => [name, value === undefined ? undefined : bytes(JSON.stringify(value))] as const);
    return this.#inTurn([...values.keys()], () => this.#write(plain));
  }

  // Sealing takes a while, and not always the same: without turns, an earlier value could be written over a later one.
  #inTurn<T>(names: readonly string[], act: () => Promise<T>): Promise<T> {
    const before = names.flatMap((name) => this.#last.get(name) ?? []);
    const turn = Promise.allSettled(before).then(act);
    for (const name of names) this.#last.set(name, turn);
    const end = (): void => {
      for (const name of names) if (this.#last.get(name) === turn) this.#last.delete(name);
    };
    turn.then(end, end);
    return turn;
  }

  async #read(name: string): Promise<string | undefined> {
    const sealed = (await asked(this.#db.transaction(valueStore).objectStore(valueStore).get(name))) as Sealed | undefined;
    if (sealed === undefined) return undefined;
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv, additionalData: bytes(name) }, this.#key, sealed.data);
    return new TextDecoder().decode(plain);
  }

  async #write(values: readonly (readonly [name: string, plain: Uint8Array<ArrayBuffer> | undefined])[]): Promise<void> {
    const sealed = await Promise.all(values.map(async ([name, plain]) => [name, plain && (await this.#seal(name, plain))] as const));
    const transaction = this.#db.transaction(valueStore, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(valueStore);
    for (const [name, value] of sealed) {
      if (value === undefined) store.delete(name);
      else store.put(value, name);
    }
    await done(transaction);
  }

  async #seal(name: string, plain: Uint8Array<ArrayBuffer>): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytes(name) }, this.#key, plain) };
  }

  /** The names that begin with prefix. */
  async names(prefix: string): Promise<string[]> {
    const keys = await asked(this.#db.transaction(valueStore).objectStore(valueStore).getAllKeys());
    return keys.filter((key): key is string => typeof key === 'string' && key.startsWith(prefix));
  }

  close(): void {
    this.#db.close();
  }
}

/** Deletes databases of this origin by name, the vault among them; connections to them must be closed. */
export async function wipe(names: readonly string[]): Promise<void> {
  for (const name of [databaseName, ...names]) await asked(indexedDB.deleteDatabase(name));
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function keyOf(db: IDBDatabase): Promise<CryptoKey> {
  const before = (await asked(db.transaction(keyStore).objectStore(keyStore).get('vault'))) as CryptoKey | undefined;
  if (before !== undefined) return before;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const transaction = db.transaction(keyStore, 'readwrite', { durability: 'strict' });
  // A second tab may have been first; then its key is the one.
  const there = (await asked(transaction.objectStore(keyStore).get('vault'))) as CryptoKey | undefined;
  if (there === undefined) transaction.objectStore(keyStore).put(key, 'vault');
  await done(transaction);
  return there ?? key;
}

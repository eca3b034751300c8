import { afterEach, expect, test, vi } from 'vitest';
import { Vault, wipe } from './vault';

let vault: Vault | undefined;
afterEach(async () => {
  vault?.close();
  await wipe([]);
});

test('what was put is there at the next visit', async () => {
  vault = await Vault.open();
  await vault.put('outbox/!a', { n: 7, text: '潮位表' });
  await vault.put('session', 1);
  vault.close();
  vault = await Vault.open();
  expect(await vault.get('outbox/!a')).toEqual({ n: 7, text: '潮位表' });
  expect(await vault.names('outbox/')).toEqual(['outbox/!a']);
  await vault.delete('outbox/!a');
  expect(await vault.get('outbox/!a')).toBeUndefined();
});

test('of one name, what is asked first is done first, however long its sealing takes', async () => {
  vault = await Vault.open();
  const long = 'x'.repeat(4_000_000);
  const [, , early] = await Promise.all([vault.put('a', long), vault.put('a', 'late'), vault.get('a'), vault.put('b', long), vault.delete('b')]);
  expect(early).toBe('late');
  expect(await vault.get('a')).toBe('late');
  expect(await vault.get('b')).toBeUndefined();
});

test('what failed does not keep the next of that name waiting', async () => {
  vault = await Vault.open();
  await vault.put('a', 1);
  const encrypt = vi.spyOn(crypto.subtle, 'encrypt').mockRejectedValueOnce(new Error('once'));
  const failed = vault.put('a', 2);
  const kept = vault.put('a', 3);
  await expect(failed).rejects.toThrow('once');
  await kept;
  encrypt.mockRestore();
  expect(await vault.get('a')).toBe(3);
});

test('of several values that are kept together all are there, or none', async () => {
  const opened = (vault = await Vault.open());
  const all = () => Promise.all(['a', 'b', 'c'].map((name) => opened.get(name)));
  await vault.putAll(new Map<string, unknown>([['a', 1], ['b', 1], ['c', 1]]));
  const encrypt = vi.spyOn(crypto.subtle, 'encrypt').mockRejectedValueOnce(new Error('once'));
  const failed = vault.putAll(new Map<string, unknown>([['a', 2], ['b', 2], ['c', undefined]]));
  const next = vault.put('b', 3);
  await expect(failed).rejects.toThrow('once');
  encrypt.mockRestore();
  await next;
  expect(await all()).toEqual([1, 3, 1]);
  await vault.putAll(new Map<string, unknown>([['a', 4], ['c', undefined]]));
  expect(await all()).toEqual([4, 3, undefined]);
});

test('nothing readable lies in the database, and the key cannot be taken out', async () => {
  vault = await Vault.open();
  await vault.put('session', { accessToken: 'very-secret-token' });
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('wardroom');
    request.onsuccess = () => resolve(request.result);
  });
  const all = (store: string) =>
    new Promise<unknown[]>((resolve) => {
      const request = db.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => resolve(request.result as unknown[]);
    });
  const [sealed] = (await all('sealed')) as { data: ArrayBuffer }[];
  expect(new TextDecoder().decode(sealed!.data)).not.toContain('secret');
  const [key] = (await all('key')) as CryptoKey[];
  expect(key!.extractable).toBe(false);
  db.close();
});

test('a value moved under another name does not open', async () => {
  vault = await Vault.open();
  await vault.put('a', 1);
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('wardroom');
    request.onsuccess = () => resolve(request.result);
  });
  await new Promise<void>((resolve) => {
    const transaction = db.transaction('sealed', 'readwrite');
    const get = transaction.objectStore('sealed').get('a');
    get.onsuccess = () => transaction.objectStore('sealed').put(get.result, 'b');
    transaction.oncomplete = () => resolve();
  });
  db.close();
  await expect(vault.get('b')).rejects.toThrow();
});

test('wiped is gone', async () => {
  vault = await Vault.open();
  await vault.put('session', 1);
  vault.close();
  await wipe([]);
  vault = await Vault.open();
  expect(await vault.get('session')).toBeUndefined();
});

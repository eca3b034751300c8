import { afterEach, expect, test } from 'vitest';
import { corpus } from '../../bench/corpus';
import { Vault, wipe } from '../keep/vault';
import { Archive } from './archive';

let archive: Archive | undefined;
afterEach(async () => {
  await archive?.close();
  archive = undefined;
  await wipe([]);
});

const find = (text: string): string[] => archive!.search({ text, limit: 9 }).hits.map((hit) => hit.id);

async function reopened(): Promise<Archive> {
  await archive?.close();
  return (archive = await Archive.open());
}

test('what was put is found at the next visit, and notes with it', async () => {
  archive = await Archive.open();
  await archive.take([{ id: '$1', room: '!a', sender: '@lin', at: 1, sealed: true, body: '潮位表' }], [], { done: ['!a'] });
  await reopened();
  expect(find('潮位')).toEqual(['$1']);
  expect(archive.notes()).toEqual({ done: ['!a'] });
});

test('what goes into the browser cannot be read there', async () => {
  archive = await Archive.open();
  await archive.take([{ id: '$1', room: '!a', sender: '@lin', at: 1, sealed: true, body: 'plain words' }], []);
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('wardroom');
    request.onsuccess = () => resolve(request.result);
  });
  const all = await new Promise<{ data: ArrayBuffer }[]>((resolve) => {
    const request = db.transaction('sealed').objectStore('sealed').getAll();
    request.onsuccess = () => resolve(request.result as { data: ArrayBuffer }[]);
  });
  db.close();
  expect(all).toHaveLength(1);
  expect(new TextDecoder().decode(all[0]!.data)).not.toMatch(/plain|lin|!a/);
});

test('many that come at once are all kept', async () => {
  archive = await Archive.open();
  await Promise.all([...corpus(200)].map((message) => archive!.take([message], [])));
  await reopened();
  expect(archive.size()).toBe(200);
});

test('what was taken out is not there at the next visit', async () => {
  archive = await Archive.open();
  await archive.take([
    { id: '$1', room: '!a', sender: '@lin', at: 1, sealed: true, body: '潮位表' },
    { id: '$2', room: '!b', sender: '@lin', at: 1, sealed: true, body: '潮位表' },
    { id: '$3', room: '!c', sender: '@lin', at: 1, sealed: true, body: '潮位表' },
    { id: '$4', room: '!c', sender: '@lin', at: 1, sealed: true, body: '潮位表', edit: { id: '$5', at: 2 } },
  ], []);
  expect((await archive.take([], ['$1', '$5', '$unknown'])).map(({ id }) => id)).toEqual(['$4']);
  await archive.removeRoom('!b');
  await reopened();
  expect(find('潮位')).toEqual(['$3']);
});

test('an archive that cannot be read begins again, without its notes', async () => {
  archive = await Archive.open();
  await archive.take([{ id: '$1', room: '!a', sender: '@lin', at: 1, sealed: true, body: '潮位表' }], [], 'all read');
  const vault = await Vault.open();
  await vault.put('session', 'stays');
  await vault.put('search/segment/1', { v: 1 });
  await reopened();
  expect(archive.size()).toBe(0);
  expect(archive.notes()).toBeUndefined();
  expect(await vault.names('')).toEqual(['session']);
  vault.close();
});

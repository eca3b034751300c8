// What lies in the browser's files: no name of a room, no topic, no name of a person, no word of a message. All databases are
// walked through, and what the walk would find is shown beside it. One thing it does find: the crypto library keeps a list of
// the accounts whose devices it follows, and does not seal that list.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let marta;
/** @type {Person} */
let jonas;

const library = 'wardroom-crypto::matrix-sdk-crypto tracked_users';
const words = ['Quay seven inspection', 'Berths five to nine', 'Marta Wardlaw', '@marta-w:', '@jonas-b:', 'Jonas Berglund', 'The braking chart'];

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Wardlaw', account: 'marta-w' });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Berglund', account: 'jonas-b' });
  for (const person of [marta, jonas]) await person.signsUp(await server.invite());
  await marta.makesRoom('Quay seven inspection');
  await marta.invites('jonas-b');
  await jonas.joins();
  await marta.page.locator('main header [aria-haspopup=menu]').click();
  await marta.page.getByRole('menuitem', { name: 'Name and topic…' }).click();
  await marta.page.locator('dialog input').nth(1).fill('Berths five to nine');
  await marta.page.keyboard.press('Enter');
  await jonas.page.locator('main header', { hasText: 'Berths five to nine' }).waitFor();
  await marta.writes('The braking chart is attached.');
  await marta.seesSaved('The braking chart');
  await jonas.reads('The braking chart');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/**
 * Which of the words stand anywhere in this browser's databases and its other stores: in names, keys and values, as text
 * or as bytes, in UTF-8 and UTF-16.
 *
 * @param {Person} person
 * @param {readonly string[]} looked
 */
const lying = (person, looked) =>
  person.page.evaluate(async (looked) => {
    /** @type {string[]} */
    const found = [];
    let where = 'localStorage and sessionStorage';
    /** @param {unknown} value */
    const take = (value) => {
      if (typeof value === 'string') found.push(...looked.filter((word) => value.includes(word)).map((word) => `${word} in ${where}`));
      else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
        const bytes = value instanceof ArrayBuffer ? value : value.buffer;
        for (const form of ['utf-8', 'utf-16le']) take(new TextDecoder(form).decode(bytes));
      } else if (value instanceof Map || value instanceof Set) for (const one of value) take(one);
      else if (typeof value === 'object' && value !== null) for (const one of Object.entries(value)) one.forEach(take);
    };
    /** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
    const asked = (request) =>
      new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    take({ ...localStorage, ...sessionStorage });
    let values = 0;
    const databases = await indexedDB.databases();
    for (const { name = '' } of databases) {
      where = 'names';
      take(name);
      const db = await asked(indexedDB.open(name));
      for (const store of db.objectStoreNames) {
        where = `${name} ${store}`;
        take(store);
        const inside = db.transaction(store).objectStore(store);
        const [found, keys] = await Promise.all([asked(inside.getAll()), asked(inside.getAllKeys())]);
        values += found.length;
        take(found);
        take(keys);
      }
      db.close();
    }
    return { databases: databases.map(({ name }) => name), values, found: [...new Set(found)] };
  }, looked);

test('everything is kept, and nothing of it lies there in clear', async () => {
  const { page } = marta;
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  // It is kept: without the server the page opens with the room.
  await server.kill();
  await page.locator('header.top .state', { hasText: 'No answer from the server' }).waitFor();
  await page.reload();
  await marta.reads('The braking chart');
  await page.locator('main header', { hasText: 'Berths five to nine' }).waitFor();
  const { databases, values, found } = await lying(marta, words);
  assert.ok(databases.includes('wardroom') && databases.length >= 3 && values > 10, JSON.stringify({ databases, values }));
  assert.deepEqual(found.filter((one) => !one.endsWith(library)), []);
  assert.deepEqual(found.filter((one) => one.endsWith(library)).sort(), [`@jonas-b: in ${library}`, `@marta-w: in ${library}`], 'no more than the accounts');
  assert.ok(!databases.some((name) => name?.startsWith('matrix-js-sdk')), String(databases));
});

test('what did lie there would be found: as text, in a key, and as bytes', async () => {
  await marta.page.evaluate(
    () =>
      new Promise((done, failed) => {
        const request = indexedDB.open('control');
        request.onupgradeneeded = () => request.result.createObjectStore('rooms');
        request.onerror = failed;
        request.onsuccess = () => {
          const transaction = request.result.transaction('rooms', 'readwrite');
          const rooms = transaction.objectStore('rooms');
          rooms.put({ deep: [{ name: 'Quay seven inspection' }] }, 'a');
          rooms.put({ bytes: new TextEncoder().encode('Berths five to nine') }, 'b');
          rooms.put({}, '@jonas-b:localhost');
          transaction.oncomplete = () => (request.result.close(), done(undefined));
        };
      }),
  );
  assert.deepEqual((await lying(marta, words)).found.filter((one) => !one.endsWith(library)), ['Quay seven inspection in control rooms', 'Berths five to nine in control rooms', '@jonas-b: in control rooms']);
  await marta.page.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase('control').onsuccess = done)).then(() => undefined));
});

test('after the sign-out nothing is there at all', async () => {
  await server.start();
  await marta.page.locator('header.top .state', { hasText: 'Connected' }).waitFor();
  await marta.page.locator('header.top [aria-haspopup=menu]').click();
  await marta.page.getByRole('menuitem', { name: 'Sign out…' }).click();
  await marta.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await marta.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  const { values, found } = await lying(marta, words);
  assert.deepEqual(found, []);
  assert.ok(values <= 1, 'the key of an empty vault'); // and nothing under it
});

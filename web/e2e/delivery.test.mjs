// Which devices have what one wrote: what they say themselves, and what is said while they say nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let mio;
/** @type {Set<string>} what Mio’s browser sent to devices: type and content */
const told = new Set();
const minutes = (/** @type {number} */ n) => n * 60_000;

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin' });
  mio = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio', locale: 'ja-JP' });
  // The pages’ clocks can be moved on: nobody waits for a device that takes its time.
  for (const { page } of [lin, mio]) await page.clock.install();
  mio.page.on('request', (request) => {
    const type = /\/sendToDevice\/([^/]+)\//.exec(request.url())?.[1];
    if (type !== undefined) told.add(`${decodeURIComponent(type)} ${request.postData() ?? ''}`);
  });
  await lin.signsUp(await server.invite());
  await mio.signsUp(await server.invite());
  await lin.talksTo('mio');
  await mio.joins();
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** Lets time pass at a device until something is there. @param {Person} person @param {import('playwright-core').Locator} there */
async function passes(person, there) {
  while ((await there.count()) === 0) await person.page.clock.runFor(10_000);
}

/** What stands under one’s own message. @param {string} text */
const state = (text) => lin.row(text).locator('footer');

test('a device tells that it has a message, no sooner than half a minute after, encrypted, though nobody shows what they read', async () => {
  await lin.writes('The load table is on the third floor.');
  await lin.seesSaved('The load table');
  await mio.reads('The load table');
  told.clear();
  await mio.page.clock.runFor(25_000);
  assert.deepEqual([...told], [], 'nothing leaves at once');
  assert.equal(await state('The load table').getByRole('button', { name: 'Reached' }).count(), 0);
  await passes(mio, state('The load table').getByRole('button', { name: 'Reached 1 of 1 device' }));
  assert.ok([...told].some((one) => one.startsWith('m.room.encrypted ')));
  assert.ok(![...told].some((one) => one.includes('org.wardroom.ack') || one.includes('load table')), 'the server reads none of it');
  await state('The load table').getByRole('button', { name: 'Reached' }).press('Enter');
  const dialog = lin.page.getByRole('dialog');
  await dialog.getByText('Who has this message').waitFor();
  await dialog.getByText('it was sent to has it').waitFor();
  assert.equal(await dialog.getByText('Read', { exact: true }).count(), 0, 'and nobody is said to have read it');
  await lin.shows('delivery-reached');
  assert.deepEqual(await lin.barriers(), []);
  await lin.page.keyboard.press('Escape');
});

test('what a device that is away has not told is not confirmed, and is when it comes back', async () => {
  await mio.context.setOffline(true);
  await lin.writes('Please leave the key with the duty desk.');
  await lin.seesSaved('Please leave the key');
  await lin.page.clock.fastForward(minutes(5));
  const open = state('Please leave the key').getByRole('button', { name: 'Not confirmed on 1 device' });
  await open.waitFor();
  await open.press('Enter');
  const dialog = lin.page.getByRole('dialog');
  await dialog.locator('li', { hasText: '佐伯 澪' }).getByText('Not confirmed').waitFor();
  await dialog.getByText('from here the two look the same').waitFor();
  await lin.shows('delivery-not-confirmed');
  assert.deepEqual(await lin.barriers(), []);
  await lin.page.keyboard.press('Escape');
  await mio.context.setOffline(false);
  await mio.reads('Please leave the key');
  // It was closed before it had told, and tells after it was opened again.
  await mio.page.reload();
  await mio.isIn();
  await passes(mio, state('Please leave the key').getByRole('button', { name: 'Reached 1 of 1 device' }));
});

test('who wrote it finds that again after opening the page anew', async () => {
  await lin.page.reload();
  await lin.isIn();
  await state('Please leave the key').getByRole('button', { name: 'Reached 1 of 1 device' }).waitFor();
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(mio.complaints, []);
});

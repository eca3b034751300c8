// Messages that are not on the page: what the search finds, what is answered, what the server left out of a sync.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Hand, saying } from './hand.mjs';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Hand} */
let ben;
let room = '';

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin' });
  await lin.signsUp(await server.invite());
  ben = await Hand.signsUp(await server.invite(), 'ben');
  room = await ben.makesRoom('Watch and handover', [`@lin:${ben.userId.split(':')[1]}`]);
  const first = await ben.sends(room, 'The spare spreader is in shed 12.');
  await many(0, 300);
  await ben.sends(room, { msgtype: 'm.text', body: 'Is it still there?', 'm.relates_to': { 'm.in_reply_to': { event_id: first } } });
  await lin.joins();
  await lin.reads('Is it still there?');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** @param {number} from @param {number} to */
async function many(from, to) {
  for (let n = from; n < to; n += 20) await Promise.all(Array.from({ length: Math.min(20, to - n) }, (_, k) => ben.sends(room, saying(n + k))));
}

const latest = () => lin.page.getByRole('button', { name: /To the latest/ });

/** Returns when the page was drawn anew. */
const drawn = () => lin.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Returns when the page glides no more. */
const still = () =>
  lin.page.evaluate(async () => {
    const box = document.querySelector('[role=log]');
    let top = -1;
    for (let frames = 0; frames < 10; frames++) {
      if (box?.scrollTop !== top) frames = 0;
      top = box?.scrollTop ?? 0;
      await new Promise((done) => requestAnimationFrame(done));
    }
  });

/** How far what is said in the marked row is from the middle of what is shown, as a part of it. @param {string} text */
const fromMiddle = (text) =>
  lin.page.evaluate((words) => {
    const box = document.querySelector('[role=log]')?.getBoundingClientRect();
    const row = [...document.querySelectorAll('[data-event]')].find((one) => one.textContent?.includes(words))?.getBoundingClientRect();
    return box === undefined || row === undefined ? NaN : Math.abs(row.top + row.height / 2 - box.top - box.height / 2) / box.height;
  }, text);

test('a quoted message far away is gone to, is marked, and one comes back to the latest', async () => {
  const { page } = lin;
  await page.locator('[role=log] article', { hasText: 'Is it still there?' }).locator('button', { hasText: 'An earlier message' }).press('Enter');
  await lin.reads('The spare spreader');
  assert.ok((await fromMiddle('The spare spreader')) < 0.6);
  assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ''), /The spare spreader/);
  await lin.shows('faraway-marked');
  assert.deepEqual(await lin.barriers(), []);
  // from there one reads on, page by page, to the latest
  await page.locator('[role=log]').focus();
  for (let press = 0; press < 500 && (await latest().isVisible()); press++) {
    await page.keyboard.press('PageDown');
    await drawn();
  }
  await lin.reads('Is it still there?');
  await latest().waitFor({ state: 'hidden' });
});

test('what the search finds is shown in its room', async () => {
  const { page } = lin;
  await page.getByRole('button', { name: 'Search' }).or(page.getByRole('link', { name: 'Search' })).first().click();
  await page.locator('input[type=search]').fill('spare spreader');
  await page.locator('button[data-hit]').first().press('Enter');
  await page.getByRole('link', { name: 'Open the room' }).or(page.locator('[role=group] > a')).first().press('Enter');
  await lin.reads('The spare spreader');
  assert.ok((await fromMiddle('The spare spreader')) < 0.6);
  await latest().press('Enter');
  await lin.reads('Is it still there?');
  await latest().waitFor({ state: 'hidden' });
});

test('what the server left out is fetched where one scrolls over it', async () => {
  const { page } = lin;
  await lin.context.setOffline(true);
  await page.getByText('No network').or(page.getByText(/offline/i)).first().waitFor();
  await many(300, 420);
  await lin.context.setOffline(false);
  await lin.reads(saying(419).slice(0, 4));
  /** @type {Set<number>} */
  const seen = new Set();
  await page.locator('[role=log]').focus();
  // Each twenty were sent at once: with one of an earlier twenty, all later ones have been passed.
  for (let press = 0; press < 500 && !seen.has(270); press++) {
    const all = await page.locator('[data-event] [data-said]').allTextContents();
    for (const text of all) seen.add(Number(/^(\d+)\. /.exec(text)?.[1] ?? NaN));
    await page.keyboard.press('PageUp');
    await drawn();
  }
  assert.deepEqual(Array.from({ length: 140 }, (_, n) => n + 280).filter((n) => !seen.has(n)), []);
});

test('files on their way do not cover the last message; what one writes oneself is gone to', async () => {
  const { page } = lin;
  await still();
  await lin.writes('I shall look at 15:00.');
  await lin.reads('I shall look');
  await latest().waitFor({ state: 'hidden' });
  await page.route('**/upload*', () => undefined); // it takes for ever
  await page.locator('input[type=file]').first().setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('quay 7') });
  await page.getByRole('dialog').getByRole('button', { name: /Send/ }).click();
  await page.getByRole('list', { name: /Files/ }).waitFor();
  const row = await page.locator('[role=log] article', { hasText: 'I shall look' }).boundingBox();
  const box = await page.locator('[role=log]').boundingBox();
  assert.ok(row !== null && box !== null && row.y + row.height <= box.y + box.height + 1, 'the last message is above the files');
  await lin.shows('faraway-tray');
  assert.deepEqual(lin.complaints, []);
});

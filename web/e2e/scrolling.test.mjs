// What one looks at does not move: not when one scrolls back and earlier messages come, not when pictures are there at
// last, not when others write. Measured in a real browser on a room of two thousand messages.

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
/** @type {string[]} */
const ids = [];
const many = Number(process.env['MANY'] ?? 2000);

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', height: 760 });
  await lin.signsUp(await server.invite());
  ben = await Hand.signsUp(await server.invite(), 'ben');
  room = await ben.makesRoom('值班与交接', [`@lin:${ben.userId.split(':')[1]}`]);
  await lin.joins();
  const picture = await lin.page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 420];
    const pen = canvas.getContext('2d');
    if (pen !== null) [pen.fillStyle] = ['#2a6b74'];
    pen?.fillRect(40, 40, 500, 300);
    const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) => canvas.toBlob(done, 'image/png'));
    return [...new Uint8Array(await /** @type {Blob} */ (blob).arrayBuffer())];
  });
  const url = await ben.uploads(new Uint8Array(picture), 'image/png');
  const lost = url.replace(/[^/]+$/, 'thereisnosuchfile');
  for (let n = 0; n < many; n += 20) {
    const some = Array.from({ length: 20 }, (_, k) => n + k).map((k) => {
      if (k % 23 === 7) return ben.sends(room, { msgtype: 'm.image', body: 'quay.png', url: k % 46 === 7 ? url : lost, info: { mimetype: 'image/png', size: picture.length, w: 640, h: 420 } });
      return ben.sends(room, saying(k));
    });
    ids.push(...(await Promise.all(some)));
  }
  await row(ids.at(-1)).waitFor();
  await lin.page.locator('main nav a .count').waitFor({ state: 'detached' }); // all of it was seen
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** @param {string | undefined} id */
const row = (id) => lin.page.locator(`[id="${id}"]`);

/** Where the words of a row stand in the window, or undefined if it is not on the page. @param {string} id */
const topOf = (id) => lin.page.evaluate((one) => document.getElementById(one)?.querySelector('[data-said]')?.getBoundingClientRect().top, id);

/** A message in the middle of the window. */
const looksAt = () =>
  lin.page.evaluate(() => {
    const box = document.querySelector('[role=log]')?.getBoundingClientRect();
    const rows = [...document.querySelectorAll('[role=log] [data-key]')];
    const middle = (box?.top ?? 0) + (box?.height ?? 0) / 2;
    return rows.find((one) => one.getBoundingClientRect().bottom > middle)?.id ?? '';
  });

/** Waits until the page has come to rest: nothing moves, nothing is being fetched. */
const rests = () =>
  lin.page.evaluate(async () => {
    let [still, before] = [0, ''];
    while (still < 12) {
      await new Promise((done) => requestAnimationFrame(done));
      const rows = document.querySelectorAll('[role=log] [data-key]');
      const now = `${rows.length} ${rows[0]?.id} ${document.querySelector('[role=log]')?.scrollTop}`;
      still = now === before && document.querySelector('[role=log] [role=status]') === null ? still + 1 : 0;
      before = now;
    }
  });

const rows = () => lin.page.locator('[role=log] [data-key]').count();
/** @returns {Promise<number>} */
const scrolled = () => lin.page.evaluate(() => document.querySelector('[role=log]')?.scrollTop ?? 0);

test('by wheel: each turn moves the page by that much and no more, whatever comes in meanwhile', async () => {
  await lin.page.evaluate(() => document.querySelector('[role=log]')?.scrollTo(0, 1e9));
  await rests();
  await lin.page.mouse.move(700, 400);
  /** @type {number[]} */
  const off = [];
  let pages = 0;
  let first = '';
  for (let turn = 0; turn < 60; turn++) {
    const one = await looksAt();
    const at = (await topOf(one)) ?? NaN;
    await lin.page.mouse.wheel(0, -500);
    await rests();
    const now = await lin.page.evaluate(() => document.querySelector('[role=log] [data-key]')?.id ?? '');
    if (now !== first) pages++;
    first = now;
    off.push(Math.abs(((await topOf(one)) ?? NaN) - at - 500));
  }
  assert.ok(pages > 1, `earlier messages came ${pages} times`);
  assert.ok(Math.max(...off) <= 2, `moved by ${Math.max(...off)} px too much or too little: ${off.filter((px) => !(px <= 2)).join(' ')}`);
});

test('by keyboard: Page up and Home', async () => {
  await lin.page.locator('[role=log]').focus();
  /** @type {number[]} */
  const by = [];
  for (let press = 0; press < 25; press++) {
    const one = await looksAt();
    const at = (await topOf(one)) ?? NaN;
    await lin.page.keyboard.press('PageUp');
    await rests();
    by.push(((await topOf(one)) ?? NaN) - at);
  }
  assert.ok(Math.max(...by) - Math.min(...by) <= 2, `pages of different heights: ${by.join(' ')}`);
  for (let press = 0; press < 6; press++) {
    await lin.page.keyboard.press('Home');
    const one = await lin.page.evaluate(async () => {
      const box = /** @type {HTMLElement} */ (document.querySelector('[role=log]'));
      // the first that is on the page when the top is reached is the one that must not move
      while (box.scrollTop > 0) {
        const first = document.querySelector('[role=log] [data-key]')?.id ?? '';
        await new Promise((done) => requestAnimationFrame(done));
        if (document.querySelector('[role=log] [data-key]')?.id !== first) break; // came before it was reached
      }
      return document.querySelector('[role=log] [data-key]')?.id ?? '';
    });
    await rests();
    assert.ok(one !== '');
  }
  const now = await rows();
  assert.ok(now <= 420, `${now} rows on the page`);
});

test('two thousand messages: few rows on the page', async () => {
  const { page } = lin;
  await page.locator('[role=log]').focus();
  const longest = await page.evaluate(() => {
    /** @type {number[]} */
    const all = [];
    new PerformanceObserver((list) => all.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
    Object.assign(globalThis, { long: all });
  });
  assert.equal(longest, undefined);
  let most = 0;
  for (let turn = 0; turn < 400; turn++) {
    await page.mouse.wheel(0, -900);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    if (turn % 10 === 0) most = Math.max(most, await rows());
    if (turn % 10 === 0 && (await page.getByText('made this room').isVisible())) break;
  }
  await page.getByText('made this room').waitFor();
  await rests();
  const tasks = /** @type {number[]} */ (await page.evaluate(() => /** @type {any} */ (globalThis).long));
  console.log(`# most rows ${most}; ${tasks.length} long tasks, the longest ${Math.round(Math.max(0, ...tasks))} ms`);
  assert.ok(most <= 420, `${most} rows`);
  await lin.shows('scrolling-start');
});

test('whoever reads above is not thrown down by news; the way to the latest is counted', async () => {
  const { page } = lin;
  await page.mouse.wheel(0, 900);
  await rests();
  const one = await looksAt();
  const at = (await topOf(one)) ?? NaN;
  for (let n = 0; n < 5; n++) await ben.sends(room, saying(n));
  const button = page.getByRole('button', { name: /To the latest/ });
  await button.filter({ hasText: '5 new' }).waitFor();
  assert.ok(Math.abs(((await topOf(one)) ?? NaN) - at) <= 1);
  await lin.shows('scrolling-above');
  assert.deepEqual(await lin.barriers(), []);
  await page.locator('[role=log]').focus();
  await page.keyboard.press('End');
  await page.locator('[role=log]', { hasText: saying(4).slice(0, 6) }).waitFor();
  await rests();
  await button.waitFor({ state: 'hidden' });
  const left = await page.evaluate(() => {
    const box = document.querySelector('[role=log]');
    return box === null ? NaN : box.scrollHeight - box.scrollTop - box.clientHeight;
  });
  assert.ok(left <= 2, `${left} px from the end`);
  const last = await ben.sends(room, 'and one more\nof two lines');
  await row(last).waitFor();
  await rests();
  assert.ok((await scrolled()) > 0);
  assert.ok(await row(last).locator('p').isVisible());
  assert.deepEqual(lin.complaints, []);
});

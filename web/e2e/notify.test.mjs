// Being told of messages outside of the page: only after one's own act, only what was chosen, and no longer than it is unread.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let marta;

// A browser without a screen refuses notifications by itself, so this one stands in for its own and remembers what it was asked.
function remember() {
  const w = /** @type {any} */ (globalThis);
  w.asked = 0;
  w.notices = [];
  w.Notification = class {
    static get permission() {
      return localStorage.getItem('e2e.permission') ?? 'default';
    }
    static requestPermission() {
      w.asked++;
      localStorage.setItem('e2e.permission', 'granted');
      return Promise.resolve('granted');
    }
    /** @param {string} title @param {object} options */
    constructor(title, options) {
      Object.assign(this, { title, ...options, close: () => (w.notices = w.notices.filter((/** @type {unknown} */ one) => one !== this)) });
      w.notices.push(this);
    }
  };
}

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  await lin.context.addInitScript(remember);
  await lin.signsUp(await server.invite());
  await marta.signsUp(await server.invite());
  await marta.makesRoom('Tide tables');
});

after(async () => {
  await browser.close();
  await server.close();
});

/** The notices that stand on lin's screen just now. */
const notices = () => lin.page.evaluate(() => /** @type {any[]} */ (/** @type {any} */ (globalThis).notices).map(({ title, body }) => ({ title, body })));
/** @param {number} n */
const hasNotices = (n) => lin.page.waitForFunction((n) => /** @type {any} */ (globalThis).notices.length === n, n);
/** Chooses what is told of in the open room, by keyboard alone. @param {number} downs */
async function choosesLevel(downs) {
  const { page } = lin;
  await page.locator('main header [aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.locator('[role=menuitem]', { hasText: '提醒' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog input[type=radio]').first().waitFor();
  for (let i = 0; i < downs; i++) await page.keyboard.press('ArrowDown');
}

test('the browser is asked by nothing but the person’s own act, offered once', async () => {
  const { page } = lin;
  const offer = page.locator('text=要提醒新消息吗');
  assert.equal(await offer.count(), 0, 'not before there is a room');
  await marta.invites('lin');
  await lin.joins();
  await offer.waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('notify-offer-zh-Hans');
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).asked), 0);
  await page.getByRole('button', { name: '开启提醒' }).focus();
  await page.keyboard.press('Enter');
  await offer.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).asked), 1);
  await page.reload();
  await lin.isIn();
  await page.locator('main textarea').waitFor();
  assert.equal(await offer.count(), 0);
});

test('a message is told of by its room alone, counted in the title, and the press opens the room', async () => {
  const { page } = lin;
  await page.goto(`${server.url}/#/settings/notifications`);
  await page.locator('h1', { hasText: '消息提醒' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('notify-settings-zh-Hans');
  assert.equal(await page.getByRole('radio', { name: '关闭后也提醒' }).count(), 0, 'this server pushes to nobody');
  await marta.writes('The gate closes at six');
  await hasNotices(1);
  await marta.writes('Sharp');
  await page.waitForFunction(() => /** @type {any} */ (globalThis).notices[0]?.body.startsWith('2'));
  assert.deepEqual(await notices(), [{ title: 'Tide tables', body: '2条新消息' }]);
  await page.waitForFunction(() => document.title === '(2) Wardroom');
  assert.equal(await page.locator('link[rel=icon]').getAttribute('href'), '/icon-unread.svg');
  await page.evaluate(() => /** @type {any} */ (globalThis).notices[0].onclick());
  await lin.reads('Sharp');
  await hasNotices(0);
  await page.waitForFunction(() => document.title === 'Wardroom');
  await page.goto(`${server.url}/#/settings/notifications`);
  await page.getByRole('radio', { name: '发送者和内容' }).check();
  await marta.writes('Now with words');
  await hasNotices(1);
  assert.equal((await notices())[0]?.body, 'Marta Hallén：Now with words');
});

test('what was read on another device is told of no longer', async () => {
  const base = `${server.url}/_matrix/client/v3`;
  const login = await fetch(`${base}/login`, { method: 'POST', body: JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user: 'lin' }, password: lin.password }) });
  const { access_token } = await login.json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const room = decodeURIComponent(new URL(marta.page.url()).hash.split('/')[2] ?? '');
  const { chunk } = await (await fetch(`${base}/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=1`, { headers })).json();
  const read = await fetch(`${base}/rooms/${encodeURIComponent(room)}/receipt/m.read.private/${encodeURIComponent(chunk[0].event_id)}`, { method: 'POST', headers, body: '{}' });
  assert.equal(read.status, 200);
  await hasNotices(0);
});

test('a room is silenced by keyboard alone, for every device of the account, and speaks again', async () => {
  const { page } = lin;
  await page.goto(`${server.url}/#/`);
  await page.locator('nav a', { hasText: 'Tide tables' }).click();
  await lin.reads('Now with words');
  await choosesLevel(2);
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('notify-level-zh-Hans');
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.goto(`${server.url}/#/settings/notifications`);
  await marta.writes('Told to nobody');
  await page.goto(`${server.url}/#/`);
  await page.locator('nav a', { hasText: 'Told to nobody' }).waitFor();
  assert.deepEqual(await notices(), []);
  assert.equal(await page.title(), 'Wardroom');
  await page.locator('nav a', { hasText: 'Tide tables' }).click();
  await lin.reads('Told to nobody');
  await choosesLevel(1); // from the last of them on to the first
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.goto(`${server.url}/#/settings/notifications`);
  await marta.writes('Told again');
  await hasNotices(1);
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(marta.complaints, []);
});

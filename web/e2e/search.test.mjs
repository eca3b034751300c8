// The search over what a browser can decrypt: what comes is found, what was before is read in the background, a reload
// does not begin again, and signing out leaves nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let second;
/** @type {string[]} the pages of history that the second device asked for */
const asked = [];

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  await lin.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** @param {Person} person @param {string} text */
async function looksFor(person, text) {
  await person.page.locator('header.top a[href="#/search"]').click();
  await person.page.locator('input[type=search]').fill(text);
}

/** The texts that are marked in what was found, once there are n of them. @param {Person} person @param {number} n */
async function marked(person, n) {
  await person.page.waitForFunction((wanted) => document.querySelectorAll('button[data-hit]').length === wanted, n);
  return person.page.locator('button[data-hit] mark').allTextContents();
}

/** What of the search lies in the browser. @param {Person} person */
function keptBy(person) {
  return person.page.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name);
    if (!names.includes('wardroom')) return [];
    const db = await new Promise((resolve) => {
      const request = indexedDB.open('wardroom');
      request.onsuccess = () => resolve(request.result);
    });
    const keys = await new Promise((resolve) => {
      const request = db.transaction('sealed').objectStore('sealed').getAllKeys();
      request.onsuccess = () => resolve(request.result);
    });
    db.close();
    return keys.filter((/** @type {string} */ key) => key.startsWith('search/segment/'));
  });
}

test('what was written is found, in texts without spaces, in either way of writing', async () => {
  await lin.makesRoom('7号泊位岸桥检验');
  await lin.writes('岸桥的年检报告放在三楼资料室');
  for (let n = 1; n <= 40; n++) await lin.writes(`第${n}次巡查，一切正常`);
  await lin.writes('クレーンの点検報告を送ります');
  await lin.seesSaved('クレーン', '服务器已保存');
  await looksFor(lin, '年檢報告');
  assert.deepEqual(await marked(lin, 1), ['年检报告']);
  await lin.page.locator('input[type=search]').fill('報告');
  assert.deepEqual(await marked(lin, 2), ['報告', '报告']);
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('search');
});

test('a room is found by its name, in either way of writing', async () => {
  const { page } = lin;
  await page.locator('header.top a[href="#/search"]').click();
  await page.locator('input[type=search]').fill('泊位檢驗');
  assert.deepEqual(await page.locator('a[data-hit]').allTextContents(), []);
  await page.locator('input[type=search]').fill('泊位 檢驗');
  await page.locator('a[data-hit]', { hasText: '7号泊位岸桥检验' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('search-named');
  await page.locator('input[type=search]').fill('報告');
  await marked(lin, 2);
});

test('a message shows what stands around it, by keyboard', async () => {
  const { page } = lin;
  await page.locator('input[type=search]').press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('[role=group] li', { hasText: '第1次巡查' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('search-around');
  await page.locator('[role=group] a:visible').press('Enter');
  await page.locator('main h1', { hasText: '7号泊位' }).waitFor();
});

test('an edit replaces, a deletion removes', async () => {
  const { page } = lin;
  await lin.writes('草稿放在一楼');
  await lin.seesSaved('草稿', '服务器已保存');
  await looksFor(lin, '草稿');
  assert.deepEqual(await marked(lin, 1), ['草稿']);
  await page.goBack();
  await page.locator('main textarea').focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('定稿放在二楼');
  await page.keyboard.press('Enter');
  await lin.seesSaved('定稿', '服务器已保存');
  await looksFor(lin, '草稿');
  await page.locator('[role=status]', { hasText: '没有找到' }).waitFor();
  await page.locator('input[type=search]').fill('定稿');
  assert.deepEqual(await marked(lin, 1), ['定稿']);
  await page.goBack();
  await page.locator('[role=log] article', { hasText: '定稿' }).last().locator('[aria-haspopup=menu]').press('Enter');
  await page.locator('[role=menuitem].stop').press('Enter');
  await page.locator('dialog .btn.stop').press('Enter');
  await page.getByText('这条消息已删除').waitFor();
  await looksFor(lin, '定稿');
  await page.locator('[role=status]', { hasText: '没有找到' }).waitFor();
  await page.goBack();
});

test('a new device reads the whole history in the background', async () => {
  second = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'en-GB' });
  second.page.on('request', (request) => {
    if (request.url().includes('/messages?')) asked.push(request.url());
  });
  await second.page.goto(server.url);
  await second.signsIn();
  await second.restores(lin.recoveryKey);
  await looksFor(second, '年检报告');
  await second.page.locator('.hint', { hasText: 'The one room is searched' }).waitFor();
  assert.deepEqual(await marked(second, 1), ['年检报告']);
  assert.ok(asked.length > 0);
});

test('a reload finds everything again without asking the server for it', async () => {
  const { page } = second;
  asked.length = 0;
  assert.ok((await keptBy(second)).length > 0);
  await page.reload();
  await second.isIn();
  await looksFor(second, '巡查');
  await page.locator('[role=status]', { hasText: '40 messages found' }).waitFor();
  await page.locator('.hint', { hasText: 'The one room is searched' }).waitFor();
  assert.deepEqual(asked, []);
});

/** What the deletion below is asked with. */
const old = { url: '', authorization: '' };

test('what comes while one is away is found after coming back', async () => {
  await second.page.goto('about:blank');
  const [answer] = await Promise.all([lin.page.waitForResponse((one) => one.url().includes('/send/m.room.encrypted/')), lin.writes('吊具钢丝绳待更换')]);
  const { event_id: id } = await answer.json();
  old.url = answer.url().replace(/\/send\/.*/, `/redact/${encodeURIComponent(id)}/once`);
  old.authorization = (await answer.request().allHeaders())['authorization'] ?? '';
  for (let n = 1; n <= 60; n++) await lin.writes(`夜班记录 ${n}`);
  await lin.seesSaved('夜班记录 60', '服务器已保存');
  await second.page.goto(server.url);
  await second.isIn();
  await looksFor(second, '夜班');
  await second.page.locator('[role=status]', { hasText: '60 messages found' }).waitFor();
});

test('what another device deletes is found no longer, though it is not loaded here', async () => {
  await second.page.reload();
  await second.isIn();
  await looksFor(second, '钢丝绳');
  await marked(second, 1);
  const answer = await fetch(old.url, { method: 'PUT', headers: { authorization: old.authorization }, body: '{}' });
  assert.equal(answer.status, 200);
  await marked(second, 0);
  await second.page.reload();
  await second.isIn();
  await looksFor(second, '钢丝绳');
  await second.page.locator('[role=status]', { hasText: /nothing|not found|no message/i }).waitFor();
});

test('signing out leaves nothing of it', async () => {
  const { page } = second;
  await page.locator('header.top [aria-haspopup=menu]').click();
  await page.locator('[role=menuitem].stop').click();
  await page.locator('dialog button[type=submit]').click();
  await page.locator('form input').first().waitFor();
  assert.deepEqual(await keptBy(second), []);
  assert.deepEqual(second.complaints, []);
  assert.deepEqual(lin.complaints, []);
});

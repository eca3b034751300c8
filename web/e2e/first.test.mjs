// From the link to a conversation: two people, two languages, a server that dies in between.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let jonas;

before(async () => {
  await server.start();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** Lets the story see what is hashed for the chain of envelopes: the content of each message, before encryption. @param {Person} person */
async function watchChain(person) {
  await person.page.addInitScript(() => {
    if (!isSecureContext) return;
    const digest = crypto.subtle.digest.bind(crypto.subtle);
    /** @type {string[]} */
    const seen = [];
    Object.assign(globalThis, { seenContents: seen });
    crypto.subtle.digest = (algorithm, data) => {
      const text = new TextDecoder().decode(data);
      if (text.includes('org.wardroom.envelope')) seen.push(text);
      return digest(algorithm, data);
    };
  });
}

test('somebody signs up from the link and keeps the recovery key', async () => {
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  await watchChain(lin);
  const link = await server.invite();
  await lin.page.goto(link);
  await lin.page.locator('main h1', { hasText: '开通您的账号' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('signup');
  await lin.signsUp(link);
  assert.equal(lin.recoveryKey.split(' ').length, 12);
  assert.ok(!lin.page.url().includes('invite'), 'the token is gone from the address');
  assert.deepEqual(await lin.barriers(), []);
});

test('the same link does not work twice', async () => {
  const kai = await Person.sitsDown(browser, { name: 'Kai', account: 'kai' });
  const link = await server.invite();
  const sora = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio', locale: 'ja-JP' });
  await sora.signsUp(link);
  await kai.page.goto(link);
  await kai.page.locator('[role=alert]', { hasText: 'not valid' }).waitFor();
  await kai.context.close();
  await sora.context.close();
});

test('a room is made, somebody is invited, and both read both languages', async () => {
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas' });
  await jonas.signsUp(await server.invite());
  await lin.makesRoom('7号泊位岸桥检验');
  await lin.writes('邀请之前写的');
  await lin.seesSaved('邀请之前写的', '服务器已保存');
  await lin.invites('jonas');
  await jonas.joins();
  await jonas.reads('邀请之前写的'); // its key came with the invitation
  await lin.writes('早上好。年检报告放在三楼资料室，请各位今天下班前去看。');
  await lin.seesSaved('早上好', '服务器已保存');
  await jonas.reads('早上好');
  await jonas.writes('I would rather not type the other figures here.');
  await jonas.seesSaved('I would rather');
  await lin.reads('I would rather');
  assert.deepEqual(await lin.barriers(), []);
  assert.deepEqual(await jonas.barriers(), []);
  const words = lin.page.locator('[role=log] p', { hasText: 'I would rather' });
  assert.equal(await words.getAttribute('lang'), 'en');
});

test('each message names the one before it, inside the ciphertext', async () => {
  await lin.writes('第二条');
  await lin.seesSaved('第二条', '服务器已保存');
  // What comes is hashed as well, the others' and one's own.
  const hashed = /** @type {string[]} */ (await lin.page.evaluate(() => /** @type {any} */ (globalThis).seenContents));
  const own = hashed.filter((text) => text.startsWith('{')).map((text) => ({ text, envelope: JSON.parse(text)['org.wardroom.envelope'] })).filter(({ envelope: { lang } }) => lang === 'zh-Hans');
  const nth = (/** @type {number} */ n) => own.find(({ envelope }) => envelope.n === n) ?? assert.fail(`message ${n} was not hashed`);
  const { envelope } = nth(3);
  assert.equal(envelope.prev, createHash('sha256').update(nth(2).text).digest('base64url'));
  assert.match(envelope.seen, /^\$/);
  assert.equal(envelope.lang, 'zh-Hans');
});

test('the server is killed and started again: what was written meanwhile leaves by itself, once', async () => {
  await server.kill();
  await jonas.page.locator('header.top .state', { hasText: 'No answer from the server' }).waitFor();
  await jonas.writes('Written while the server was down.');
  await jonas.page.locator('[role=log] article', { hasText: 'Written while' }).locator('.state', { hasText: 'Waiting to be sent' }).waitFor();
  await jonas.shows('server-down');
  assert.deepEqual(await jonas.barriers(), []);
  await server.start();
  await jonas.seesSaved('Written while');
  await lin.reads('Written while');
  await lin.page.locator('header.top .state', { hasText: '已连接' }).waitFor();
});

test('a reload finds everything again, and what had not left, too', async () => {
  await lin.page.reload();
  await lin.isIn();
  for (const text of ['早上好', 'I would rather', '第二条', 'Written while']) await lin.reads(text);
  await server.kill();
  await lin.writes('重新载入之前写的');
  await lin.page.locator('[role=log] article', { hasText: '重新载入' }).locator('.state', { hasText: /等待发送|不知道服务器是否已保存/ }).waitFor();
  await server.start();
  await lin.page.reload();
  await lin.isIn();
  await lin.seesSaved('重新载入', '服务器已保存');
  await jonas.reads('重新载入');
  assert.equal(await jonas.page.locator('[role=log] p', { hasText: '重新载入' }).count(), 1);
});

test('a second tab asks before it takes the keys', async () => {
  const tab = await jonas.context.newPage();
  await tab.goto(server.url);
  const second = new Person(jonas.context, tab, jonas.who);
  await tab.getByText('Wardroom is open in another tab').waitFor();
  assert.deepEqual(await second.barriers(), []);
  await second.shows('elsewhere');
  await tab.setViewportSize({ width: 390, height: 800 });
  await tab.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await second.barriers(), []);
  await second.shows('elsewhere-phone-dark');
  await tab.emulateMedia({ colorScheme: 'light' });
  await tab.setViewportSize({ width: 1280, height: 800 });
  await tab.getByRole('button', { name: 'Use it in this tab' }).click();
  await tab.locator('header.top').waitFor();
  await jonas.page.getByText('Wardroom is open in another tab').waitFor();
  await tab.close();
  await jonas.page.getByRole('button', { name: 'Use it in this tab' }).click();
  await jonas.isIn();
});

test('a start that fails says why, and is tried again', async () => {
  const kai = await Person.sitsDown(browser, { name: 'Kai', account: 'kai', locale: 'ja' });
  const { page } = kai;
  // A browser that keeps nothing.
  await page.addInitScript(() => {
    if (sessionStorage.getItem('keeps') === null) indexedDB.open = () => { throw new DOMException('no', 'InvalidStateError'); };
  });
  await page.goto(server.url);
  await page.locator('[role=alert]', { hasText: 'InvalidStateError' }).waitFor();
  assert.deepEqual(await kai.barriers(), []);
  await kai.shows('failed-ja');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await kai.barriers(), []);
  await kai.shows('failed-ja-phone-dark');
  await page.evaluate(() => sessionStorage.setItem('keeps', ''));
  await page.locator('main button').press('Enter');
  await page.locator('main form input').first().waitFor();
  await kai.context.close();
});

test('nobody’s page complained, the Content-Security-Policy included', () => {
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(jonas.complaints, []);
});

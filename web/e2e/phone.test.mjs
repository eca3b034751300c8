// On a telephone: one column, words at the bottom, things large enough to press, the back button, the keyboard. And whose
// server it is, said before one is in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server('organisation = "隼湾港务局"\n');
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {string} */
let link;

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN', width: 390, height: 800, phone: true });
  link = await server.invite();
});

after(async () => {
  await browser.close();
  await server.close();
});

/** What can be pressed and is smaller than 44 pixels, in the view as it is. @returns {Promise<string[]>} */
const tooSmall = () =>
  lin.page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input:not([type=hidden]), textarea, [role=menuitem]')].flatMap((one) => {
      // A radio or a switch is pressed by its words.
      const { width, height } = (one instanceof HTMLInputElement && ['radio', 'checkbox'].includes(one.type) ? (one.labels?.[0] ?? one) : one).getBoundingClientRect();
      return width === 0 || height >= 43.5 ? [] : [`${one.tagName} ${one.textContent?.trim() || one.getAttribute('aria-label')} ${Math.round(width)}×${Math.round(height)}`];
    }),
  );
const overflows = () => lin.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
/** @param {string} name */
async function isFit(name) {
  await lin.shows(`phone-${name}`);
  await lin.page.emulateMedia({ colorScheme: 'dark' });
  await lin.shows(`phone-${name}-dark`);
  await lin.page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(await tooSmall(), [], name);
  assert.equal(await overflows(), false, `${name} is wider than the screen`);
  assert.deepEqual(await lin.barriers(), [], name);
}

test('the organisation is named before one is in, and afterwards', async () => {
  const { page } = lin;
  await page.goto(server.url);
  await page.locator('header', { hasText: '隼湾港务局' }).waitFor();
  await isFit('signin');
  await page.goto('about:blank');
  await page.goto(link);
  await page.locator('h1').waitFor();
  await page.locator('main b', { hasText: '隼湾港务局' }).waitFor();
  await lin.signsUp(link);
  await page.locator('header.top', { hasText: '隼湾港务局' }).waitFor();
});

test('the rooms, the settings and what one is told of: words at the bottom lead there', async () => {
  const { page } = lin;
  const tabs = page.locator('nav[aria-label=主要页面]');
  await lin.makesRoom('潮位表');
  await lin.writes('早上好');
  assert.equal(await tabs.isVisible(), false, 'a room has the whole screen');
  await isFit('room');
  await page.locator('main header button').first().click();
  await tabs.waitFor();
  await isFit('rooms');
  await tabs.getByText('我').click();
  await page.locator('h1', { hasText: '个人资料' }).waitFor();
  await isFit('profile');
  await page.locator('nav a', { hasText: '消息提醒' }).click();
  await isFit('notifications');
  await tabs.getByText('会话').click();
  await page.locator('nav a', { hasText: '潮位表' }).waitFor();
});

test('a long answer of one’s own stands whole on the screen, and the dialogs of a message have their frames', async () => {
  const { page } = lin;
  await page.locator('nav a', { hasText: '潮位表' }).click();
  const long = '今天的潮位比昨天高一些，请各位在下午三点以前把系泊缆绳检查完毕，并在值班簿上签字。如有疑问请打电话到调度室，号码贴在门后。';
  await lin.writes(long);
  await lin.seesSaved(long, '服务器已保存'); // its row is another one then, and a menu that was open is not
  await lin.does(long, '回复');
  await lin.writes(`知道了。${long}`);
  await lin.seesSaved('知道了', '服务器已保存');
  const box = await lin.row('知道了').locator('[data-said]').boundingBox();
  assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 390, `from ${box?.x} to ${(box?.x ?? 0) + (box?.width ?? 0)}`);
  await isFit('long-answer');
  await lin.row('知道了').locator('[aria-haspopup=menu]').click();
  await isFit('row-menu');
  const sheet = await page.getByRole('menu').boundingBox();
  assert.ok(sheet !== null && sheet.x === 0 && sheet.width === 390 && Math.abs(sheet.y + sheet.height - 800) < 1, 'the menu is a sheet from below');
  await page.mouse.click(195, 60); // on the veil: what lies under it is not pressed
  await page.getByRole('menu').waitFor({ state: 'detached' });
  assert.match(page.url(), /room/);
  await lin.does('知道了', '删除…');
  assert.deepEqual(await lin.crampedButtons(), []);
  const [safe, stop] = await page.locator('dialog .actions button').evaluateAll((all) => all.map((one) => getComputedStyle(one)).map(({ color, borderTopColor }) => ({ color, borderTopColor })));
  assert.notEqual(safe?.borderTopColor, 'rgba(0, 0, 0, 0)');
  assert.equal(stop?.borderTopColor, stop?.color);
  assert.notEqual(stop?.color, safe?.color);
  await isFit('delete');
  await page.keyboard.press('Escape');
  await page.locator('main header button').first().click();
});

test('Enter begins a line, and the button sends', async () => {
  const { page } = lin;
  await page.locator('nav a', { hasText: '潮位表' }).click();
  await page.locator('main textarea').fill('第一行');
  await page.keyboard.press('Enter');
  await page.keyboard.type('第二行');
  await isFit('two-lines');
  await page.locator('main form button[type=submit]').click();
  await lin.reads('第一行\n第二行');
  await page.locator('main header button').first().click();
});

test('the back button closes what came from below before it leaves the room', async () => {
  const { page } = lin;
  await page.locator('nav a', { hasText: '潮位表' }).click();
  await page.locator('main header [aria-haspopup=menu]').click();
  await page.locator('[role=menuitem]').first().click();
  const people = page.locator('section[aria-label]', { hasText: '@lin' });
  await people.waitFor();
  await isFit('people');
  await page.goBack();
  await people.waitFor({ state: 'detached' });
  await page.locator('main textarea').waitFor();
  await page.goBack();
  await page.locator('nav[aria-label=主要页面]').waitFor();
});

test('a long name leaves the screen to what is written', async () => {
  const { page } = lin;
  await lin.makesRoom('关于第七号泊位岸桥年度检验资料交接与值班安排的临时协调会话'.repeat(2));
  const box = await page.locator('main header').boundingBox();
  assert.ok(box !== null && box.height < 120, `${box?.height} px`);
  await isFit('long-name');
  await page.locator('main header button').first().click();
});

test('the keyboard does not cover where one writes', async () => {
  const { page } = lin;
  await page.locator('nav a', { hasText: '潮位表' }).click();
  await page.locator('main textarea').waitFor();
  // A browser without a screen has no keyboard: the height that it would leave is told as it would tell it.
  await page.evaluate(() => {
    Object.defineProperty(globalThis.visualViewport, 'height', { value: 420, configurable: true });
    globalThis.visualViewport?.dispatchEvent(new Event('resize'));
  });
  const box = await page.locator('main textarea').boundingBox();
  assert.ok(box !== null && box.y + box.height <= 420);
  await lin.shows('phone-keyboard');
});

test('a link to sign up, opened by somebody who is in, says so and is not used up', async () => {
  const { page } = lin;
  const second = await server.invite();
  await page.goto(second);
  await page.locator('h1', { hasText: '这个链接用来注册新账号' }).waitFor();
  await page.getByText('您已登录为林秋砚').waitFor();
  await isFit('invited-already');
  await page.locator('main button.do').focus();
  await page.keyboard.press('Enter');
  await lin.isIn();
  assert.ok(!page.url().includes('invite'));
  const marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  await marta.signsUp(second);
  assert.deepEqual(lin.complaints, []);
});

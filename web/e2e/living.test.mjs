// What makes a conversation live: what is new, who is writing, who has read, and what was begun and not sent.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let jonas;
/** @type {Person} Jonas’s telephone */
let phone;
/** @type {string[]} the paths of what Jonas’s browser told the server */
const told = [];
const crane = '7号泊位岸桥检验';
const watch = 'Watch and handover';

/** Returns when the page of a person glides no more. @param {Person} person */
const still = (person) =>
  person.page.evaluate(async () => {
    const box = document.querySelector('[role=log]');
    let top = -1;
    for (let frames = 0; frames < 10; frames++) {
      if (box?.scrollTop !== top) frames = 0;
      top = box?.scrollTop ?? 0;
      await new Promise((done) => requestAnimationFrame(done));
    }
  });

/** What a device keeps, as it lies in the browser: all of it together, and each draft. @param {Person} person */
const sealed = (person) =>
  person.page.evaluate(async () => {
    const db = await new Promise((/** @type {(db: IDBDatabase) => void} */ done) => {
      const asked = indexedDB.open('wardroom');
      asked.onsuccess = () => done(asked.result);
    });
    const store = db.transaction('sealed').objectStore('sealed');
    const [names, values] = await Promise.all([store.getAllKeys(), store.getAll()].map((asked) => new Promise((/** @type {(all: any[]) => void} */ done) => (asked.onsuccess = () => done(asked.result)))));
    db.close();
    const text = (values ?? []).map(({ data }) => new TextDecoder('latin1').decode(data));
    return { text: text.join(''), drafts: (names ?? []).flatMap((name, n) => (name.startsWith('draft/') ? [text[n] ?? ''] : [])) };
  });

/** Waits until a device keeps other drafts than those. @param {Person} person @param {string[]} before */
async function keepsAnew(person, before) {
  let now = before;
  // Changed, and then the same for many looks: what is typed may be kept in several steps.
  for (let same = 0; same < 30; ) {
    const { drafts } = await sealed(person);
    same = String(drafts) !== String(before) && String(drafts) === String(now) ? same + 1 : 0;
    now = drafts;
  }
}

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN', dark: true });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas' });
  phone = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas', width: 390, height: 800, phone: true });
  jonas.page.on('request', (request) => {
    if (request.method() !== 'GET') told.push(`${new URL(request.url()).pathname} ${request.postData() ?? ''}`);
  });
  await lin.signsUp(await server.invite());
  await jonas.signsUp(await server.invite());
  await lin.makesRoom(crane);
  await lin.invites('jonas');
  await jonas.joins();
  await lin.writes('早上好。');
  await jonas.reads('早上好');
  const first = (await jonas.page.locator('[data-event]', { hasText: '早上好' }).getAttribute('data-event')) ?? '';
  const marks = (/** @type {string} */ one) => one.includes('/read_markers') && one.includes(first);
  if (!told.some(marks)) await jonas.page.waitForRequest((request) => marks(`${request.url()} ${request.postData() ?? ''}`));
  await jonas.makesRoom(watch);
  await phone.page.goto(server.url);
  await phone.signsIn();
  await phone.restores(jonas.recoveryKey);
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The entry of a room in the list. @param {Person} person @param {string} name */
const entry = (person, name) => person.page.locator('nav a[href^="#/room/"]', { hasText: name });

/** The row of a text. @param {Person} person @param {string} text */
const row = (person, text) => person.page.locator('[role=log] article', { hasText: text }).last();

test('what is new since one was here begins below a line, and is read on all devices when it was seen', async () => {
  for (let n = 1; n <= 40; n++) await lin.writes(`第 ${n} 项检查已完成，吊具、钢丝绳、制动器和限位开关均未发现异常。`);
  await lin.seesSaved('第 40 项', '服务器已保存');
  await entry(jonas, crane).locator('.count', { hasText: '40' }).waitFor();
  await entry(phone, crane).locator('.count', { hasText: '40' }).waitFor();
  // by keyboard alone
  await entry(jonas, crane).focus();
  await jonas.page.keyboard.press('Enter');
  const line = jonas.page.getByText('New since you were last here');
  await line.waitFor();
  await jonas.reads('第 1 项');
  const where = await line.boundingBox();
  const box = await jonas.page.locator('[role=log]').boundingBox();
  assert.ok(where !== null && box !== null && where.y >= box.y && where.y < box.y + box.height / 3, 'the line is at the top of what is shown');
  assert.ok(await row(jonas, '第 1 项').isVisible());
  assert.equal(await jonas.page.locator('[role=log]', { hasText: '第 40 项' }).count(), 1);
  await jonas.shows('living-line');
  assert.deepEqual(await jonas.barriers(), []);
  // what was on the screen for a moment is read, what is below is not
  await jonas.page.waitForFunction(() => {
    const n = Number(document.querySelector('nav a[aria-current] .count span')?.textContent);
    return n > 20 && n < 40;
  });
  await jonas.page.locator('[role=log]').focus();
  await jonas.page.keyboard.press('End');
  await entry(jonas, crane).locator('.count').waitFor({ state: 'detached' });
  await entry(phone, crane).locator('.count').waitFor({ state: 'detached' });
  assert.ok(told.some((one) => one.includes('/receipt/m.read.private/')));
  assert.ok(told.some((one) => one.includes('/read_markers') && one.includes('m.fully_read')));
  assert.ok(!told.some((one) => one.includes('/receipt/m.read/') || one.includes('"m.read":"')), 'nothing was shown to others');
  assert.equal(await lin.page.locator('.pips .read').count(), 0);
});

test('a window that nobody looks at reads nothing', async () => {
  await jonas.page.evaluate(() => (document.hasFocus = () => false));
  const before = told.length;
  await lin.writes('吊具更换完毕。');
  await jonas.reads('吊具更换完毕');
  await entry(phone, crane).locator('.count', { hasText: '1' }).waitFor();
  await lin.writes('钢丝绳也换了。');
  await jonas.reads('钢丝绳也换了');
  await entry(phone, crane).locator('.count', { hasText: '2' }).waitFor();
  await entry(jonas, crane).locator('.count', { hasText: '2' }).waitFor();
  assert.ok(!told.slice(before).some((one) => one.includes('/receipt/') || one.includes('/read_markers')));
  await jonas.page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event('focus'));
  });
  await entry(phone, crane).locator('.count').waitFor({ state: 'detached' });
});

test('the place in a room is kept while one is in another', async () => {
  const { page } = jonas;
  await page.locator('[role=log]').focus();
  for (let n = 0; n < 3; n++) {
    await page.keyboard.press('PageUp');
    await still(jonas);
  }
  const before = await page.locator('[role=log] article', { hasText: '第 20 项' }).boundingBox();
  await entry(jonas, watch).click();
  await page.locator('main h1', { hasText: watch }).waitFor();
  await entry(jonas, crane).click();
  await jonas.reads('第 20 项');
  const now = await page.locator('[role=log] article', { hasText: '第 20 项' }).boundingBox();
  assert.ok(before !== null && now !== null && Math.abs(before.y - now.y) <= 1, `${before?.y} and now ${now?.y}`);
  await page.getByRole('button', { name: 'To the latest' }).press('Enter');
  await page.getByRole('button', { name: 'To the latest' }).waitFor({ state: 'hidden' });
});

test('who is writing is told, and nothing moves for it', async () => {
  const line = lin.page.getByText('Jonas Wedekind正在输入').first();
  const at = async () => (await row(lin, '吊具更换完毕').boundingBox())?.y;
  const before = await at();
  await jonas.page.locator('main textarea').focus();
  await jonas.page.keyboard.type('I can read it', { delay: 30 });
  await line.waitFor();
  assert.equal(await at(), before);
  await lin.shows('living-typing-zh-dark');
  assert.equal(told.filter((one) => one.includes('/typing/')).length, 1);
  await jonas.page.keyboard.type(' at 15:00.');
  await jonas.page.keyboard.press('Enter');
  await line.waitFor({ state: 'detached' });
  await jonas.page.keyboard.type('No');
  await line.waitFor();
  await jonas.page.keyboard.press('Backspace');
  await jonas.page.keyboard.press('Backspace');
  await line.waitFor({ state: 'detached' });
});

test('who does not want it shown shows nothing', async () => {
  const { page } = jonas;
  await page.evaluate(() => (location.hash = '#/settings/privacy'));
  const shown = page.getByRole('switch', { name: 'Show when I am typing' });
  await shown.waitFor();
  assert.ok(await shown.isChecked());
  await shown.press('Space');
  await page.waitForFunction(() => document.querySelector('input[role=switch]:not(:checked)') !== null);
  await jonas.shows('living-privacy');
  assert.deepEqual(await jonas.barriers(), []);
  await page.evaluate(() => (location.hash = '#/'));
  await entry(jonas, crane).click();
  const before = told.length;
  await page.locator('main textarea').focus();
  await page.keyboard.type('Nobody sees this');
  // what was typed has long been heard of when a word of somebody else has come back
  await lin.writes('下一班几点开始？');
  await jonas.reads('下一班几点开始');
  await entry(jonas, watch).click();
  await entry(jonas, crane).getByText('Draft: Nobody sees this').waitFor();
  assert.ok(!told.slice(before).some((one) => one.includes('/typing/')));
});

test('a draft outlives the room, the page and nobody else can read it', async () => {
  const { page } = jonas;
  await entry(jonas, watch).click();
  await entry(jonas, crane).getByText('Draft: Nobody sees this').waitFor();
  await jonas.shows('living-draft');
  assert.deepEqual(await jonas.barriers(), []);
  await page.reload();
  await jonas.isIn();
  await entry(jonas, crane).getByText('Draft: Nobody sees this').waitFor();
  await entry(jonas, crane).click();
  assert.equal(await page.locator('main textarea').inputValue(), 'Nobody sees this');
  // an answer keeps what it answers
  await row(jonas, '吊具更换完毕').locator('[aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Reply', exact: true }).press('Enter');
  await page.getByText('Reply to 林秋砚').waitFor();
  const { drafts } = await sealed(jonas);
  await page.keyboard.insertText(', or do they'); // at once: the draft must not be kept in the middle of it
  await keepsAnew(jonas, drafts);
  const kept = await sealed(jonas);
  assert.equal(kept.drafts.length, 1);
  assert.ok(!kept.text.includes('Nobody'));
  await page.reload();
  await jonas.isIn();
  await page.getByText('Reply to 林秋砚').waitFor();
  assert.equal(await page.locator('main textarea').inputValue(), 'Nobody sees this, or do they');
  await page.locator('main textarea').focus();
  await page.keyboard.press('Enter');
  await jonas.seesSaved('or do they');
  await row(jonas, 'or do they').locator('button', { hasText: '吊具更换完毕' }).waitFor();
  await entry(jonas, watch).click();
  await entry(jonas, crane).getByText('Draft').waitFor({ state: 'detached' });
  await entry(jonas, crane).click();
  await page.reload();
  await jonas.isIn();
  assert.equal(await page.locator('main textarea').inputValue(), '');
});

test('who has read what is shown where somebody chose so, and no further', async () => {
  const { page } = jonas;
  await lin.writes('请在下班前确认。');
  await jonas.reads('请在下班前确认');
  await lin.seesSaved('请在下班前确认', '服务器已保存');
  await page.getByRole('button', { name: 'Who is here' }).press('Enter');
  const share = page.getByRole('switch', { name: 'Show what I have read' });
  assert.ok(!(await share.isChecked()));
  await jonas.shows('living-share');
  assert.deepEqual(await jonas.barriers(), []);
  await share.press('Space');
  await page.waitForFunction(() => document.querySelector('input[role=switch]:checked') !== null);
  await lin.writes('收到了吗？');
  await jonas.reads('收到了吗');
  const read = row(lin, '收到了吗').getByRole('button', { name: '已读' });
  await read.waitFor();
  await row(lin, '请在下班前确认').getByRole('button', { name: '已读' }).waitFor();
  await read.press('Enter');
  await lin.page.getByRole('dialog').getByText('Jonas Wedekind').waitFor();
  await lin.shows('living-readers-zh-dark');
  assert.deepEqual(await lin.barriers(), []);
  await lin.page.keyboard.press('Escape');
  // his other device has the choice, too
  await entry(phone, crane).click();
  await phone.page.locator('main header [aria-haspopup=menu]').click();
  await phone.page.getByRole('menuitem', { name: 'Who is here' }).click();
  await phone.page.waitForFunction(() => document.querySelector('input[role=switch]:checked') !== null);
  await phone.shows('living-share-phone');
  assert.deepEqual(await phone.barriers(), []);
  await phone.page.getByRole('button', { name: 'Close' }).click();
  await phone.shows('living-phone');
  await share.press('Space');
  await page.waitForFunction(() => document.querySelector('input[role=switch]:checked') === null);
  await lin.writes('明天见。');
  await jonas.reads('明天见');
  await entry(phone, crane).locator('.count').waitFor({ state: 'detached' });
  assert.equal(await row(lin, '明天见').getByRole('button', { name: '已读' }).count(), 0);
});

test('nobody’s page complained', () => {
  for (const person of [lin, jonas, phone]) assert.deepEqual(person.complaints, []);
});

// A thread with answers by both, and a person named by keyboard alone; in two languages, wide and narrow, light and dark.

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
/** @type {{ type: string, content: any }[]} what Mio’s browser sent into rooms */
const sent = [];
/** @type {{ type: string, body: any }[]} the receipts that Lin’s browser gave */
const receipts = [];

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  mio = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio', locale: 'ja', dark: true });
  mio.page.on('request', (request) => {
    const type = /\/send\/([^/]+)\//.exec(request.url())?.[1];
    if (request.method() === 'PUT' && type !== undefined) sent.push({ type, content: request.postDataJSON() });
  });
  lin.page.on('request', (request) => {
    const type = /\/receipt\/([^/]+)\//.exec(request.url())?.[1];
    if (type !== undefined) receipts.push({ type, body: request.postDataJSON() });
  });
  await lin.signsUp(await server.invite());
  await mio.signsUp(await server.invite());
  await lin.makesRoom('7号泊位岸桥检验');
  await lin.invites('mio');
  await mio.joins();
  await lin.writes('年检报告放在三楼资料室。');
  await mio.reads('年检报告');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The room’s own timeline, and the thread beside it. @param {Person} person */
const talk = (person) => person.page.locator('[role=log]').first();
/** @param {Person} person */
const thread = (person) => person.page.locator('section', { has: person.page.locator('h2', { hasText: /^(话题串|スレッド)$/ }) }).last();
/** The line under a message that tells of its thread. @param {Person} person */
const line = (person) => talk(person).locator('a[data-thread]');
/** @param {import('playwright-core').Locator} where @param {string} text */
const row = (where, text) => where.locator('article', { hasText: text }).last();
/** The room in the list of rooms. @param {Person} person */
const entry = (person) => person.page.locator('nav a', { hasText: '7号泊位岸桥检验' });

test('an answer in a thread, by keyboard alone', async () => {
  const { page } = mio;
  await row(talk(mio), '年检报告').locator('[aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'スレッドで返信' }).press('Enter');
  await thread(mio).locator('article', { hasText: '年检报告' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'スレッドで 1 人に返信');
  assert.match(page.url(), /#\/room\/[^/]+\/thread\/[^/]+$/);
  await page.keyboard.type('今日の15時に見に行きます。');
  await page.keyboard.press('Enter');
  await row(thread(mio), '15時に').locator('.state', { hasText: 'サーバーに保存済み' }).waitFor();
  assert.equal(await talk(mio).locator('article', { hasText: '15時に' }).count(), 0);
  const { type, content } = sent.at(-1) ?? { type: '', content: {} };
  assert.equal(type, 'm.room.encrypted');
  const { rel_type, event_id, is_falling_back, 'm.in_reply_to': to } = content['m.relates_to'];
  assert.deepEqual({ rel_type, is_falling_back, to: to.event_id }, { rel_type: 'm.thread', is_falling_back: true, to: event_id });
});

test('a thread is followed and left, by keyboard; it holds after a reload', async () => {
  const { page } = mio;
  const follow = thread(mio).getByRole('button', { name: 'フォローする' });
  await thread(mio).getByText('このスレッドはフォローしていません').waitFor();
  await follow.focus();
  await page.keyboard.press('Enter');
  const leave = thread(mio).getByRole('button', { name: 'フォローをやめる' });
  await leave.waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('thread-followed-dark');
  await page.reload();
  await mio.isIn();
  await leave.focus();
  await page.keyboard.press('Enter');
  await follow.waitFor();
  await page.setViewportSize({ width: 390, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await mio.shows('thread-not-followed-phone-dark');
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('it is counted at its root and unread in the list, until the thread is read', async () => {
  await line(lin).filter({ hasText: '1条回复' }).waitFor();
  assert.match((await line(lin).textContent()) ?? '', /佐伯 澪/);
  await lin.page.evaluate(() => (location.hash = '#/'));
  await entry(lin).locator('.count', { hasText: '1' }).waitFor();
  await entry(lin).click();
  await talk(lin).locator('article', { hasText: '年检报告' }).waitFor();
  await lin.page.locator('a', { hasText: '话题串中有1条未读回复' }).waitFor(); // the room was looked at, the thread not
  await lin.shows('thread-unread');
  assert.deepEqual(await lin.barriers(), []);
  await line(lin).press('Enter');
  await row(thread(lin), '15時に').waitFor();
  await lin.page.waitForFunction(() => document.querySelector('nav .count') === null);
  const { type, body } = receipts.at(-1) ?? { type: '', body: {} };
  assert.equal(type, 'm.read.private');
  assert.match(body.thread_id, /^\$/);
});

test('Escape closes the thread and goes back to its line', async () => {
  const { page } = mio;
  await thread(mio).locator('textarea').focus();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-thread'));
  assert.equal(await thread(mio).count(), 0);
  await page.evaluate(() => (location.hash = '#/'));
});

test('somebody is named by keyboard alone, and nothing is taken while characters are chosen', async () => {
  const { page } = lin;
  const field = thread(lin).locator('textarea');
  await field.focus();
  await page.keyboard.type('请@');
  const list = page.getByRole('listbox', { name: '可提及的人' });
  await list.waitFor();
  assert.deepEqual(await list.getByRole('option').allTextContents(), ['佐佐伯 澪' + (await idOf(mio)), '@room会话里的所有人']);
  await page.keyboard.type('mio');
  await list.locator('[aria-selected=true]', { hasText: '佐伯 澪' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('mention-list');
  await field.evaluate((node) => node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })));
  assert.equal(await field.inputValue(), '请@mio');
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'hidden' });
  assert.equal(await thread(lin).count(), 1, 'Escape closes the list, not the thread');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('@佐');
  await list.waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await field.inputValue(), '请@佐伯 澪 ');
  await page.keyboard.type('也带上潮位表。');
  await page.keyboard.press('Enter');
  await row(thread(lin), '也带上潮位表').locator('.state', { hasText: '服务器已保存' }).waitFor();
});

test('the other one sees the name marked, in the thread and in the list of rooms', async () => {
  const { page } = mio;
  await entry(mio).getByText('未読メッセージにあなた宛てがあります').waitFor({ state: 'attached' });
  await page.reload();
  await mio.isIn();
  await entry(mio).getByText('未読メッセージにあなた宛てがあります').waitFor({ state: 'attached' });
  await entry(mio).locator('.count', { hasText: '1' }).waitFor();
  await mio.shows('mention-in-list-dark');
  await entry(mio).click();
  await line(mio).filter({ hasText: '返信 2 件' }).click();
  const named = row(thread(mio), '也带上潮位表').locator('[data-mention]');
  assert.equal(await named.textContent(), '@佐伯 澪');
  assert.equal(await named.getAttribute('data-mention'), await idOf(mio));
  assert.equal(await page.locator('a[href*="matrix.to"]').count(), 0);
  await page.waitForFunction(() => document.querySelector('nav .count') === null);
});

test('reactions, edits and deletion work in the thread as in the room', async () => {
  const { page } = mio;
  await row(thread(mio), '也带上潮位表').locator('[aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'リアクション…' }).press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: '👍' }).press('Enter');
  await row(thread(lin), '也带上潮位表').locator('button[aria-pressed]').waitFor();
  await thread(mio).locator('textarea').focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('End');
  await page.keyboard.type('16時かもしれません。');
  await page.keyboard.press('Enter');
  await row(thread(lin), '16時かも').waitFor();
  assert.equal(await thread(lin).locator('article').count(), 3);
  await lin.page.keyboard.type('删掉的回复');
  await thread(lin).locator('textarea').focus();
  await lin.page.keyboard.type('写错了');
  await lin.page.keyboard.press('Enter');
  await line(mio).filter({ hasText: '返信 3 件' }).waitFor();
  await row(thread(lin), '写错了').locator('.state', { hasText: '服务器已保存' }).waitFor(); // it is drawn anew then
  await row(thread(lin), '写错了').locator('[aria-haspopup=menu]').focus();
  await lin.page.keyboard.press('Enter');
  await lin.page.getByRole('menuitem', { name: '删除…' }).press('Enter');
  await lin.page.getByRole('button', { name: '为所有人删除' }).press('Enter');
  await thread(mio).getByText('このメッセージは削除されました').waitFor();
  assert.equal(await talk(mio).getByText('このメッセージは削除されました').count(), 0);
  await line(mio).filter({ hasText: '返信 2 件' }).waitFor();
});

test('after a reload all of it is still there, and looks right', async () => {
  for (const person of [lin, mio]) {
    const { page } = person;
    await page.reload();
    await person.isIn();
    await row(thread(person), '16時かも').waitFor();
    await row(thread(person), '也带上潮位表').locator('button[aria-pressed]').waitFor();
    await row(thread(person), '也带上潮位表').locator('[data-mention]').waitFor();
    await row(thread(person), '年检报告').waitFor();
    assert.equal(await talk(person).locator('article', { hasText: '也带上潮位表' }).count(), 0);
    assert.deepEqual(await person.barriers(), []);
    const name = person === lin ? 'thread-zh' : 'thread-ja-dark';
    await person.shows(`${name}-wide`);
    await page.setViewportSize({ width: 390, height: 800 });
    assert.deepEqual(await person.barriers(), []);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0);
    await person.shows(`${name}-phone`);
    await page.evaluate(() => history.back());
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

test('what was said in a thread is found there', async () => {
  const { page } = lin;
  await page.evaluate(() => (location.hash = '#/search'));
  await page.locator('input[type=search]').fill('潮位表');
  await page.locator('button[data-hit]').press('Enter');
  const around = page.locator('[role=group]:visible');
  await around.locator('li', { hasText: '16時かも' }).waitFor();
  assert.equal(await around.locator('li').count(), 4, 'the root, two answers and a deleted one');
  await around.locator('a').press('Enter');
  await row(thread(lin), '也带上潮位表').waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('也带上潮位表') === true);
  assert.match(page.url(), /thread/);
  await page.keyboard.press('Escape');
  await thread(lin).waitFor({ state: 'detached' });
});

test('a long thread is fetched back to its beginning', async () => {
  const { page } = lin;
  await lin.writes('值班安排');
  await lin.seesSaved('值班安排', '服务器已保存');
  await row(talk(lin), '值班安排').locator('[aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: '在话题串中回复' }).press('Enter');
  const field = thread(lin).locator('textarea');
  await field.waitFor();
  for (let n = 1; n <= 60; n++) {
    await field.fill(`第${n}班`);
    await field.press('Enter');
  }
  await row(thread(lin), '第60班').locator('.state', { hasText: '服务器已保存' }).waitFor();
  await page.reload();
  await lin.isIn();
  await row(thread(lin), '第60班').waitFor();
  await line(lin).filter({ hasText: '60条回复' }).waitFor();
  const log = thread(lin).locator('[role=log]');
  // Each page that comes is answered by going up again, until the root is there.
  await log.evaluate(
    (box) =>
      new Promise((done) => {
        const up = () => {
          if (!box.textContent?.includes('值班安排')) box.scrollTop = 0;
          else {
            watch.disconnect();
            done(undefined);
          }
        };
        const watch = new MutationObserver(() => requestAnimationFrame(up));
        watch.observe(box, { childList: true, subtree: true });
        box.addEventListener('scroll', () => requestAnimationFrame(up));
        up();
      }),
  );
  await row(thread(lin), '值班安排').waitFor();
  const said = await log.locator('article').allTextContents();
  for (let n = 1; n <= 60; n++) assert.equal(said.filter((text) => text.includes(`第${n}班`)).length, 1, `answer ${n}`);
  await line(mio).filter({ hasText: '60 件' }).waitFor();
  await mio.page.evaluate(() => (location.hash = '#/'));
  await entry(mio).locator('.count', { hasText: '60' }).waitFor();
});

/** The list of the room’s threads. @param {Person} person */
const list = (person) => person.page.getByRole('region', { name: /^(话题串|スレッド)$/ }).filter({ has: person.page.locator('li') });

test('all threads of a room stand in a list, the newest first, what is unread marked; by keyboard', async () => {
  const { page } = mio;
  await entry(mio).press('Enter');
  await page.locator('main header [aria-haspopup=menu]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'スレッド', exact: true }).press('Enter');
  await list(mio).locator('li').nth(1).waitFor();
  assert.match(page.url(), /\/threads$/);
  const lines = list(mio).locator('li');
  assert.equal(await lines.count(), 2);
  assert.match((await lines.nth(0).textContent()) ?? '', /林秋砚值班安排返信 60 件、最新は 林秋砚 さん/);
  await lines.nth(0).locator('.count', { hasText: '60' }).waitFor();
  assert.match((await lines.nth(1).textContent()) ?? '', /年检报告放在三楼资料室。返信 2 件/);
  assert.equal(await lines.nth(1).locator('.count').count(), 0);
  assert.equal(await lines.nth(0).locator('[lang=zh-Hans]').first().textContent(), '林秋砚');
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('thread-list-dark');
  await page.setViewportSize({ width: 390, height: 800 });
  assert.deepEqual(await mio.barriers(), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await mio.shows('thread-list-phone-dark');
  await page.setViewportSize({ width: 1280, height: 800 });
  // A new answer in the older thread brings it to the top, with a mark where it names one.
  await lin.page.evaluate(() => (location.hash = '#/'));
  await entry(lin).click();
  await line(lin).filter({ hasText: '2条回复' }).click();
  await thread(lin).locator('textarea').fill('@佐伯 澪 潮位表带了吗？');
  await thread(lin).locator('textarea').press('Enter');
  await lines.nth(0).filter({ hasText: '年检报告' }).getByText('未読の返信にあなた宛てがあります').waitFor({ state: 'attached' });
  // Tab leads on to the first thread, Enter opens it, and the way back is the browser’s.
  await list(mio).focus();
  await mio.hands.press(lines.nth(0).locator('a'));
  await row(thread(mio), '潮位表带了吗').waitFor();
  await line(mio).filter({ hasText: '返信 3 件' }).locator('.count').waitFor({ state: 'detached' }); // it was seen
  await page.goBack();
  await lines.nth(0).locator('.count').waitFor({ state: 'detached' });
  await list(mio).focus();
  await page.keyboard.press('Escape');
  await list(mio).waitFor({ state: 'detached' });
  assert.match(page.url(), /#\/room\/[^/]+$/);
});

test('a room without threads says so, and how one begins', async () => {
  const { page } = lin;
  await lin.makesRoom('没有话题串的会话');
  await page.locator('main header').getByRole('button', { name: '话题串' }).click();
  await page.getByText('这个会话里还没有话题串').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('thread-list-empty');
  await page.getByRole('region', { name: '话题串' }).getByRole('button', { name: '关闭' }).click();
});

test('a name among more unread messages than were fetched is marked all the same', async () => {
  await lin.makesRoom('夜班值班');
  await lin.invites('mio');
  await mio.page.evaluate(() => (location.hash = '#/'));
  await mio.joins();
  const field = lin.page.locator('main textarea');
  await lin.writes('晚上好。');
  await mio.reads('晚上好。');
  await mio.page.evaluate(() => (location.hash = '#/'));
  await lin.writes('@佐伯 澪 请在周五前回复。');
  await lin.seesSaved('请在周五前回复', '服务器已保存');
  const night = mio.page.locator('nav a', { hasText: '夜班值班' });
  await night.locator('.count').waitFor();
  await night.getByText('未読メッセージにあなた宛てがあります').waitFor({ state: 'attached' });
  await mio.context.setOffline(true);
  for (let n = 1; n <= 45; n++) {
    await field.fill(`值班记录 ${n}`);
    await field.press('Enter');
  }
  await lin.seesSaved('值班记录 45', '服务器已保存');
  // Somebody who was away longer than a sync reaches: the last twenty messages come, and the number of the others.
  await mio.context.setOffline(false);
  await night.locator('.count', { hasText: /^4[67]/ }).waitFor();
  await night.getByText('未読メッセージにあなた宛てがあります').waitFor({ state: 'attached' });
  await mio.shows('far-mention-dark');
  assert.deepEqual(await mio.barriers(), []);
});

test('nobody’s page complained', () => {
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(mio.complaints, []);
});

/** @param {Person} person */
async function idOf(person) {
  return `@${person.who.account}:localhost`;
}

// What is done with messages: answers, edits, reactions, deletion; by keyboard where it matters.

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
/** @type {{ type: string, content: any }[]} what Jonas’s browser sent into the room */
const sent = [];

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN', dark: true });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas' });
  jonas.page.on('request', (request) => {
    const type = /\/send\/([^/]+)\//.exec(request.url())?.[1];
    if (request.method() === 'PUT' && type !== undefined) sent.push({ type, content: request.postDataJSON() });
  });
  await lin.signsUp(await server.invite());
  await jonas.signsUp(await server.invite());
  await lin.makesRoom('7号泊位岸桥检验');
  await lin.invites('jonas');
  await jonas.joins();
  await lin.writes('年检报告放在三楼资料室。');
  await jonas.reads('年检报告');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The row of a text. @param {Person} person @param {string} text */
const row = (person, text) => person.page.locator('[role=log] article', { hasText: text }).last();

/** Opens the menu of a row and presses one of its items. @param {Person} person @param {string} text @param {string} item */
async function chooses(person, text, item) {
  await row(person, text).locator('[aria-haspopup=menu]').focus();
  await person.page.keyboard.press('Enter');
  await person.page.getByRole('menuitem', { name: item, exact: true }).press('Enter');
}

test('an answer shows what it answers, and leads there', async () => {
  await chooses(jonas, '年检报告', 'Reply');
  await jonas.page.getByText('Reply to 林秋砚').waitFor();
  await jonas.page.keyboard.type('I can read it at 15:00.');
  await jonas.page.keyboard.press('Enter');
  await jonas.seesSaved('I can read it');
  const quote = row(lin, 'I can read it').locator('button', { hasText: '年检报告' });
  await quote.press('Enter');
  assert.match(await lin.page.evaluate(() => document.activeElement?.textContent ?? ''), /年检报告/);
  assert.equal(sent.at(-1)?.type, 'm.room.encrypted');
});

test('arrow up edits one’s last message, by keyboard alone', async () => {
  await jonas.page.locator('main textarea').focus();
  await jonas.page.keyboard.press('ArrowUp');
  await jonas.page.getByText('Edit your message').waitFor();
  await jonas.page.keyboard.press('End');
  await jonas.page.keyboard.type(' Or at 16:00.');
  await jonas.page.keyboard.press('Enter');
  await lin.reads('I can read it at 15:00. Or at 16:00.');
  await jonas.seesSaved('Or at 16:00');
  assert.equal(await lin.page.locator('[role=log] article p', { hasText: 'at 15:00' }).count(), 1);
  assert.equal(sent.at(-1)?.content['m.relates_to'].rel_type, 'm.replace');
  assert.ok(!JSON.stringify(sent).includes('16:00'));
});

test('a reaction is encrypted, counted with names, and can be taken back', async () => {
  await chooses(jonas, '年检报告', 'React…');
  await jonas.page.getByRole('dialog').getByRole('button', { name: '👍' }).press('Enter');
  const chip = row(lin, '年检报告').locator('button[aria-pressed]');
  await chip.waitFor();
  assert.equal(await chip.getAttribute('title'), '👍，来自Jonas Wedekind');
  const { type, content } = sent.at(-1) ?? { type: '', content: {} };
  assert.equal(type, 'm.room.encrypted');
  assert.equal(content['m.relates_to'].rel_type, 'm.annotation');
  assert.ok(content.ciphertext);
  assert.ok(!JSON.stringify(sent).includes('👍'), 'the server can read the reaction');
  await chip.click();
  await row(jonas, '年检报告').locator('button[aria-pressed]', { hasText: '2' }).waitFor();
  await jonas.shows('messages');
  await lin.shows('messages-zh-dark');
  assert.deepEqual(await jonas.barriers(), []);
  assert.deepEqual(await lin.barriers(), []);
  await row(jonas, '年检报告').locator('button[aria-pressed=true]').click();
  await row(lin, '年检报告').locator('button[aria-pressed]', { hasText: '1' }).waitFor();
  await lin.page.reload();
  await lin.isIn();
  await row(lin, '年检报告').locator('button[aria-pressed=true]', { hasText: '1' }).waitFor();
  assert.equal(await lin.page.getByText('这条消息已删除').count(), 0);
});

test('one person reacts twice to one message, with an emoji and with words, and the server reads neither', async () => {
  const chips = row(lin, '年检报告').locator('button[aria-pressed]');
  await chooses(jonas, '年检报告', 'React…');
  await jonas.page.getByRole('dialog').getByRole('button', { name: '✅' }).press('Enter');
  await chips.filter({ hasText: '✅' }).waitFor();
  await chooses(jonas, '年检报告', 'React…');
  await jonas.page.getByRole('dialog').getByRole('textbox').fill('Thursday');
  await jonas.page.keyboard.press('Enter');
  await chips.filter({ hasText: 'Thursday' }).waitFor();
  assert.equal(await chips.count(), 3);
  assert.ok(!/✅|Thursday/.test(JSON.stringify(sent)), 'the server can read the reaction');
  await row(jonas, '年检报告').locator('button[aria-pressed=true]', { hasText: 'Thursday' }).click();
  await row(jonas, '年检报告').locator('button[aria-pressed=true]', { hasText: '✅' }).click();
  await chips.filter({ hasText: /✅|Thursday/ }).first().waitFor({ state: 'detached' });
});

test('a deleted message leaves a line, and its edits go with it', async () => {
  await chooses(jonas, 'Or at 16:00', 'Delete…');
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.shows('messages-delete');
  await jonas.page.getByRole('button', { name: 'Delete for everybody' }).press('Enter');
  await jonas.page.getByText('This message was deleted.').waitFor();
  await lin.page.getByText('这条消息已删除').waitFor();
  assert.equal(await lin.page.getByText('这条消息已删除').count(), 1);
  assert.equal(await lin.page.locator('[role=log]', { hasText: '15:00' }).count(), 0);
});

test('a text that is too long for the server comes back to where one writes', async () => {
  const long = `Far too long. ${'The load table follows. '.repeat(3000)}`.trim();
  await jonas.writes(long);
  const stopped = row(jonas, 'Far too long');
  await stopped.getByText('larger than the server takes').waitFor();
  assert.equal(await stopped.getByRole('button', { name: 'Try again' }).count(), 0);
  await stopped.getByRole('button', { name: 'Back to writing' }).press('Enter');
  await stopped.waitFor({ state: 'detached' });
  assert.equal(await jonas.page.locator('main textarea').inputValue(), long);
  await jonas.isBackAt(jonas.page.locator('main textarea'));
  await jonas.writes('Short.');
  await jonas.seesSaved('Short.');
});

test('nobody’s page complained', () => {
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(jonas.complaints, []);
});

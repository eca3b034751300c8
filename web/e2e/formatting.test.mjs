// What is typed with marks, by keyboard alone: bold, lists, a quote, code, links; and a link that is not what it says.

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

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN', dark: true, width: 390, height: 800 });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas', keyboard: true });
  await lin.signsUp(await server.invite());
  await jonas.signsUp(await server.invite());
  await jonas.makesRoom('Quay 7');
  await jonas.invites('lin');
  await lin.joins();
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** Types lines into the composer, with Shift and Enter between them, and sends them. @param {Person} person @param {readonly string[]} lines */
async function types(person, ...lines) {
  const { page } = person;
  await page.locator('main textarea').focus();
  for (const [n, line] of lines.entries()) {
    if (n > 0) await page.keyboard.press('Shift+Enter');
    await page.keyboard.type(line);
  }
  await page.keyboard.press('Enter');
}

test('bold, lists, a quote, code and a link arrive as what they are', async () => {
  await types(
    jonas,
    'The **braking distance** is too long.',
    '- crane 7',
    '- crane 8 with `limit = 38`',
    '',
    '1. stop',
    '2. measure',
    '> Who signed it?',
    'See [the chart](https://port.example/chart) and https://port.example/a.',
    '```',
    'if (load > 38) {',
    '  stop("**now**");',
    '}',
    '```',
  );
  await jonas.seesSaved('braking distance');
  for (const person of [lin, jonas]) {
    const row = person.row('braking distance');
    await row.locator('strong', { hasText: /^braking distance$/ }).waitFor();
    assert.deepEqual(await row.locator('ul > li').allTextContents(), ['crane 7', 'crane 8 with limit = 38']);
    assert.equal(await row.locator('ul code').textContent(), 'limit = 38');
    assert.deepEqual(await row.locator('ol > li').allTextContents(), ['stop', 'measure']);
    assert.equal(await row.locator('blockquote').textContent(), 'Who signed it?');
    assert.equal(await row.locator('pre').textContent(), 'if (load > 38) {\n  stop("**now**");\n}\n');
    const links = row.locator('a');
    assert.deepEqual(await links.evaluateAll((all) => all.map((one) => [one.getAttribute('href'), one.textContent, one.getAttribute('rel')])), [
      ['https://port.example/chart', 'the chart', 'noopener noreferrer'],
      ['https://port.example/a', 'https://port.example/a', 'noopener noreferrer'],
    ]);
    assert.ok((await row.textContent())?.includes('the chart [port.example]'), 'where the words do not say it, the host does');
    assert.deepEqual(await person.barriers(), []);
    const over = await person.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0);
  }
  await jonas.shows('formatting');
  await lin.shows('formatting-phone-dark');
});

test('Chinese is made bold without a space, and nothing is ever slanted', async () => {
  await types(lin, '请在**今天下班前**看完，*不要*外传。', '> 直接答复我');
  const row = jonas.row('下班前');
  assert.equal(await row.locator('strong').textContent(), '今天下班前');
  assert.equal(await row.locator('em').count(), 0);
  assert.ok((await row.textContent())?.includes('*不要*'), 'what is no mark here stays as it was typed');
  const slanted = await row.locator('p, strong, blockquote').evaluateAll((all) => all.filter((one) => getComputedStyle(one).fontStyle !== 'normal').length);
  assert.equal(slanted, 0);
  await row.locator('blockquote', { hasText: '直接答复我' }).waitFor();
});

test('what was marked is edited as it was typed, by keyboard', async () => {
  const { page } = jonas;
  await types(jonas, '**Draft**');
  await jonas.seesSaved('Draft');
  // What was saved can be edited as soon as it has come back with a sync; until then the one before it is the last.
  for (let text = ''; text !== '**Draft**'; text = await page.locator('main textarea').inputValue()) {
    if (text !== '') await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowUp');
  }
  await page.keyboard.press('End');
  await page.keyboard.type(' of `today`');
  await page.keyboard.press('Enter');
  const row = lin.row('Draft of today');
  assert.equal(await row.locator('strong').textContent(), 'Draft');
  assert.equal(await row.locator('code').textContent(), 'today');
});

test('a link in look-alike letters, with a name before its host, or of another host says where it leads', async () => {
  await types(jonas, 'Sign in at https://b\u0430nk.example/ or https://bank.example@evil.example/', 'or [https://bank.example](https://evil.example/x), not at https://\u5317\u4eac.cn/ which is plain.');
  const row = lin.row('Sign in at');
  await row.waitFor();
  const text = (await row.textContent()) ?? '';
  assert.ok(text.includes('[xn--bnk-6cd.example]'), text);
  assert.equal(text.split('[evil.example]').length, 3, text);
  assert.ok(text.includes('https://\u5317\u4eac.cn/ which'), text);
  assert.equal(await row.locator('a:not([dir=auto])').count(), 0);
  await lin.shows('links-phone-dark');
});

test('nobody’s page complained', () => {
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(jonas.complaints, []);
});

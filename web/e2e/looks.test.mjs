// Every view in four languages, wide and phone-narrow, light and dark: nothing wider than its window, no barrier
// that axe finds. With SHOTS set, a picture of each.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let marta;
/** @type {Person} */
let lin;
/** @type {Person} */
let newcomer;

const languages = ['en', 'zh-Hans', 'zh-Hant', 'ja'];
const windows = [
  { name: 'wide', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 780 },
  { name: 'zoomed', width: 640, height: 400 }, // 1280 at 200 %
];

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  newcomer = await Person.sitsDown(browser, { name: '許青嵐', account: 'xu', locale: 'zh-TW' });
  await marta.signsUp(await server.invite());
  await lin.signsUp(await server.invite());
  await marta.makesRoom('Quay 7 crane inspection');
  await marta.invites('lin');
  await lin.joins();
  await lin.writes('早上好。7号泊位岸桥的年检报告放在三楼资料室，编号 QB-2031-118，请各位今天下班前去看。');
  await marta.reads('早上好');
  await marta.writes('I can read it at 15:00. Could the survey team bring last year’s load table as well?');
  await marta.seesSaved('I can read it');
  await lin.makesRoom('值班与交接');
  await lin.invites('marta');
  await marta.page.locator('nav section').waitFor();
});
after(async () => {
  await browser?.close();
  await server.close();
});

/**
 * Looks at what is on the page in every language, window and light.
 * @param {Person} person @param {string} view @param {() => Promise<void>} arrive goes there after a reload
 */
async function looksRight(person, view, arrive) {
  const { page } = person;
  /** @type {string[]} */
  const wrong = [];
  for (const language of languages) {
    for (const theme of ['light', 'dark']) {
      await page.evaluate(([l, t]) => {
        localStorage.setItem('wardroom.language', l ?? '');
        localStorage.setItem('wardroom.theme', t ?? '');
      }, [language, theme]);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.reload();
      await arrive();
      for (const { name, width, height } of windows) {
        const where = `${view} ${language} ${theme} ${name}`;
        await page.setViewportSize({ width, height });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) wrong.push(`${where}: ${over} px wider than the window`);
        wrong.push(...(await person.barriers()).map((barrier) => `${where}: ${barrier}`));
        await person.shows(`${view}-${language}-${theme}-${name}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
}

test('signing up', async () => {
  await newcomer.page.goto(await server.invite());
  await looksRight(newcomer, 'signup', () => newcomer.page.locator('main form').waitFor());
});

test('the recovery key', async () => {
  const { page } = newcomer;
  const inputs = page.locator('form input');
  await inputs.nth(0).fill('許青嵐');
  await inputs.nth(1).fill('xu');
  await inputs.nth(2).fill(newcomer.password);
  await inputs.nth(3).fill(newcomer.password);
  await page.locator('button[type=submit]').click();
  await page.locator('main ol[translate=no]').waitFor();
  await looksRight(newcomer, 'key', () => page.locator('main ol[translate=no] li').first().filter({ hasText: /^\w{4}$/ }).waitFor());
});

test('on paper stands the recovery key, whose it is and where, and nothing to press', async () => {
  const { page } = newcomer;
  await page.emulateMedia({ media: 'print' });
  const seen = await page.locator('body').evaluate((body) => /** @type {HTMLElement} */ (body).innerText);
  assert.match(seen, /@xu:localhost/);
  assert.ok(seen.includes(new URL(server.url).host));
  assert.equal(await page.locator('main ol[translate=no] li:visible').count(), 12);
  for (const gone of ['button', 'input', 'aside', 'main ol:not([translate=no])', 'h1']) assert.equal(await page.locator(`${gone}:visible`).count(), 0, gone);
  await newcomer.shows('key-print');
  await page.emulateMedia({ media: null });
});

test('a room', async () => {
  await looksRight(marta, 'room', () => marta.reads('I can read it'));
});

test('the dialogs that a message opens', async () => {
  await marta.page.setViewportSize({ width: 1280, height: 800 });
  for (const [language, react, remove] of [['ja', 'リアクション…', '削除…'], ['en', 'React…', 'Delete…']]) {
    await marta.page.evaluate((l) => localStorage.setItem('wardroom.language', l ?? ''), language);
    await marta.page.reload();
    await marta.reads('I can read it');
    for (const item of [react, remove]) {
      await marta.does('I can read it', item ?? '');
      await marta.page.locator('dialog').waitFor();
      assert.deepEqual(await marta.crampedButtons(), [], `${item}`);
      await marta.shows(`dialog-${item}`);
      await marta.page.keyboard.press('Escape');
      await marta.isBackAt(marta.row('I can read it').locator('[aria-haspopup=menu]'));
    }
  }
});

test('beside the people, a long name keeps its width, and on the narrowest screens no word is broken', async () => {
  const { page } = marta;
  const lines = (/** @type {string} */ of) => page.locator(of).evaluate((one) => Math.round(one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)));
  await page.setViewportSize({ width: 1024, height: 768 });
  await marta.opens('Quay 7 crane inspection');
  await page.locator('main header [aria-haspopup=menu]').click();
  await page.locator('[role=menuitem]').first().click();
  await page.locator('section[aria-label]', { hasText: '@lin' }).waitFor();
  assert.ok((await lines('main h1')) <= 2, `${await lines('main h1')} lines`);
  await marta.shows('room-1024-people');
  await page.keyboard.press('Escape');
  await page.evaluate(() => (location.hash = '#/'));
  await page.setViewportSize({ width: 320, height: 640 });
  assert.equal(await lines('header.top .brand > span'), 1);
  assert.equal((await page.locator('header.top .state').boundingBox())?.width, 16);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  await marta.shows('rooms-320');
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('Tab leads past the list of rooms, and Control and K to the search', async () => {
  const { page } = marta;
  await marta.opens('Quay 7 crane inspection');
  await page.reload();
  await marta.reads('I can read it');
  await page.keyboard.press('Tab');
  await marta.shows('skip');
  await page.keyboard.press('Enter');
  await page.keyboard.type('Written without a mouse.');
  assert.equal(await page.locator('main textarea').inputValue(), 'Written without a mouse.');
  await page.locator('main textarea').fill('');
  await page.keyboard.press('Control+k');
  await page.waitForFunction(() => document.activeElement?.matches('input[type=search]'));
  await page.keyboard.type('crane');
  await page.locator('a[data-hit]', { hasText: 'Quay 7' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('main h1', { hasText: 'Quay 7' }).waitFor();
});

test('what helps with writing', async () => {
  const { page } = marta;
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.getByRole('button', { name: 'Formatting' }).click();
    await page.getByRole('menuitem').first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    const box = await page.getByRole('menu').boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width && box.y >= 0);
    assert.deepEqual(await marta.barriers(), []);
    await marta.shows(`formatting-${width}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Emoji' }).click();
    assert.deepEqual(await marta.barriers(), []);
    await marta.shows(`emoji-${width}`);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.matches('main textarea'));
  }
  assert.equal(await page.locator('main textarea').inputValue(), '😂😂');
  await page.locator('main textarea').fill('');
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('the list of rooms', async () => {
  await marta.page.evaluate(() => (location.hash = '#/'));
  await looksRight(marta, 'rooms', () => marta.page.locator('nav section').waitFor());
});

test('the search', async () => {
  await marta.page.evaluate(() => (location.hash = '#/search'));
  await looksRight(marta, 'search', async () => {
    await marta.page.locator('input[type=search]').fill('报告');
    await marta.page.locator('button[data-hit]').click();
    await marta.page.locator('[role=group] li').first().waitFor();
  });
  await marta.page.evaluate(() => (location.hash = '#/'));
});

test('a dialog', async () => {
  await looksRight(marta, 'dialog', async () => {
    await marta.isIn();
    await marta.page.locator('nav[aria-label] button').first().click();
    await marta.page.locator('dialog').waitFor();
  });
});

test('signing in', async () => {
  const nobody = await Person.sitsDown(browser, { name: '', account: '' });
  await nobody.page.goto(server.url);
  await looksRight(nobody, 'signin', () => nobody.page.locator('main form').waitFor());
});

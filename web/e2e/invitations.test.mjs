// Inviting colleagues from the client: a link is made, passed on, listed, taken back. By keyboard, and on a telephone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let mio;

before(async () => {
  await server.start();
  browser = await openBrowser();
  mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio', keyboard: true });
  await mio.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** Opens the page. @param {Person} who */
async function opens(who) {
  await who.page.goto(`${server.url}/#/settings/invitations`);
  await who.page.locator('main form input').waitFor();
}

/** Makes a link and returns it. @param {Person} who @param {string} note */
async function makes(who, note) {
  const { page, hands } = who;
  await hands.write(page.locator('main form input'), note);
  await hands.press(page.locator('main form button[type=submit]'));
  await page.locator('main li', { hasText: note }).waitFor();
  return (await page.locator('main code').textContent()) ?? '';
}

test('a link signs one person up and then leaves the list; one that was taken back signs nobody up', async () => {
  const { page, hands } = mio;
  await hands.choose(page.locator('header.top [aria-haspopup=menu]'), page.getByRole('menuitem', { name: 'Settings' }));
  await hands.press(page.getByRole('link', { name: 'Invite colleagues' }));
  await page.getByText('No link of yours is waiting to be used.').waitFor();
  assert.deepEqual(await mio.barriers(), []);
  const good = await makes(mio, '林秋砚');
  const bad = await makes(mio, 'The wrong address');
  assert.notEqual(good, bad);
  assert.equal(await page.locator('main li').count(), 2);
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('invitations');

  const wrong = page.locator('main li', { hasText: 'The wrong address' });
  await hands.press(wrong.getByRole('button', { name: 'Take back…' }));
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('invitations-take-back');
  await hands.press(page.getByRole('button', { name: 'Take back', exact: true }));
  await wrong.waitFor({ state: 'detached' });
  assert.equal(await page.locator('main code').count(), 0, 'a link that nobody can use is no longer offered');

  const other = await Person.sitsDown(browser, { name: 'Nobody', account: 'nobody' });
  await other.page.goto(bad);
  await other.page.getByText('taken back').waitFor();
  const lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin' });
  await lin.signsUp(good);

  await page.reload();
  await page.getByText('No link of yours is waiting to be used.').waitFor();
  assert.deepEqual(mio.complaints, []);
  await other.context.close();
  await lin.context.close();
});

test('on a telephone, in each language', async () => {
  for (const locale of ['en-GB', 'zh-CN', 'zh-TW', 'ja-JP']) {
    const who = await Person.sitsDown(browser, { name: 'Jo', account: `jo-${locale.toLowerCase()}`, locale, width: 390, height: 800, phone: true });
    await who.signsUp(await server.invite());
    await opens(who);
    await makes(who, '佐藤 みなと');
    await who.shows(`phone-invitations-${locale}`);
    const { page } = who;
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${locale} is wider than the screen`);
    const small = await page.evaluate(() => [...document.querySelectorAll('main button, nav a[href]')].filter((one) => one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().height < 43.5).map((one) => one.textContent));
    assert.deepEqual(small, [], locale);
    assert.deepEqual(await who.barriers(), [], locale);
    await who.context.close();
  }
});

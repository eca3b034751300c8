// A message is reported; who signed up first is in charge, is told and answers; an appeal waits for somebody else and says so. On
// a telephone and in the dark.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} signed up first */
let marta;
/** @type {Person} */
let eve;
/** @type {Person} */
let sora;
/** @type {string[]} what Sora’s browser told the server about cases */
const told = [];

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta', dark: true });
  eve = await Person.sitsDown(browser, { name: 'Eve Brandt', account: 'eve' });
  sora = await Person.sitsDown(browser, { name: '宮本 空', account: 'sora', width: 390, height: 800, phone: true });
  for (const person of [marta, eve, sora]) await person.signsUp(await server.invite());
  await eve.makesRoom('Harbour watch');
  await eve.invites('sora');
  await sora.joins();
  await eve.writes('Whoever cannot read a tide table should stay ashore.');
  await sora.reads('Whoever cannot');
  sora.page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('org.wardroom/cases')) told.push(request.postData() ?? '');
  });
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The mark at the word Cases. @param {Person} person */
const news = (person) => person.page.locator('nav a[href="#/cases"] .dot:visible');
/** @param {Person} person @param {string} name */
async function isFit(person, name) {
  await person.shows(`cases-${name}`);
  assert.deepEqual(await person.barriers(), [], name);
  const wrong = await person.page.evaluate((phone) => {
    const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : [];
    if (!phone) return wide;
    const pressed = [...document.querySelectorAll('main button, main nav a, dialog button, textarea')];
    return [...wide, ...pressed.filter((one) => one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().height < 43.5).map((one) => `too small: ${one.textContent}`)];
  }, person.who.phone === true);
  assert.deepEqual(wrong, [], name);
}

test('a message is reported by what happened, not by what it says: a number, who is in charge, by when', async () => {
  const { page } = sora;
  await sora.does('Whoever cannot', 'Report…');
  await page.getByText('The message itself is not sent along.').waitFor();
  await isFit(sora, 'report');
  await page.getByRole('textbox', { name: 'What happened?' }).fill('She makes fun of the new ones, every day.');
  await page.getByRole('button', { name: 'Send the report' }).click();
  const dialog = page.getByRole('dialog', { name: /^Your report is case \d{8}$/ });
  await dialog.getByText('Marta Hallén is to answer by').waitFor();
  await isFit(sora, 'reported');
  await dialog.getByRole('button', { name: 'Show the case' }).click();
  await page.getByRole('heading', { level: 1, name: 'A message by Eve Brandt in Harbour watch' }).waitFor();
  assert.equal(told.length, 1);
  assert.ok(!told[0]?.includes('tide table') && told[0]?.includes('event_id'), told[0]);
  assert.equal(await news(sora).count(), 0, 'what one does oneself is no news');
});

test('who opened it adds to it, shows the message, and writes to who is in charge', async () => {
  const { page } = sora;
  await page.getByRole('textbox', { name: 'Add to the case' }).fill('Today it was about the tide table.');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.locator('ol.steps', { hasText: 'Today it was about the tide table.' }).waitFor();
  await isFit(sora, 'opened');
  await page.getByRole('link', { name: 'Show the message' }).click();
  await sora.reads('Whoever cannot');
  await page.goBack();
  await page.getByRole('button', { name: 'Write to Marta Hallén' }).click();
  await page.locator('main h1', { hasText: 'Marta Hallén' }).waitFor();
  await page.locator('main textarea').waitFor();
});

test('who is in charge is told by a mark, which goes when it was seen, and answers by keyboard', async () => {
  const { page } = marta;
  await news(marta).waitFor();
  await page.locator('nav a[href="#/cases"]').first().press('Enter');
  const entry = page.locator('main nav a', { hasText: 'A message by Eve Brandt' });
  await entry.getByText('Changed since you looked').waitFor({ state: 'attached' });
  await news(marta).waitFor({ state: 'detached' });
  await isFit(marta, 'list');
  await entry.press('Enter');
  await page.getByText('You are not in this room').waitFor();
  await page.getByText('Today it was about the tide table.').waitFor();
  await isFit(marta, 'in-charge');
  await page.getByRole('button', { name: 'Answer…' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Answer case \d{8}$/ });
  await dialog.getByRole('radio').last().press('Space');
  await dialog.getByRole('textbox', { name: 'Reasons' }).fill('It was meant as a joke among friends.');
  await isFit(marta, 'answer');
  await dialog.getByRole('button', { name: 'Give this answer' }).press('Enter');
  await page.locator('ol.steps', { hasText: 'Marta Hallén answered: not upheld' }).waitFor();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.reload();
  await marta.isIn();
  await page.locator('ol.steps', { hasText: 'answered: not upheld' }).waitFor();
  await news(marta).waitFor({ state: 'detached' });
  assert.deepEqual(marta.complaints, []);
});

test('the answer is seen, the appeal goes to somebody else: it waits for nobody and says so', async () => {
  const { page } = sora;
  await page.evaluate(() => (location.hash = '#/'));
  await news(sora).waitFor();
  await page.locator('nav[aria-label=Places]').getByText('Cases').click();
  await isFit(sora, 'list-phone');
  await page.locator('main nav a', { hasText: 'Answered: not upheld' }).click();
  await page.getByText('It was meant as a joke among friends.').waitFor();
  await isFit(sora, 'answered');
  await page.getByRole('button', { name: 'Appeal…' }).click();
  await page.getByRole('textbox', { name: 'What is wrong with the answer?' }).fill('They are no friends.');
  await isFit(sora, 'appeal');
  await page.getByRole('button', { name: 'Appeal', exact: true }).click();
  await page.locator('ol.steps', { hasText: 'An appeal goes to somebody else than who answered, and there is nobody else yet.' }).waitFor();
  await isFit(sora, 'waits');
  await page.getByRole('button', { name: 'Withdraw…' }).click();
  await page.getByText('It ends without an answer').waitFor();
  assert.deepEqual(await sora.crampedButtons(), []);
  await isFit(sora, 'withdraw');
  await page.keyboard.press('Escape');
  await sora.isBackAt(page.getByRole('button', { name: 'Withdraw…' }));
  await page.getByRole('button', { name: 'All cases' }).click();
  await page.locator('main nav a', { hasText: 'Nobody is in charge yet' }).waitFor();
  assert.equal(await news(sora).count(), 0);
  assert.deepEqual(sora.complaints, []);
});

test('who alone answers cases can report to nobody: the server says so, and the text stays', async () => {
  const { page } = marta;
  await page.evaluate(() => (location.hash = '#/'));
  await marta.makesRoom('Night watch');
  await marta.hands.choose(page.locator('main header [aria-haspopup=menu]'), page.getByRole('menuitem', { name: 'Report…' }));
  const field = page.getByRole('textbox', { name: 'What happened?' });
  await field.fill('Nobody keeps it.');
  await page.getByRole('button', { name: 'Send the report' }).press('Enter');
  await page.getByText('You are the only one here who answers cases').waitFor();
  await isFit(marta, 'refused');
  assert.equal(await field.inputValue(), 'Nobody keeps it.');
  await page.keyboard.press('Escape');
  await marta.isBackAt(page.locator('main header [aria-haspopup=menu]'));
});

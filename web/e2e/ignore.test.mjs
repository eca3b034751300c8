// Ignoring somebody: what they write is nowhere, also while they go on writing; and all of it is there afterwards.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let eve;

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin' });
  eve = await Person.sitsDown(browser, { name: 'Eve Brandt', account: 'eve' });
  await lin.signsUp(await server.invite());
  await eve.signsUp(await server.invite());
  await lin.makesRoom('Harbour watch');
  await lin.invites('eve');
  await eve.joins();
  await eve.writes('The crane is green.');
  await lin.reads('The crane is green.');
});
after(async () => {
  await browser?.close();
  await server.close();
});

test('of somebody who was only invited it is asked who they are', async () => {
  const mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  await mio.signsUp(await server.invite());
  await lin.talksTo('mio');
  await lin.page.locator('main header').getByText('Not verified').waitFor();
  await lin.opens('Harbour watch');
  await mio.context.close();
});

test('what somebody writes who is ignored is not shown, listed, counted or found, and they are not told', async () => {
  const { page } = lin;
  await page.locator('main header').getByRole('button', { name: /^Who is here/ }).press('Enter');
  await page.getByRole('button', { name: 'More about Eve Brandt' }).press('Enter');
  await page.getByRole('menuitem', { name: 'About this person…' }).press('Enter');
  const card = page.locator('dialog', { hasText: 'Eve Brandt' });
  await card.getByText('They are not told.').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('ignore-ask');
  await card.getByRole('button', { name: 'Ignore', exact: true }).press('Enter');
  await card.getByRole('button', { name: 'Stop ignoring' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await page.keyboard.press('Escape');
  await page.locator('main li').getByText('ignored').waitFor();
  const log = page.locator('[role=log]');
  await log.getByText('The crane is green.').waitFor({ state: 'detached' });

  await eve.writes('The crane is blue.');
  await eve.seesSaved('The crane is blue.');
  await lin.writes('Anybody here?');
  await lin.seesSaved('Anybody here?');
  await eve.reads('Anybody here?'); // so what she wrote has passed
  assert.equal(await log.getByText(/crane/).count(), 0);
  assert.equal(await page.locator('nav[aria-label]').getByText(/crane/).count(), 0);
  await page.keyboard.press('Control+k');
  await page.locator('input[type=search]').fill('crane');
  await page.getByText('No message with these words was found').waitFor();
  assert.equal(await page.locator('[data-hit]').count(), 0);

  // Nor does an invitation by her come, also not at another start.
  await eve.makesRoom('Storm desk');
  await eve.invites('lin');
  await page.evaluate(() => (location.hash = '#/'));
  await page.reload();
  await lin.isIn();
  await lin.opens('Harbour watch');
  await lin.reads('Anybody here?');
  assert.equal(await page.getByText(/crane|Storm desk/).count(), 0);
  assert.deepEqual(eve.complaints, []);
});

test('a conversation of two says that one ignores the other; in the settings it is ended, and all that was written is there, also at another start', async () => {
  const { page } = lin;
  await lin.talksTo('eve');
  await page.getByText('You ignore Eve Brandt').waitFor();
  // She has not taken the invitation up; that she has an identity is asked for nevertheless.
  await page.locator('main header').getByText('Not verified').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('ignored-conversation');
  await page.evaluate(() => (location.hash = '#/settings/ignored'));
  await page.getByRole('heading', { name: 'People you ignore' }).waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('ignored-settings');
  await page.locator('main li', { hasText: 'Eve Brandt' }).getByRole('button', { name: 'Stop ignoring' }).press('Enter');
  await page.getByText('You ignore nobody.').waitFor();
  await page.evaluate(() => (location.hash = '#/'));
  await lin.opens('Harbour watch');
  await lin.reads('The crane is green.');
  await lin.reads('The crane is blue.');
  await page.keyboard.press('Control+k');
  await page.locator('input[type=search]').fill('crane');
  await page.locator('[data-hit]', { hasText: 'blue' }).waitFor();
  await page.evaluate(() => (location.hash = '#/'));
  await lin.opens('Harbour watch');
  await eve.opens('Harbour watch');
  await eve.writes('And now it is red.');
  await lin.reads('And now it is red.');
  await page.reload();
  await lin.isIn();
  await lin.opens('Harbour watch');
  for (const text of ['The crane is green.', 'The crane is blue.', 'And now it is red.']) await lin.reads(text);
  assert.deepEqual(lin.complaints, []);
});

// Trust: one's own devices, and who somebody really is.

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
  mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  await mio.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
});

test('a device that nobody verified is asked about, and signed out with the password', async () => {
  const stranger = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  await stranger.page.goto(server.url);
  await stranger.signsIn();
  await stranger.page.locator('main h1', { hasText: 'Enter your recovery key' }).waitFor();

  const { page } = mio;
  await page.locator('header.top [aria-haspopup=menu]').click();
  await page.getByRole('menuitem', { name: 'Settings' }).press('Enter');
  await page.getByRole('heading', { name: 'Profile' }).waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('profile');
  await page.waitForFunction(() => document.querySelector('input')?.value === 'Mio Saeki');
  await page.getByLabel('Your name').fill('Mio Saeki-Lund');
  await page.keyboard.press('Enter');
  await page.getByText('Saved by the server').waitFor();
  await page.getByRole('button', { name: 'You: Mio Saeki-Lund' }).waitFor();
  await page.getByRole('link', { name: 'My devices' }).press('Enter');
  await page.getByRole('heading', { name: 'Is this device yours?' }).waitFor();
  await page.locator('main li', { hasText: 'this device' }).getByText('Verified', { exact: true }).waitFor();
  await page.locator('main li').getByText('Not verified').waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('devices');

  await page.locator('main li', { hasText: 'this device' }).getByRole('button', { name: 'Rename…' }).click();
  await page.getByLabel('Name of the device').fill('Harbour office');
  await page.keyboard.press('Enter');
  await page.locator('main li', { hasText: 'Harbour office' }).waitFor();

  await page.getByRole('button', { name: 'It is not mine…' }).click();
  assert.deepEqual(await mio.barriers(), []);
  await page.getByLabel('Password').fill('not the password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('password is not right').waitFor();
  await page.getByLabel('Password').fill(mio.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Is this device yours?' }).waitFor({ state: 'detached' });
  assert.equal(await page.locator('main li').count(), 1);
  await stranger.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  assert.deepEqual(mio.complaints, []);
  await stranger.context.close();
});

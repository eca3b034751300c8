// Several devices of one person: the recovery key, its loss, and signing out.

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
  await mio.makesRoom('Harbour watch');
  await mio.writes('Written on the first device.');
  await mio.seesSaved('Written on the first device.');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** A new browser, signed in. */
async function newDevice() {
  const device = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  await device.page.goto(server.url);
  await device.signsIn();
  await device.page.locator('main h1', { hasText: 'Enter your recovery key' }).waitFor();
  return device;
}

/** What the first device is told of another one that nobody verified. */
const stranger = () => mio.page.locator('nav section', { hasText: 'Is this device yours?' });
/** What it is told of one that was verified elsewhere. */
const added = () => mio.page.locator('nav section', { hasText: 'A new device was added' });

test('a wrong password is said in words', async () => {
  const device = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio', password: 'not the right one' });
  await device.page.goto(server.url);
  await device.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  assert.deepEqual(await device.barriers(), []);
  await device.shows('signin');
  await device.signsIn();
  await device.page.locator('[role=alert]', { hasText: 'Account name or password is not right.' }).waitFor();
  await device.context.close();
});

test('a new device reads earlier messages after the recovery key, and not before', async () => {
  const device = await newDevice();
  await stranger().waitFor(); // the device that is in is told at once
  assert.deepEqual(await device.barriers(), []);
  await device.shows('restore');
  await device.page.locator('main form input.mono').fill('EsTc 9xkM wQ4r Jd7h Pn2V b8Ys Lm3A gK6t Rz5C fX1u Hw9e T4qB');
  await device.page.locator('main button[type=submit]').click();
  await device.page.locator('[role=alert]', { hasText: 'not the recovery key' }).waitFor();
  await device.restores(mio.recoveryKey);
  // From a question it becomes news, which stays until somebody has read it.
  await added().getByText('Wardroom, Chromium, Linux (2)').waitFor();
  assert.equal(await stranger().count(), 0);
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('device-added');
  await mio.page.reload();
  await added().getByRole('button', { name: 'That was me' }).click();
  await added().waitFor({ state: 'detached' });
  assert.equal(await device.page.locator('nav section').count(), 0, 'the new device asks about none that were there before');
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.reads('Written on the first device.');
  await device.writes('Written on the second device.');
  await device.seesSaved('Written on the second device.');
  await mio.reads('Written on the second device.');
  assert.deepEqual(device.complaints, []);
  await device.context.close();
});

test('a device that is not one’s own is signed out from where one is told of it', async () => {
  const eve = await newDevice();
  await stranger().getByText(/Wardroom, Chromium, Linux \(3\)/).waitFor(); // not that of the device before
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('device-stranger');
  await stranger().getByRole('button', { name: 'It is not mine…' }).click();
  await mio.page.locator('dialog', { hasText: '(3)' }).waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.page.locator('dialog input').fill(mio.password);
  await mio.page.keyboard.press('Enter');
  await eve.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  await stranger().waitFor({ state: 'detached' });
  await eve.context.close();
});

test('a device that somebody else added with the recovery key is signed out, and what that means is said', async () => {
  const eve = await newDevice();
  await eve.restores(mio.recoveryKey);
  await added().getByRole('button', { name: 'That was not me…' }).click();
  const dialog = mio.page.locator('dialog');
  await dialog.getByText('Make a new recovery key afterwards').waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('device-added-stranger');
  await dialog.locator('input').fill(mio.password);
  await mio.page.keyboard.press('Enter');
  await eve.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  await added().waitFor({ state: 'detached' });
  await eve.context.close();
});

test('a device that has no keys is noticed, too', async () => {
  const answer = await fetch(`${server.url}/_matrix/client/v3/login`, {
    method: 'POST',
    body: JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user: 'mio' }, password: mio.password, initial_device_display_name: 'A script' }),
  });
  const { access_token: token } = /** @type {{ access_token: string }} */ (await answer.json());
  await mio.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange'))); // as when one comes back to the page
  await stranger().getByText('A script').waitFor();
  await fetch(`${server.url}/_matrix/client/v3/logout`, { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
  await mio.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await stranger().waitFor({ state: 'detached' });
});

test('a server that asks to sign in again leaves the keys where they are', async () => {
  const device = await newDevice();
  await device.restores(mio.recoveryKey);
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.reads('Written on the first device.');
  const refusal = { status: 401, json: { errcode: 'M_UNKNOWN_TOKEN', error: 'again', soft_logout: true } };
  await device.page.route(/\/(sync|refresh)/, (route) => route.fulfill(refusal));
  await mio.writes('Wakes the other device.');
  await device.page.locator('[role=alert]', { hasText: 'still on this device' }).waitFor();
  assert.equal(await device.page.locator('form input').first().inputValue(), 'mio');
  await device.shows('sign-in-again');
  await device.page.unroute(/\/(sync|refresh)/);
  await device.signsIn();
  await device.isIn(); // without the recovery key
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.reads('Wakes the other device.');
  await device.writes('Back on the same device.');
  await mio.reads('Back on the same device.');
  await device.context.close();
});

test('signing out leaves nothing in the browser', async () => {
  const device = await newDevice();
  await device.restores(mio.recoveryKey);
  await device.page.locator('header.top [aria-haspopup=menu]').click();
  await device.page.getByRole('menuitem', { name: 'Sign out…' }).click();
  assert.deepEqual(await device.barriers(), []);
  await device.shows('signout');
  await device.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await device.page.locator('main h1', { hasText: 'Sign in' }).waitFor();
  const left = await device.page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map((db) => db.name).filter((name) => name !== 'wardroom'),
    local: Object.keys(localStorage).filter((key) => !key.startsWith('wardroom.')),
    session: sessionStorage.length,
  }));
  assert.deepEqual(left, { databases: [], local: [], session: 0 });
  const kept = await device.page.evaluate(
    () =>
      new Promise((done) => {
        const open = indexedDB.open('wardroom');
        open.onsuccess = () => {
          const count = open.result.transaction('sealed').objectStore('sealed').count();
          count.onsuccess = () => done(count.result);
        };
      }),
  );
  assert.equal(kept, 0);
  await device.context.close();
});

test('another recovery key, made while signed in: the old one opens nothing, the new one all there is, and nobody notices', async () => {
  const lin = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin' });
  await lin.signsUp(await server.invite());
  await mio.invites('lin');
  await lin.joins();
  await lin.writes('Written by Lin.');
  await mio.reads('Written by Lin.');
  const other = await newDevice();
  await other.restores(mio.recoveryKey);
  await other.page.getByRole('link', { name: 'Harbour watch' }).click();
  const { page } = mio;
  let token = '';
  page.on('request', (request) => (token = request.headers()['authorization'] ?? token));
  await page.locator('main textarea').fill('Half a thought.');
  await page.evaluate(() => (location.hash = '#/settings/devices'));
  const card = page.getByRole('region', { name: 'Recovery key' });
  const make = card.getByRole('button', { name: 'Make a new recovery key…' });
  await make.waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('renew-devices');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await card.scrollIntoViewIfNeeded();
  await mio.shows('renew-devices-phone-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });

  await make.press('Enter');
  await page.getByText('Nothing has happened yet.').waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await page.locator('main ol[translate=no] li').first().filter({ hasText: /^\w{4}$/ }).waitFor();
  await mio.shows('renew-key');
  await page.getByRole('button', { name: 'Back' }).click(); // and nothing was done
  await make.waitFor();
  const old = mio.recoveryKey;

  // The server breaks off in the middle: then the old key is still the one.
  await make.press('Enter');
  await page.route(/account_data\/m\.secret_storage\.default_key/, (route) => (route.request().method() === 'GET' ? route.fallback() : route.fulfill({ status: 403, json: { errcode: 'M_FORBIDDEN', error: 'not now' } })));
  const broken = page.waitForResponse(/account_data\/m\.secret_storage\.default_key/);
  void mio.keepsKey().catch(() => undefined);
  await broken;
  await page.locator('[role=alert]', { hasText: 'not now' }).waitFor();
  const between = await newDevice();
  await between.restores(old);
  await between.page.getByRole('link', { name: 'Harbour watch' }).click();
  await between.reads('Written on the first device.');
  await between.context.close();
  await page.unroute(/account_data\/m\.secret_storage\.default_key/);

  await mio.keepsKey();
  assert.notEqual(mio.recoveryKey, old);
  await card.getByText('The new key is in force').waitFor();
  assert.equal(await page.locator('main input[type=password]').count(), 0, 'nobody asked for the password');
  await mio.shows('renew-done');

  const fresh = await newDevice();
  await fresh.page.locator('main form input.mono').fill(old);
  await fresh.page.locator('main button[type=submit]').click();
  await fresh.page.locator('[role=alert]', { hasText: 'not the recovery key' }).waitFor();
  await fresh.restores(mio.recoveryKey);
  await fresh.page.getByRole('link', { name: 'Harbour watch' }).click();
  await fresh.reads('Written on the first device.');
  await fresh.reads('Written by Lin.');

  // On the server nothing is left under the old key.
  const kept = async (/** @type {string} */ type) => {
    const answer = await fetch(`${server.url}/_matrix/client/v3/user/${encodeURIComponent('@mio:localhost')}/account_data/${type}`, { headers: { Authorization: token } });
    return /** @type {Promise<any>} */ (answer.json());
  };
  const { key } = await kept('m.secret_storage.default_key');
  for (const type of ['m.cross_signing.master', 'm.cross_signing.self_signing', 'm.cross_signing.user_signing', 'm.megolm_backup.v1']) {
    assert.deepEqual(Object.keys((await kept(type)).encrypted), [key], type);
  }

  // The other devices and other people go on as before: no identity has changed.
  await other.writes('From the other device.');
  await lin.reads('From the other device.');
  await lin.writes('To all devices.');
  for (const device of [mio, other, fresh]) {
    await device.page.evaluate(() => (location.hash = '#/'));
    await device.opens('Harbour watch');
    await device.reads('To all devices.');
  }
  assert.equal(await lin.page.getByText(/identity/i).count(), 0);
  assert.equal(await page.locator('main textarea').inputValue(), 'Half a thought.');
  await page.locator('main textarea').fill('');
  for (const device of [lin, other, fresh]) {
    assert.deepEqual(device.complaints, []);
    await device.context.close();
  }
});

test('a lost key: a new one is made with the password, and new messages go on', async () => {
  await mio.page.locator('main textarea').fill('Half a thought.');
  const device = await newDevice();
  await device.page.getByRole('button', { name: 'I have lost the key…' }).click();
  assert.deepEqual(await device.barriers(), []);
  await device.shows('lost-key');
  await device.page.getByRole('button', { name: 'Make a new key…' }).click();
  await device.page.getByText('Nothing has happened yet.').waitFor();
  await device.page.getByLabel('Password').fill(device.password);
  await device.keepsKey();
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.writes('Written after the loss.');
  await device.seesSaved('Written after the loss.');
  assert.notEqual(device.recoveryKey, mio.recoveryKey);

  // The device before is told why it is asked, also after a reload, and goes on where it was.
  const told = mio.page.getByText('A new recovery key was made on another device');
  await told.waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('key-replaced');
  await mio.page.reload();
  await told.waitFor();
  await mio.restores(device.recoveryKey);
  await mio.page.getByRole('link', { name: 'Harbour watch' }).click();
  await mio.reads('Written after the loss.');
  assert.equal(await mio.page.locator('main textarea').inputValue(), 'Half a thought.');
  await mio.writes('With the new key.');
  await mio.seesSaved('With the new key.');
  await device.reads('With the new key.');
  const third = await newDevice();
  await third.restores(device.recoveryKey);
  await third.page.getByRole('link', { name: 'Harbour watch' }).click();
  await third.reads('Written after the loss.');
  assert.deepEqual(device.complaints, []);
  await device.context.close();
  await third.context.close();
});

test('a sign-up that breaks off asks for a recovery key again, and only that one opens the account', async () => {
  const sora = await Person.sitsDown(browser, { name: 'Sora Ito', account: 'sora' });
  const { page } = sora;
  const title = page.locator('main ol[translate=no]');
  const link = await server.invite();
  // First nothing reaches secret storage, then everything but the backup.
  const cuts = [/account_data\/m\.secret_storage/, /room_keys\/version/];
  for (const [n, cut] of cuts.entries()) {
    await page.route(cut, (route) => (route.request().method() === 'GET' ? route.fallback() : route.abort()));
    const broken = page.waitForEvent('requestfailed', (request) => cut.test(request.url()));
    const going = (n === 0 ? sora.signsUp(link) : sora.keepsKey()).catch(() => undefined);
    await broken;
    await page.reload();
    await title.waitFor();
    await page.unroute(cut);
    void going;
  }
  const first = sora.recoveryKey;
  await sora.keepsKey();
  assert.notEqual(sora.recoveryKey, first);
  await sora.makesRoom('Tide tables');
  await sora.writes('Written after the break.');
  await sora.seesSaved('Written after the break.');
  await page.reload();
  await sora.isIn();
  const second = await Person.sitsDown(browser, { name: 'Sora Ito', account: 'sora' });
  await second.page.goto(server.url);
  await second.signsIn();
  await second.restores(sora.recoveryKey);
  await second.opens('Tide tables');
  await second.reads('Written after the break.');
  await sora.context.close();
  await second.context.close();
});

// Passkeys, and apps that sign people in by OAuth: one is added, an app is signed in to with it, and this browser again.
// The authenticator is the browser's own virtual one.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let mio;
/** Where the server is by name: a passkey belongs to one, and never to a number. */
let at = '';
/** The app's own page, on this machine. @type {import('node:http').Server} */
let app;

before(async () => {
  await server.start();
  at = server.url.replace('127.0.0.1', 'localhost');
  app = createServer((_, answer) => answer.end('Thank you')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  browser = await openBrowser();
  mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  const cdp = await mio.context.newCDPSession(mio.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await mio.signsUp((await server.invite()).replace(server.url, at));
});
after(async () => {
  await browser?.close();
  app?.close();
  await server.close();
});

test('a passkey is added with the password and stands in the list', async () => {
  const { page, hands } = mio;
  await page.goto(`${at}/#/settings/devices`);
  await page.getByText('You have no passkey yet.').waitFor();
  await hands.press(page.getByRole('button', { name: 'Add a passkey…' }));
  assert.deepEqual(await mio.barriers(), []);
  await hands.write(page.getByLabel('Name of the passkey'), 'Blue key');
  await hands.write(page.locator('dialog input[type=password]'), 'not the password');
  await hands.press(page.getByRole('button', { name: 'Add it' }));
  await page.locator('dialog [role=alert]').waitFor();
  await hands.write(page.locator('dialog input[type=password]'), mio.password);
  await hands.press(page.getByRole('button', { name: 'Add it' }));
  await page.locator('main li', { hasText: 'Blue key' }).waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('passkeys');
});

/** @param {string} path @param {URLSearchParams | object} body @returns {Promise<any>} */
async function post(path, body) {
  const form = body instanceof URLSearchParams;
  const answer = await fetch(at + path, { method: 'POST', body: form ? body : JSON.stringify(body), headers: form ? {} : { 'Content-Type': 'application/json' } });
  return answer.json();
}

test('an app signs in: the page says who asks and where the answer goes, and the passkey is enough', async () => {
  const { page, hands } = mio;
  const meta = /** @type {any} */ (await (await fetch(`${at}/_matrix/client/v1/auth_metadata`)).json());
  const back = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (app.address()).port}/back`;
  const { client_id } = await post(new URL(meta.registration_endpoint).pathname, { client_name: 'Harbour', client_uri: 'https://example.org/', application_type: 'native', redirect_uris: ['http://127.0.0.1/back'] });
  const code_verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id,
    redirect_uri: back,
    response_type: 'code',
    state: 'as it was',
    scope: 'urn:matrix:client:api:* urn:matrix:client:device:HARBOUR001',
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  await page.goto(`${meta.authorization_endpoint}?${query}`);
  await page.getByRole('heading', { name: 'Sign in to Harbour' }).waitFor();
  await page.getByText(new URL(back).host).waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('authorize');
  await hands.press(page.getByRole('button', { name: 'Use a passkey' }));
  await page.waitForURL((url) => url.pathname === '/back');
  const answer = new URL(page.url()).searchParams;
  assert.equal(answer.get('state'), 'as it was');
  const tokens = await post(new URL(meta.token_endpoint).pathname, new URLSearchParams({ grant_type: 'authorization_code', code: answer.get('code') ?? '', client_id, redirect_uri: back, code_verifier }));
  const me = await fetch(`${at}/_matrix/client/v3/account/whoami`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const who = /** @type {any} */ (await me.json());
  assert.match(who.user_id, /^@mio:/);
  assert.equal(who.device_id, 'HARBOUR001');
});

test('who signed out signs in with the passkey; messages still need the recovery key', async () => {
  const { page, hands } = mio;
  await page.goto(`${at}/`);
  await mio.isIn();
  await hands.choose(page.locator('header.top [aria-haspopup=menu]'), page.getByRole('menuitem', { name: /^Sign out/ }));
  await hands.press(page.locator('dialog button.stop, dialog button[type=submit]').first());
  await hands.press(page.getByRole('button', { name: 'Use a passkey' }));
  await mio.restores(mio.recoveryKey);
  assert.deepEqual(mio.complaints, []);
});

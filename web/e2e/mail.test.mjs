// A forgotten password: an address is given, a link comes by mail, and the new device is no more than a new device.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

/** An SMTP server that keeps what it is given. @type {string[]} */
const letters = [];
/** @type {Array<() => void>} */
let waiting = [];
const mailbox = createServer((socket) => {
  let text = '';
  let taking = false;
  socket.write('220 mailbox\r\n');
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf(taking ? '\r\n.\r\n' : '\r\n'); end >= 0; end = text.indexOf(taking ? '\r\n.\r\n' : '\r\n')) {
      const part = text.slice(0, end);
      text = text.slice(end + (taking ? 5 : 2));
      if (taking) {
        letters.push(part.replaceAll('=\r\n', '').replaceAll('=3D', '=')); // quoted-printable, as far as links need it
        waiting.forEach((wake) => wake());
        waiting = [];
      }
      taking = !taking && part === 'DATA';
      socket.write(taking ? '354 go on\r\n' : part === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
    }
  });
});

/** The link in the letter of that number. @param {number} n */
async function link(n) {
  while (letters.length < n) await new Promise((wake) => waiting.push(() => wake(undefined)));
  const found = /http:\/\/\S+\/#\/mail\/\S+/.exec(letters[n - 1] ?? '');
  assert.ok(found, letters[n - 1]);
  return found[0];
}

/** @type {Server} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let mio;

before(async () => {
  mailbox.listen(0, '127.0.0.1');
  await once(mailbox, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (mailbox.address());
  server = new Server(`[mail]\nserver = "127.0.0.1:${port}"\nfrom = "wardroom@quay.example"\n`);
  await server.start();
  browser = await openBrowser();
  mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio', keyboard: true });
  await mio.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server?.close();
  mailbox.close();
});

test('an address is given by who reads its mail and knows the password', async () => {
  const { page, hands } = mio;
  await page.goto(`${server.url}/#/settings/devices`);
  await hands.write(page.getByLabel('Mail address'), 'mio@quay.example');
  await page.keyboard.press('Enter');
  await page.getByText('A link was sent to mio@quay.example').waitFor();
  assert.deepEqual(await mio.barriers(), []);
  await mio.shows('mail-address');
  const elsewhere = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio', phone: true, width: 390 });
  await elsewhere.page.goto(await link(1));
  await elsewhere.page.getByRole('button', { name: 'It was me: confirm' }).waitFor();
  await elsewhere.shows('mail-link-phone');
  await elsewhere.hands.press(elsewhere.page.getByRole('button', { name: 'It was me: confirm' }));
  await elsewhere.page.getByText('Go back to the settings where you gave the address').waitFor();
  assert.deepEqual(await elsewhere.barriers(), []);
  await elsewhere.context.close();
  await hands.write(page.getByLabel('Password', { exact: true }), mio.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove the address' }).waitFor();
  assert.deepEqual(await mio.barriers(), []);
});

test('whoever has forgotten the password sets another one, and the new device needs the recovery key', async () => {
  const newer = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio', password: 'another four plain words', keyboard: true, dark: true });
  const { page, hands } = newer;
  await page.goto(server.url);
  await hands.press(page.getByRole('link', { name: 'Forgotten your password?' }));
  await hands.write(page.getByLabel('Mail address'), 'moi@quay.example');
  await page.keyboard.press('Enter');
  await page.getByText('A link is on its way').waitFor();
  await hands.press(page.getByRole('button', { name: 'Use another address' }));
  await hands.write(page.getByLabel('Mail address'), 'mio@quay.example');
  await page.keyboard.press('Enter');
  await page.getByText('A link is on its way').waitFor();
  assert.deepEqual(await newer.barriers(), []);
  await newer.shows('mail-forgotten-dark');
  await page.goto(await link(2)); // in the same tab: only what stands behind # changes
  await hands.press(page.getByRole('button', { name: 'It was me: confirm' }));
  await hands.write(page.getByLabel('New password'), newer.password);
  await hands.write(page.getByLabel('Password once more'), newer.password);
  assert.deepEqual(await newer.barriers(), []);
  await newer.shows('mail-new-password-dark');
  await hands.press(page.getByRole('button', { name: 'Set the new password' }));
  await page.getByText('The new password is set').waitFor();
  await hands.press(page.getByRole('button', { name: 'To signing in' }));
  await newer.signsIn();
  await newer.restores(mio.recoveryKey); // it is asked for, and still opens what was there
  await page.getByText('Your password was replaced by mail on').waitFor();
  assert.deepEqual(await newer.barriers(), []);
  await newer.shows('mail-reset-told-dark');
  await hands.press(page.getByRole('button', { name: 'It was me', exact: true }));
  await page.getByText('Your password was replaced by mail on').waitFor({ state: 'detached' });
  await mio.page.getByRole('heading', { name: 'Sign in' }).waitFor(); // the other device was signed out
  while (letters.length < 3) await new Promise((wake) => waiting.push(() => wake(undefined)));
  assert.deepEqual(newer.complaints, []);
});

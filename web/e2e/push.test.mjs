// Being told of messages with no page open: off until somebody switches it on, and then without a word of what was said.
// No push service of a browser's maker can be reached from a test, so the subscription is a stand-in at the browser's edge; what
// is pushed comes to the real service worker, from the browser.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server('push = "any"\n');
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let marta;

// A name that leads nowhere: what the server pushes arrives at nobody.
function subscribe() {
  const w = /** @type {any} */ (globalThis);
  if (w.PushManager === undefined) return;
  const kept = 'e2e.subscription';
  const make = (/** @type {string} */ key) => ({
    endpoint: 'https://push.invalid/send/1',
    options: { applicationServerKey: Uint8Array.from(key.split(','), Number).buffer },
    // A point of P-256 that everybody knows, and sixteen bytes.
    getKey: (/** @type {string} */ name) => (name === 'auth' ? new Uint8Array(16).buffer : Uint8Array.from(atob(point), (c) => c.charCodeAt(0)).buffer),
    unsubscribe: () => Promise.resolve(localStorage.removeItem(kept) ?? true),
  });
  const point = 'BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU=';
  w.PushManager.prototype.getSubscription = () => {
    const key = localStorage.getItem(kept);
    return Promise.resolve(key === null ? null : make(key));
  };
  w.PushManager.prototype.subscribe = (/** @type {any} */ { userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) return Promise.reject(new Error('silent pushes'));
    localStorage.setItem(kept, String(applicationServerKey));
    return Promise.resolve(make(String(applicationServerKey)));
  };
}

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'ja-JP' });
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  await lin.context.grantPermissions(['notifications'], { origin: server.url });
  await lin.context.addInitScript(subscribe);
  await lin.signsUp(await server.invite());
  await marta.signsUp(await server.invite());
  await marta.makesRoom('Tide tables');
  await marta.invites('lin');
  await lin.joins();
});

after(async () => {
  await browser.close();
  await server.close();
});

test('it is off at first; who switches it on has read who learns of it; a push says nothing but that there is something', async () => {
  const { page } = lin;
  /** @type {any[]} */
  const set = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/pushers/set')) set.push(request.postDataJSON());
  });
  await page.goto(`${server.url}/#/settings/notifications`);
  await page.getByRole('radio', { name: '閉じていても' }).waitFor();
  assert.equal(await page.getByRole('radio', { name: 'Wardroom を開いている間だけ' }).isChecked(), true);
  assert.equal(set.length, 0);
  await page.locator('text=ブラウザーの提供元のプッシュサービスに').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('push-settings-ja');
  const answered = page.waitForResponse((response) => response.url().endsWith('/pushers/set'));
  await page.getByRole('radio', { name: 'Wardroom を開いている間だけ' }).focus();
  await page.keyboard.press('ArrowDown');
  assert.equal((await answered).status(), 200);
  await page.getByRole('radio', { name: '閉じていても', checked: true }).waitFor();
  assert.equal(set.length, 1);
  assert.equal(set[0].kind, 'webpush');
  assert.equal(set[0].data.url, 'https://push.invalid/send/1');

  // With no page of ours in sight the service worker tells of it, in the person's language, and a press opens the room.
  const room = decodeURIComponent(new URL(marta.page.url()).hash.split('/')[2] ?? '');
  const cdp = await lin.context.newCDPSession(page);
  /** @type {Promise<string>} */
  const registered = new Promise((done) => cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && done(registrations[0].registrationId)));
  await cdp.send('ServiceWorker.enable');
  const registrationId = await registered;
  /** @param {string} room_id */
  const push = (room_id) => cdp.send('ServiceWorker.deliverPushMessage', { origin: server.url, registrationId, data: JSON.stringify({ event_id: '$1', room_id, counts: { unread: 1 } }) });
  const [worker] = lin.context.serviceWorkers();
  assert.ok(worker);
  /** Waits until the service worker shows something, and gives all of it. */
  const shown = () =>
    worker.evaluate(async () => {
      const { registration } = /** @type {any} */ (globalThis);
      for (;;) {
        const all = await registration.getNotifications();
        if (all.length > 0) return all.map((/** @type {Notification} */ { title, body, lang, tag }) => ({ title, body, lang, tag }));
      }
    });
  await push('!seen'); // a page that is seen tells of it itself
  await page.goto('about:blank');
  // The browser lets go of a page a moment after it shows another one; until then it counts as seen.
  await worker.evaluate(async () => {
    const { clients } = /** @type {any} */ (globalThis);
    while ((await clients.matchAll({ type: 'window', includeUncontrolled: true })).length > 0);
  });
  await push(room);
  assert.deepEqual(await shown(), [{ title: 'Wardroom', body: '新しいものがあります。', lang: 'ja', tag: room }]);
  const opened = await worker.evaluate(async () => {
    const w = /** @type {any} */ (globalThis);
    /** @type {Promise<string>} */
    const opened = new Promise((done) => (w.clients.openWindow = (/** @type {string} */ url) => Promise.resolve(done(url))));
    const [notification] = await w.registration.getNotifications();
    w.dispatchEvent(new w.NotificationEvent('notificationclick', { notification }));
    return opened;
  });
  assert.equal(opened, `/#/room/${encodeURIComponent(room)}`);

  // A page that opens tells the server again, which may have lost it, and it is ended as it was begun.
  await page.goto(`${server.url}/#/settings/notifications`);
  await page.getByRole('radio', { name: '閉じていても', checked: true }).waitFor();
  assert.equal(set.length, 2);
  const ended = page.waitForResponse((response) => response.url().endsWith('/pushers/set'));
  await page.getByRole('radio', { name: 'Wardroom を開いている間だけ' }).check();
  assert.equal((await ended).status(), 200);
  assert.equal(set[2].kind, null);
  assert.equal(set[2].pushkey, set[0].pushkey);
  assert.deepEqual(lin.complaints, []);
});

// Without the server, without a network: what this device has is there, what is written stays and leaves afterwards; and
// the client itself is changed only when its person says so, all of it at once.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Hand } from './hand.mjs';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let marta;

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin' });
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta', locale: 'ja-JP', width: 390, height: 800, phone: true });
  await lin.signsUp(await server.invite());
  await marta.signsUp(await server.invite());
  await lin.makesRoom('Tide tables');
  await lin.invites('marta');
  await marta.joins();
  await lin.writes('Before the storm');
  await lin.seesSaved('Before the storm');
  await marta.reads('Before the storm');
});

after(async () => {
  await browser.close();
  await server.close();
});

/** Waits until the client itself is kept on the device. @param {Person} person */
const kept = (person) => person.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
/** @param {Person} person @param {string | RegExp} words */
const told = (person, words) => person.page.locator('main .say[role=status]', { hasText: words }).waitFor();
/** @param {Person} person @param {string} text */
const waits = (person, text) => person.page.locator('[role=log] article', { hasText: text }).locator('.state').waitFor();

test('the server is killed: the client opens with what it has, and what is written meanwhile is sent once the server is back', async () => {
  await kept(lin);
  await server.kill();
  await told(lin, /has not answered since \d\d:\d\d/);
  await lin.page.reload();
  await lin.reads('Before the storm');
  await told(lin, 'The server does not answer');
  assert.deepEqual(await lin.barriers(), []);
  await lin.writes('Written with the server dead');
  await waits(lin, 'Written with the server dead');
  await lin.page.reload();
  await lin.reads('Written with the server dead');
  await lin.shows('offline-wide-server');
  await server.start();
  await lin.seesSaved('Written with the server dead');
  await lin.page.locator('main .say[role=status]').waitFor({ state: 'detached' });
  await marta.reads('Written with the server dead');
});

test('of more rooms than come first all are there without the server, the one that is open too; what is new in it comes after what was kept', async () => {
  const { page } = lin;
  const hand = await Hand.signsUp(await server.invite(), 'hand');
  /** @param {string} path @param {unknown} body @param {string} [token] */
  const asks = async (path, body, token) => (await fetch(`${server.url}/_matrix/client/v3/${path}`, { method: 'POST', headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, body: JSON.stringify(body) })).json();
  const { access_token: token } = await asks('login', { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'lin' }, password: lin.password });
  /** @type {string[]} */
  const berths = [];
  for (let n = 0; n < 25; n++) {
    const room = await hand.makesRoom(`Berth ${n}`, ['@lin:localhost']);
    berths.push(room);
    await asks(`join/${encodeURIComponent(room)}`, {}, token);
    await hand.sends(room, `Kept of berth ${n}`);
  }
  await asks('logout', {}, token);
  const rows = page.locator('nav[aria-label] a[href*="/room/"]', { hasText: 'Berth' });
  const oldest = rows.filter({ hasText: 'Kept of berth 0' });
  await page.waitForFunction(() => document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length === 26);
  await oldest.locator('.count', { hasText: '1' }).waitFor();
  await server.kill();
  await told(lin, /has not answered since/);
  await page.reload(); // at the first room, in which something happened before all others
  await lin.reads('Before the storm');
  await page.waitForFunction(() => document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length === 26);
  await oldest.locator('.count', { hasText: '1' }).waitFor();
  assert.match(await page.title(), /^\(25\)/);
  await page.evaluate((room) => (location.hash = `#/room/${encodeURIComponent(room)}`), berths[0] ?? '');
  await page.reload();
  await lin.reads('Kept of berth 0');
  await server.start();
  await hand.sends(berths[0] ?? '', 'News of berth 0');
  await hand.sends(berths[1] ?? '', 'News of berth 1');
  await rows.filter({ hasText: 'News of berth 1' }).locator('.count', { hasText: '2' }).waitFor();
  await lin.reads('News of berth 0');
  const said = (await page.locator('[role=log] article').allInnerTexts()).flatMap((text) => /(Kept|News) of berth/.exec(text)?.[1] ?? []);
  assert.deepEqual(said, ['Kept', 'News']);
  await page.goBack();
  await lin.reads('Before the storm');
});

test('without a network it is the same, on a phone and by keyboard alone; each message arrives once', async () => {
  const { page } = marta;
  await kept(marta);
  await marta.context.setOffline(true);
  await told(marta, /\d\d:\d\d からオフライン/);
  await page.reload();
  await marta.reads('Before the storm');
  await told(marta, 'オフライン');
  assert.deepEqual(await marta.barriers(), []);
  await page.locator('main textarea').focus();
  await page.keyboard.type('圏外で書きました');
  await page.keyboard.press('Control+Enter'); // on a telephone Enter begins a line
  await waits(marta, '圏外で書きました');
  await marta.shows('offline-phone-ja');
  await page.emulateMedia({ colorScheme: 'dark' });
  await marta.shows('offline-phone-ja-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await marta.context.setOffline(false);
  await marta.seesSaved('圏外で書きました', '保存');
  for (const text of ['圏外で書きました', 'Written with the server dead']) {
    await lin.reads(text);
    assert.equal(await lin.page.locator('[role=log] article', { hasText: text }).count(), 1);
  }
});

test('the device keeps the client and nothing that a server answered', async () => {
  const addresses = await lin.page.evaluate(async () => {
    const caches = globalThis.caches;
    const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return all.flat().map((one) => new URL(one.url).pathname);
  });
  assert.ok(addresses.includes('/'));
  assert.deepEqual(addresses.filter((one) => one !== '/' && one !== '/build.txt' && !one.startsWith('/assets/') && !/^\/icon[\w-]*\.svg$/.test(one)), []);
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(marta.complaints, []);
});

test('a later build waits for its person and comes whole; one whose files do not fit never comes', async () => {
  const builds = mkdtempSync(join(tmpdir(), 'wardroom-builds-'));
  const site = await serveBuild(builds);
  try {
    const person = await Person.sitsDown(browser, { name: 'Aoi', account: 'aoi', locale: 'zh-CN' });
    const { page } = person;
    site.folder = makeBuild(builds, 'first');
    const link = (await server.invite()).replace(server.url, site.url);
    await person.signsUp(link);
    await kept(person);
    const build = () => page.locator('meta[name=build]').getAttribute('content');
    const notice = page.locator('[role=status]', { hasText: '新版本' });
    const look = () => page.evaluate(() => navigator.serviceWorker.getRegistration().then((kept) => kept?.update().then(() => undefined, () => undefined)));

    site.folder = makeBuild(builds, 'broken', true);
    await page.reload();
    await look();
    await page.waitForFunction(() => navigator.serviceWorker.getRegistration().then((kept) => kept?.installing === null));
    assert.equal(await notice.count(), 0);

    site.folder = makeBuild(builds, 'second');
    await look();
    await notice.waitFor();
    assert.equal(await build(), 'first');
    await page.reload();
    await person.isIn();
    assert.equal(await build(), 'first', 'a reload alone changes nothing');
    await notice.waitFor();
    assert.deepEqual(await person.barriers(), []);
    await person.shows('new-version-zh-Hans');
    await notice.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await page.locator('meta[name=build][content=second]').waitFor({ state: 'attached' });
    await person.isIn();
    assert.equal(await notice.count(), 0);
    assert.equal(await page.evaluate(async () => (await caches.keys()).length), 1, 'the earlier build is gone');
  } finally {
    site.close();
    rmSync(builds, { recursive: true, force: true });
  }
});

const built = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../dist/app');

/** A copy of the client whose page names its build. Where it is broken, its page is not the one it wrote down. @param {string} builds @param {string} name */
function makeBuild(builds, name, broken = false) {
  const folder = join(builds, name);
  cpSync(built, folder, { recursive: true });
  const hash = () => `sha256-${createHash('sha256').update(readFileSync(join(folder, 'index.html'))).digest('base64')}`;
  const before = hash();
  const page = join(folder, 'index.html');
  writeFileSync(page, readFileSync(page, 'utf8').replace('<title>', `<meta name="build" content="${name}"><title>`));
  const worker = join(folder, 'sw.js');
  const listed = readFileSync(worker, 'utf8').replace(/"version":"\w+"/, `"version":"${name}"`);
  writeFileSync(worker, broken ? listed : listed.replace(before, hash()));
  return folder;
}

/** The server under test at another address, with the client of a folder that can be changed. @param {string} folder */
async function serveBuild(folder) {
  /** @type {Record<string, string>} */
  const kinds = { '.js': 'text/javascript', '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm' };
  const site = { folder, url: '', close: () => http.close() };
  const http = createServer((asked, answer) => {
    const path = (asked.url ?? '/').split('?')[0] ?? '/';
    if (/^\/(_matrix|\.well-known|ledger)\//.test(path)) {
      const on = request(server.url + asked.url, { method: asked.method ?? 'GET', headers: asked.headers }, (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      });
      on.on('error', () => answer.destroy());
      asked.pipe(on);
      return;
    }
    const file = join(site.folder, path === '/' ? 'index.html' : path);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      answer.writeHead(404).end();
      return;
    }
    answer.writeHead(200, { 'Content-Type': kinds[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' }).end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const at = http.address();
  site.url = `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
  return site;
}

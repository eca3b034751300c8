// The public record, checked in the browser: right at first, an alarm where it is another one, and right again. And a client that the server does
// not serve.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { openBrowser, Person, program, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let marta;

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  await marta.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
});

test('the record is right, nobody witnesses it, and it names the client that this is', async () => {
  const { page } = marta;
  await page.getByRole('link', { name: 'Record' }).first().click();
  await page.getByText('No rewriting found').waitFor();
  await page.getByText('No outside witness yet').waitFor();
  await page.getByText('Its files are a build that the record names').waitFor();
  await page.getByText('Nobody had an account before.').waitFor();
  assert.deepEqual(await marta.barriers(), []);
  await marta.shows('record');
});

test('another record in its place is an alarm on every page, until somebody has seen it; the right one again goes on', async () => {
  const { page } = marta;
  // Made beforehand: a page that is loaded anew drops what it asked for.
  const text = await (await fetch(`${server.url}/ledger/checkpoint`)).text();
  const body = text.replace(/^(— \S+ \S{10})(.)/m, (_, before, one) => before + (one === 'A' ? 'B' : 'A'));
  assert.notEqual(body, text);
  await page.route('**/ledger/checkpoint', (route) => route.fulfill({ body }).catch(() => undefined));
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('The record is not what it was').waitFor();
  await page.getByRole('link', { name: 'Rooms' }).first().click();
  const news = page.getByRole('alert').filter({ hasText: 'The record has another key' });
  await news.waitFor();
  assert.deepEqual(await marta.barriers(), []);
  await page.reload();
  await news.waitFor(); // it is kept
  await page.unroute('**/ledger/checkpoint');
  await news.getByRole('link').click();
  await page.getByText('Right again just now').waitFor();
  await marta.shows('record-alarm');
  await page.getByRole('button', { name: 'I have seen it' }).click();
  await page.getByRole('heading', { name: 'What this browser found before' }).waitFor();
  assert.equal(await news.count(), 0);
  await page.getByText('No rewriting found').waitFor();
  assert.deepEqual(await marta.barriers(), []);
  await page.setViewportSize({ width: 390, height: 800 });
  assert.deepEqual(await marta.barriers(), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  await marta.shows('record-phone');
  assert.deepEqual(marta.complaints, []);
});

test('with “wardroom app” the client comes from this machine, and speaks with the server itself', async () => {
  const app = spawn(program, ['app', '--listen', '127.0.0.1:0', server.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(app, 'exit');
  try {
    let said = '';
    while (!said.includes('\n')) said += String((await once(app.stdout, 'data'))[0]);
    const at = / is at (http:\S+)/.exec(said)?.[1] ?? '';
    const aoi = await Person.sitsDown(browser, { name: 'Aoi', account: 'aoi' });
    /** @type {Set<string>} */
    const asked = new Set();
    aoi.page.on('request', (request) => {
      const { origin, pathname } = new URL(request.url());
      asked.add(`${origin === at ? 'app' : origin === server.url ? 'server' : origin} ${/^\/(_matrix|ledger)\//.test(pathname) ? 'api' : pathname === '/.well-known/matrix/client' ? 'about' : 'file'}`);
    });
    await aoi.signsUp((await server.invite()).replace(server.url, at));
    await aoi.makesRoom('Tide tables');
    await aoi.writes('From my own machine');
    await aoi.seesSaved('From my own machine');
    await aoi.page.getByRole('link', { name: 'Record' }).first().click();
    await aoi.page.getByText('A program on this machine serves this client').waitFor();
    await aoi.page.getByText('Its files are a build that the record names').waitFor();
    await aoi.page.getByText(`wardroom verify ${server.url}`).waitFor();
    assert.deepEqual([...asked].sort(), ['app about', 'app file', 'server about', 'server api']);
    await aoi.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    app.kill();
    await ended;
    await aoi.page.reload();
    await aoi.page.getByText('No rewriting found').waitFor();
    assert.deepEqual(aoi.complaints, []);
  } finally {
    app.kill();
  }
});

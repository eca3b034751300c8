// npm run bench:opening [-- ROOMS…]: somebody who is in so many rooms, twenty messages in each, signs in on a new device, in a
// real Chromium against the real program: how long it takes until the first rooms are there, and until all are. Then the page is
// opened again after something was said in each room: how long until what the browser kept is there, and until the news are.
// WARDROOM_BIN and CHROMIUM as for the stories.

import { cpus, loadavg } from 'node:os';
import { openBrowser, Person, Server } from '../e2e/harness.mjs';
import { Hand } from '../e2e/hand.mjs';

const asked = process.argv.slice(2).map(Number);
const server = new Server();
await server.start();
const browser = await openBrowser();
const marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
await marta.signsUp(await server.invite());
const hand = await Hand.signsUp(await server.invite(), 'hand');
/** @type {string[]} */
const rooms = [];

/** @param {string} path @param {unknown} body @param {string} [token] */
const asks = async (path, body, token) => (await fetch(`${server.url}/_matrix/client/v3/${path}`, { method: 'POST', headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, body: JSON.stringify(body) })).json();
const { access_token: token } = await asks('login', { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'marta' }, password: marta.password });
await marta.context.close();

/**
 * Opens the page three times at a room that is not among the newest, with all that the browser kept; what comes of it in the middle: milliseconds from the
 * beginning of the page until twenty rooms and what was said last in the open one are there, until all rooms are, and the longest that the page was busy between.
 * @param {import('playwright-core').Page} page @param {string} url @param {number} many
 */
async function opensAgain(page, url, many) {
  const room = rooms[Math.floor(many / 4)] ?? '';
  const said = `QB-2031-${Math.floor(many / 4)}`;
  /** @type {{ first: number, all: number, longest: number }[]} */
  const times = [];
  for (let n = 0; n < 3; n++) {
    await page.goto('about:blank');
    await page.goto(`${url}/#/room/${encodeURIComponent(room)}`);
    const at = await page.evaluate(({ many, said }) => new Promise((resolve) => {
      const at = { first: 0, all: 0, longest: 0 };
      let last = performance.now();
      const busy = new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) if (startTime > at.first && at.first > 0) at.longest = Math.max(at.longest, Math.round(duration));
      });
      busy.observe({ entryTypes: ['longtask'] });
      const look = () => {
        last = performance.now();
        const rows = document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length;
        if (at.first === 0 && rows >= 20 && document.querySelector('main section')?.textContent?.includes(said)) at.first = Math.round(last);
        if (rows < many || at.first === 0) return requestAnimationFrame(look);
        at.all = Math.round(last);
        setTimeout(() => resolve(at), 1_000);
      };
      look();
    }), { many, said });
    times.push(/** @type {any} */ (at));
  }
  const middle = (/** @type {'first' | 'all' | 'longest'} */ what) => times.map((one) => one[what]).sort((a, b) => a - b)[1];
  return { againFirst: middle('first'), againAll: middle('all'), againLongestTask: middle('longest') };
}

console.log(`${cpus().length} × ${cpus()[0]?.model ?? ''}`);
for (const many of asked.length > 0 ? asked : [20, 100, 500]) {
  for (let made = rooms.length; made < many; made++) {
    const room = await hand.makesRoom(`Room ${made}`, ['@marta:localhost']);
    rooms.push(room);
    await asks(`join/${encodeURIComponent(room)}`, {}, token);
    for (let m = 0; m < 20; m++) await hand.sends(room, `${m}. 早上好。年检报告放在三楼资料室，编号 QB-2031-${made}。`);
  }
  const device = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  const { page } = device;
  page.setDefaultTimeout(300_000);
  const { url } = server;
  let bytes = 0; // of the first sync
  let open = true;
  page.on('response', (answer) => {
    if (open && new URL(answer.url()).pathname.endsWith('/sync')) answer.body().then((body) => (bytes += body.length), () => undefined);
  });
  await page.goto(url);
  const load = loadavg()[0]?.toFixed(1);
  // All of it in the page: how busy the script is does not count.
  await page.evaluate(() => {
    const at = Object.assign(window, { at: /** @type {{ asked?: number, key?: number, first?: number, all?: number }} */ ({}) }).at;
    const look = () => {
      if (document.querySelector('main form input.mono') !== null) at.key ??= performance.now();
      const rooms = document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length;
      if (rooms >= 20) at.first ??= performance.now();
      requestAnimationFrame(look);
    };
    document.addEventListener('submit', () => (at.asked ??= performance.now()), true);
    look();
  });
  await device.signsIn();
  await page.locator('main form input.mono').waitFor();
  await device.restores(marta.recoveryKey);
  await page.waitForFunction((n) => document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length === n, many, { polling: 'raf' });
  open = false;
  const at = await page.evaluate(() => ({ .../** @type {any} */ (window).at, all: performance.now() }));
  const since = (/** @type {number} */ when) => Math.round(when - at.asked);
  await page.waitForTimeout(10_000); // what was told is kept a little later
  const later = await opensAgain(page, url, many);
  await page.goto('about:blank');
  for (const room of rooms) await hand.sends(room, `news ${many}`);
  await page.goto(url);
  const shown = (/** @type {number} */ n, /** @type {string} */ text) =>
    page.waitForFunction(({ n, text }) => [...document.querySelectorAll('nav[aria-label] a[href*="/room/"]')].filter((row) => row.textContent?.includes(text)).length >= n && performance.now(), { n, text }, { polling: 'raf' });
  const news = Math.round(Number(await (await shown(many, `news ${many}`)).jsonValue()));
  console.log({ rooms: many, load, passwordToKey: since(at.key), passwordToFirstRooms: since(at.first), passwordToAllRooms: since(at.all), bytes, ...later, news });
  await device.context.close();
}
await browser.close();
await server.close();

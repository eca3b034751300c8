// npm run bench:rooms [-- ROUNDS]: somebody in a hundred rooms, in a real Chromium against the real program: how long a room
// takes to come a second time, how long twenty letters keep the page busy, and how long a key waits while a hundred
// messages come. WARDROOM_BIN and CHROMIUM as for the stories.

import { cpus, loadavg } from 'node:os';
import { openBrowser, Person, Server } from '../e2e/harness.mjs';
import { Hand } from '../e2e/hand.mjs';

const rounds = Number(process.argv[2] ?? 5);
const many = 100;
const server = new Server();
await server.start();
const browser = await openBrowser();
const marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
await marta.signsUp(await server.invite());
const hand = await Hand.signsUp(await server.invite(), 'hand');
const rooms = [];
for (let n = 0; n < many; n++) {
  const room = await hand.makesRoom(`Room ${String(n).padStart(2, '0')} 第${n}埠頭 荷役計画`, ['@marta:localhost']);
  for (let m = 0; m < 8; m++) await hand.sends(room, `${m}. 早上好。年检报告放在三楼资料室，编号 QB-2031-${n}。`);
  rooms.push(room);
}
const { page } = marta;
page.setDefaultTimeout(300_000);

// She takes up her invitations on another device, which is then signed out.
/** @param {string} path @param {unknown} body @param {string} [token] */
const asks = async (path, body, token) => (await fetch(`${server.url}/_matrix/client/v3/${path}`, { method: 'POST', headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, body: JSON.stringify(body) })).json();
const { access_token: token } = await asks('login', { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'marta' }, password: marta.password });
for (const room of rooms) await asks(`join/${encodeURIComponent(room)}`, {}, token);
await asks('logout', {}, token);
await page.waitForFunction((n) => document.querySelectorAll('nav[aria-label] a[href*="/room/"]').length === n, many);

/** Goes to the nth room of the list and tells how long it took until it was drawn. @param {number} n */
const to = (n) =>
  page.evaluate(async (n) => {
    const link = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('nav[aria-label] a[href*="/room/"]'))].find((one) => one.querySelector('b')?.textContent?.startsWith(`Room ${String(n).padStart(2, '0')}`));
    const name = link?.querySelector('b')?.textContent;
    const from = performance.now();
    link?.click();
    for (;;) {
      await new Promise((done) => requestAnimationFrame(done));
      if (document.querySelector('main h1')?.textContent === name && document.querySelector('[role=log] article')) break;
    }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - from;
  }, n);
const quantile = (/** @type {number[]} */ all, /** @type {number} */ q) => Math.round([...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * q))] ?? 0);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }); // of the processor's time: the rest of the machine does not count
/** How much of the processor's time the page's scripts took so far, in milliseconds. */
const busy = async () => ((await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0) * 1000;
const box = page.locator('main textarea');

console.log(`${cpus().length} × ${cpus()[0]?.model ?? ''}`);
const which = Array.from({ length: 20 }, (_, n) => (n * 37) % many);
for (const n of which) await to(n);
for (let round = 0; round < rounds; round++) {
  const load = loadavg()[0]?.toFixed(1);
  const switched = [];
  const before = await busy();
  for (const n of which) switched.push(await to(n));
  const script = Math.round((await busy()) - before);
  await box.click();
  const still = await busy();
  await page.keyboard.type('twenty letters, typed', { delay: 40 });
  await page.evaluate(() => new Promise((done) => setTimeout(done, 500)));
  const typed = Math.round((await busy()) - still);
  await page.evaluate(() => {
    const waits = (Object.assign(window, { waits: /** @type {number[]} */ ([]) })).waits;
    document.querySelector('main textarea')?.addEventListener('keydown', (event) => waits.push(performance.now() - event.timeStamp));
  });
  const from = await busy();
  for (let n = 0; n < many; n++) {
    await hand.sends(rooms[(n * 7) % many] ?? '', `${round}.${n} 明日の朝、もう一度確認をお願いします`);
    await page.keyboard.press('a');
  }
  const came = Math.round((await busy()) - from);
  const waits = /** @type {number[]} */ (await page.evaluate(() => /** @type {any} */ (window).waits));
  console.log({ load, switchedP50: quantile(switched, 0.5), switchedP95: quantile(switched, 0.95), switchedScript: script, typedScript: typed, keyP50: quantile(waits, 0.5), keyMax: quantile(waits, 1), cameScript: came });
  await box.fill('');
}
await browser.close();
await server.close();

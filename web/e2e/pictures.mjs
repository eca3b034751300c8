// Takes the pictures of the README: node e2e/pictures.mjs. It starts `make demo` in a temporary folder, signs three of its
// people in on new devices with their recovery keys, and looks through every room: all that was said must be readable there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pairs, rooms } from '../../test/clients/demo/talk.mjs';
import { openBrowser, Person } from './harness.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const pictures = resolve(here, '../../docs/pictures');
const folder = mkdtempSync(join(tmpdir(), 'wardroom-pictures-'));
const list = join(folder, 'people.json');

const shots = [
  { account: 'marta', locale: 'en-GB', zone: 'Europe/Oslo', room: 'Quay 7 crane inspection', language: 'en' },
  { account: 'lin', locale: 'zh-CN', zone: 'Asia/Shanghai', room: '值班与交接', language: 'zh-Hans' },
  { account: 'saeki', locale: 'ja-JP', zone: 'Asia/Tokyo', room: '第2埠頭 荷役計画', language: 'ja' },
];

const demo = spawn(process.execPath, [resolve(here, '../../test/clients/demo/demo.mjs'), '--data', join(folder, 'data'), '--people', list], { stdio: ['ignore', 'ignore', 'inherit'] });
const ended = once(demo, 'exit');
const browser = await openBrowser();
try {
  while (!existsSync(list)) {
    assert.equal(demo.exitCode, null, 'the demonstration ended');
    await pause(200);
  }
  /** @type {{ url: string, people: { account: string, name: string, password: string, recoveryKey: string }[] }} */
  const { url, people } = JSON.parse(readFileSync(list, 'utf8'));
  for (const shot of shots) {
    const role = people.find(({ account }) => account === shot.account);
    assert.ok(role);
    const who = await Person.sitsDown(browser, { ...role, locale: shot.locale });
    await who.page.goto(url);
    await who.signsIn();
    await who.restores(role.recoveryKey);
    await who.page.getByRole('button', { name: /^(No|不用|表示しない)$/ }).click(); // notifications
    await goesTo(who, shot.room);
    await who.page.mouse.move(640, 20);
    await takes(who, { width: 1280, height: 800 }, `room-${shot.language}.png`);
    await who.page.emulateMedia({ colorScheme: 'dark' });
    await takes(who, { width: 390, height: 800 }, `phone-${shot.language}.png`);
    await who.page.emulateMedia({ colorScheme: 'light' });
    await who.page.setViewportSize({ width: 1280, height: 800 });
    await readsEverything(who, people);
    assert.deepEqual(who.complaints, []);
    await who.context.close();
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Takes a picture in a window of that size, or a little lower, so that it begins with a whole message.
 * @param {Person} who @param {{ width: number, height: number }} size @param {string} file
 */
async function takes({ page }, size, file) {
  await page.setViewportSize(size);
  await pause(1_500); // pictures inside it are decrypted and drawn
  const cut = await page.locator('[role=log]').evaluate((log) => {
    const top = log.getBoundingClientRect().top;
    const boxes = [...log.querySelectorAll('[data-key]')].map((row) => row.getBoundingClientRect());
    const half = boxes.find((box) => box.top < top - 1 && box.bottom > top);
    return half === undefined ? 0 : Math.floor(half.bottom - top);
  });
  if (cut < 160) await page.setViewportSize({ ...size, height: size.height - cut });
  await pause(500);
  const path = join(pictures, file);
  await page.screenshot({ path });
  assert.ok(statSync(path).size <= 300 * 1024, `${file} is larger than 300 KiB`);
  console.log(`docs/pictures/${file}: ${Math.round(statSync(path).size / 1024)} KiB`);
}

/**
 * Goes through all rooms of somebody and up to their beginning: every message must be readable.
 * @param {Person} who @param {{ account: string, name: string }[]} people
 */
async function readsEverything(who, people) {
  const { page } = who;
  const nameOf = (/** @type {string | undefined} */ account) => people.find((one) => one.account === account)?.name ?? '';
  const conversations = pairs.map((pair) => ({ ...pair, name: nameOf(pair.members.find((account) => account !== who.who.account)) }));
  for (const { name, members, lines } of [...rooms, ...conversations]) {
    const joined = lines.findIndex(([, , more]) => more?.join === who.who.account);
    if (!members.includes(who.who.account) && joined < 0) continue;
    await goesTo(who, name);
    const edited = lines.map(([, , more]) => more?.edit);
    const wanted = lines.filter(([, text, more]) => text !== '' && !more?.react && !more?.in && !(more?.as && edited.includes(more.as))).map(([, text]) => text);
    const missing = new Set(wanted);
    const log = page.locator('[role=log]');
    for (let tries = 0; missing.size > 0; tries++) {
      const shown = (await log.textContent()) ?? '';
      for (const text of missing) if (shown.includes(text)) missing.delete(text);
      assert.ok(tries < 100 || missing.size === 0, `${who.who.account} cannot read in ${name}: ${[...missing].join(' | ')}`);
      await log.evaluate((element) => element.scrollTo(0, 0));
      await pause(100);
    }
  }
}

/** @param {Person} who @param {string} name the name of a room, or of the person that a conversation is with */
async function goesTo({ page }, name) {
  await page.locator('nav a').filter({ has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) }).first().click();
  await page.locator('main h1', { hasText: name }).waitFor();
}

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
  { account: 'marta', locale: 'en-GB', zone: 'Europe/Oslo', room: 'Quay 7 crane inspection', file: 'room-en.png' },
  { account: 'lin', locale: 'zh-CN', zone: 'Asia/Shanghai', room: '值班与交接', file: 'room-zh-Hans.png' },
  { account: 'saeki', locale: 'ja-JP', zone: 'Asia/Tokyo', room: '第2埠頭 荷役計画', file: 'room-ja.png' },
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
    await pause(1_500); // pictures inside it are decrypted and drawn
    const path = join(pictures, shot.file);
    await who.page.screenshot({ path });
    assert.ok(statSync(path).size <= 300 * 1024, `${shot.file} is larger than 300 KiB`);
    await readsEverything(who, people);
    assert.deepEqual(who.complaints, []);
    console.log(`docs/pictures/${shot.file}: ${Math.round(statSync(path).size / 1024)} KiB`);
    await who.context.close();
  }
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
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

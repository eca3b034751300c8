// A message is withheld from one person: what comes to their browser goes through something that leaves it out, as a server
// could. Their client notices by itself, asks the sender's device for it, shows what it hands on, and reports.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let eve;
/** Whether the next message to Lin is left out. */
let withholding = false;
/** @type {Set<string>} */
const withheld = new Set();
/** @type {() => void} */
let left;
/** Resolves when something was left out. */
const leftOut = new Promise((resolve) => (left = () => resolve(undefined)));

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin', misses: true });
  eve = await Person.sitsDown(browser, { name: 'Eve Brandt', account: 'eve' });
  await lin.signsUp(await server.invite());
  await eve.signsUp(await server.invite());
  await lin.makesRoom('Harbour watch');
  await lin.invites('eve');
  await eve.joins();
  await eve.writes('The crane is green.');
  await lin.reads('The crane is green.');
  await lin.page.route(/_matrix\/client\/v3\/(sync|rooms)/, async (route) => {
    const answer = await route.fetch({ timeout: 0 }).catch(() => undefined);
    if (answer === undefined) return route.abort().catch(() => undefined); // the page is on its way elsewhere
    const type = answer.headers()['content-type'] ?? '';
    if (!type.includes('json')) return route.fulfill({ response: answer });
    const body = await answer.json();
    leaveOut(body);
    return route.fulfill({ response: answer, json: body }).catch(() => undefined);
  });
});
after(async () => {
  await lin?.page.unrouteAll({ behavior: 'ignoreErrors' });
  await browser?.close();
  await server.close();
});

/** Takes what is withheld out of every list of events in an answer. @param {any} body */
function leaveOut(body) {
  if (typeof body !== 'object' || body === null) return;
  for (const [key, value] of Object.entries(body)) {
    if (Array.isArray(value)) {
      body[key] = value.filter((event) => {
        if (withholding && event?.type === 'm.room.encrypted' && event.sender?.startsWith('@eve:')) {
          withheld.add(event.event_id);
          left();
        }
        return !withheld.has(event?.event_id);
      });
      for (const one of body[key]) leaveOut(one);
    } else leaveOut(value);
  }
}

test('with an honest server there is no gap, also after a start', async () => {
  await eve.writes('The tide turns at noon.');
  await lin.reads('The tide turns at noon.');
  await lin.page.reload();
  await lin.isIn();
  await lin.reads('The tide turns at noon.');
  await lin.writes('Noted.');
  await eve.reads('Noted.');
  assert.equal(await lin.page.locator('[data-gap]').count(), 0);
});

test('a message that is left out is a gap that says so, is there after a start, is handed on by who wrote it, and can be reported', async () => {
  const { page } = lin;
  withholding = true;
  await eve.writes('The crane is blocked.');
  await eve.seesSaved('The crane is blocked.');
  await leftOut;
  withholding = false;
  await eve.writes('Did you see that?');
  await lin.reads('Did you see that?');
  const gap = page.locator('[role=log] section', { hasText: 'A message from Eve Brandt has not reached this device.' });
  await gap.waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await page.reload();
  await lin.isIn();
  await gap.waitFor();
  assert.equal(await page.getByText('The crane is blocked.').count(), 0);
  await lin.shows('gap');

  await gap.getByRole('button', { name: 'Ask for it' }).press('Enter');
  await gap.getByText('The crane is blocked.').waitFor();
  await gap.getByText('It is what Eve Brandt wrote: that was checked.').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('gap-handed');

  await gap.getByRole('button', { name: 'Report…' }).press('Enter');
  await page.locator('dialog', { hasText: 'Harbour watch' }).waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(eve.complaints, []);
});

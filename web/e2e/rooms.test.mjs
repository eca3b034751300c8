// Rooms and who is in them: a room is made with its people, invitations are found by name, declined and taken back,
// roles are given, people are removed and leave. The owner does it all by keyboard.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let marta;
/** @type {Person} */
let jonas;
/** @type {Person} */
let mio;

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta', keyboard: true });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas' });
  mio = await Person.sitsDown(browser, { name: 'Mio Saeki', account: 'mio' });
  for (const person of [marta, jonas, mio]) await person.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The line of somebody in the list of people. @param {Person} person @param {string} name */
const line = (person, name) => person.page.getByRole('region', { name: 'Who is here' }).locator('li', { hasText: name });

/** Does with somebody what the menu of their line offers. @param {Person} person @param {string} name @param {string} item */
async function doesTo(person, name, item) {
  const role = /^(Owner|Moderator|Member)/.test(item) ? 'menuitemradio' : 'menuitem';
  await person.hands.choose(line(person, name).locator('[aria-haspopup=menu]'), person.page.getByRole(role, { name: item }));
}

/** Whether a room is in somebody’s list. @param {Person} person @param {string} name */
const entry = (person, name) => person.page.locator('nav[aria-label] a b', { hasText: name });

test('somebody is found by name, and may decline', async () => {
  await marta.makesRoom('Harbour watch');
  await marta.hands.choose(marta.page.locator('main header [aria-haspopup=menu]'), marta.page.getByRole('menuitem', { name: 'Invite a person' }));
  await marta.hands.write(marta.page.locator('dialog input'), 'Wedek');
  await marta.page.locator('dialog [role=option]', { hasText: 'Jonas Wedekind' }).waitFor();
  assert.deepEqual(await marta.barriers(), []);
  await marta.shows('rooms-invite');
  await marta.page.keyboard.press('ArrowDown');
  await marta.page.keyboard.press('Enter');
  await marta.page.locator('dialog .chosen', { hasText: 'Jonas Wedekind' }).waitFor();
  await marta.page.keyboard.press('Enter');
  await marta.isBackAt(marta.page.locator('main header [aria-haspopup=menu]'));
  const card = jonas.page.locator('nav section', { hasText: 'Harbour watch' });
  await card.getByText('Invited by Marta Hallén').waitFor();
  assert.deepEqual(await jonas.barriers(), []);
  await card.getByRole('button', { name: 'Decline' }).click();
  await card.waitFor({ state: 'detached' });
  await marta.page.getByText('Jonas Wedekind declined the invitation').waitFor();
});

test('an invitation can be taken back', async () => {
  await marta.invites('mio');
  await mio.page.locator('nav section', { hasText: 'Harbour watch' }).waitFor();
  await marta.hands.choose(marta.page.locator('main header [aria-haspopup=menu]'), marta.page.getByRole('menuitem', { name: 'Who is here' }));
  await marta.page.getByRole('heading', { name: 'Invited, not here yet' }).waitFor();
  await doesTo(marta, 'Mio Saeki', 'Take back the invitation…');
  await marta.hands.press(marta.page.getByRole('dialog').getByRole('button', { name: 'Remove' }));
  await mio.page.locator('nav section', { hasText: 'Harbour watch' }).waitFor({ state: 'detached' });
  await line(marta, 'Mio Saeki').waitFor({ state: 'detached' });
  await marta.page.getByText('Marta Hallén took back the invitation of Mio Saeki').waitFor();
});

test('a moderator may do what a member may not', async () => {
  await marta.invites('jonas');
  await marta.invites('mio');
  await jonas.joins();
  await mio.joins();
  await jonas.page.locator('main header [aria-haspopup=menu]').click();
  assert.equal(await jonas.page.getByRole('menuitem', { name: 'Name and topic…' }).count(), 0);
  await jonas.page.keyboard.press('Escape');
  await line(marta, 'Jonas Wedekind').waitFor();
  await line(marta, 'Jonas Wedekind').locator('[aria-haspopup=menu]').click();
  await marta.shows('rooms-roles');
  const hidden = await marta.page.getByRole('menu').locator('button').evaluateAll((items) =>
    items.flatMap((item) => {
      const { left, top, width, height } = item.getBoundingClientRect();
      const seen = [0.05, 0.95].every((part) => document.elementFromPoint(left + width / 2, top + height * part) === item);
      return seen ? [] : [item.textContent];
    }),
  );
  assert.deepEqual(hidden, [], 'every role can be seen');
  await marta.page.keyboard.press('Escape');
  await doesTo(marta, 'Jonas Wedekind', 'Moderator: may remove people and messages');
  await line(marta, 'Jonas Wedekind').getByText('moderator').waitFor();
  await mio.page.getByText('Marta Hallén made Jonas Wedekind a moderator').waitFor(); // nobody gets power unseen
  assert.deepEqual(await marta.barriers(), []);
  await marta.shows('rooms-people');
  const settings = jonas.page.getByRole('menuitem', { name: 'Name and topic…' });
  await jonas.page.locator('main header [aria-haspopup=menu]').click();
  await settings.click();
  await jonas.page.locator('dialog input').first().fill('Harbour watch, east');
  await jonas.page.locator('dialog input').nth(1).fill('Berths 5 to 9');
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.page.keyboard.press('Enter');
  for (const person of [marta, mio]) {
    await entry(person, 'Harbour watch, east').waitFor();
    await person.page.locator('main header', { hasText: 'Berths 5 to 9' }).waitFor();
    await person.page.getByText('Jonas Wedekind set the topic: Berths 5 to 9').waitFor();
  }
  await doesTo(marta, 'Jonas Wedekind', 'Member');
  await line(marta, 'Jonas Wedekind').getByText('moderator').waitFor({ state: 'detached' });
  await jonas.page.locator('main header [aria-haspopup=menu]').click();
  await jonas.page.getByRole('menuitem', { name: 'Leave the room…' }).waitFor();
  assert.equal(await settings.count(), 0);
  await jonas.page.keyboard.press('Escape');
});

test('an owner is made only after it was asked, and nothing happens on the way', async () => {
  const dialog = marta.page.getByRole('dialog', { name: 'Make Jonas Wedekind an owner?' });
  await doesTo(marta, 'Jonas Wedekind', 'Owner: may do everything here…');
  await dialog.getByText('You made this room').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((button) => button === document.activeElement), true);
  assert.deepEqual(await marta.barriers(), []);
  await marta.shows('rooms-owner');
  await marta.page.keyboard.press('Enter'); // on the safe answer
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await line(marta, 'Jonas Wedekind').getByText('owner', { exact: true }).count(), 0);
  await doesTo(marta, 'Jonas Wedekind', 'Owner: may do everything here…');
  await marta.hands.press(dialog.getByRole('button', { name: 'Make an owner' }));
  await line(marta, 'Jonas Wedekind').getByText('owner', { exact: true }).waitFor();
  await doesTo(marta, 'Jonas Wedekind', 'Member'); // by who made the room
  await line(marta, 'Jonas Wedekind').getByText('owner', { exact: true }).waitFor({ state: 'detached' });
});

test('who was removed reads no more, and the room says who did it', async () => {
  await mio.page.locator('main header [aria-haspopup=menu]').click();
  await mio.page.getByRole('menuitem', { name: 'Who is here' }).click();
  await line(mio, 'Marta Hallén').waitFor();
  await doesTo(marta, 'Mio Saeki', 'Remove from the room…');
  assert.deepEqual(await marta.barriers(), []);
  await marta.hands.press(marta.page.getByRole('dialog').getByRole('button', { name: 'Remove' }));
  await jonas.page.getByText('Marta Hallén removed Mio Saeki').waitFor();
  await entry(mio, 'Harbour watch').waitFor({ state: 'detached' });
  const card = mio.page.locator('nav section', { hasText: 'Marta Hallén removed you from this room.' });
  await card.waitFor();
  await line(mio, 'Marta Hallén').waitFor({ state: 'detached' });
  await line(marta, 'Mio Saeki').waitFor({ state: 'detached' });
  await mio.shows('rooms-removed');
  assert.deepEqual(await mio.barriers(), []);
  await mio.page.reload();
  await card.getByRole('button', { name: 'I have read this' }).click();
  await card.waitFor({ state: 'detached' });
});

test('somebody leaves, and is no longer written to', async () => {
  await jonas.page.locator('main header [aria-haspopup=menu]').click();
  await jonas.page.getByRole('menuitem', { name: 'Leave the room…' }).click();
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await entry(jonas, 'Harbour watch').waitFor({ state: 'detached' });
  await marta.page.getByText('Jonas Wedekind left').waitFor();
  await marta.page.getByPlaceholder('nobody else is here yet').waitFor();
});

test('the last owner is told so before leaving, and is led to who may follow', async () => {
  await marta.invites('jonas');
  await jonas.joins();
  await marta.page.getByText('Jonas Wedekind joined').last().waitFor();
  await marta.page.getByRole('region', { name: 'Who is here' }).getByRole('button', { name: 'Close' }).press('Enter');
  const more = marta.page.locator('main header [aria-haspopup=menu]');
  await marta.isBackAt(more);
  await marta.hands.choose(more, marta.page.getByRole('menuitem', { name: 'Leave the room…' }));
  await marta.page.getByText('Nobody else here is an owner.').waitFor();
  assert.deepEqual(await marta.barriers(), []);
  assert.deepEqual(await marta.crampedButtons(), []);
  await marta.shows('rooms-last-owner');
  await marta.hands.press(marta.page.getByRole('button', { name: 'Make somebody owner…' }));
  await line(marta, 'Jonas Wedekind').waitFor();
  await marta.isBackAt(more);
});

test('two who write to each other take in a third in a room of its own', async () => {
  await marta.talksTo('jonas');
  await marta.writes('Between the two of us.');
  await marta.seesSaved('Between the two');
  const more = marta.page.locator('main header [aria-haspopup=menu]');
  await more.press('Enter');
  await marta.page.getByRole('menuitem', { name: 'New room with Jonas Wedekind and others…' }).waitFor();
  assert.equal(await marta.page.getByRole('menuitem', { name: 'Invite a person' }).count(), 0);
  await marta.page.keyboard.press('Escape');
  await marta.hands.choose(more, marta.page.getByRole('menuitem', { name: 'New room with Jonas Wedekind and others…' }));
  await marta.page.locator('dialog .chosen', { hasText: 'Jonas Wedekind' }).waitFor();
  await marta.page.getByText('stays between you').waitFor();
  assert.deepEqual(await marta.barriers(), []);
  await marta.shows('rooms-gather');
  await marta.hands.write(marta.page.locator('dialog input').first(), 'Night watch');
  await marta.hands.write(marta.page.locator('dialog input').nth(1), 'mio');
  await marta.hands.press(marta.page.locator('dialog button[type=submit]'));
  await marta.page.locator('main h1', { hasText: 'Night watch' }).waitFor();
  for (const person of [jonas, mio]) await person.page.locator('nav section', { hasText: 'Night watch' }).waitFor();
  assert.equal(await mio.page.locator('nav section', { hasText: 'Between' }).count(), 0);
});

test('nobody’s page complained', () => {
  for (const person of [marta, jonas, mio]) assert.deepEqual(person.complaints, []);
});

// Whoever signed up first appoints officers, each of whom signs with a key of their own, made and used by ssh-keygen; then a suspension is asked for
// and approved. Nobody outside witnesses, so it is announced and waits: the person sees it at once, with its reasons, and objects. On a
// telephone and in the dark.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, Person, program, Server } from './harness.mjs';

const server = new Server();
const folder = mkdtempSync(join(tmpdir(), 'wardroom-e2e-keys-'));
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} signed up first */
let marta;
/** @type {Person} */
let lin;
/** @type {Person} */
let sora;
/** @type {Person} */
let eve;

before(async () => {
  await server.start();
  browser = await openBrowser();
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta' });
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', dark: true });
  sora = await Person.sitsDown(browser, { name: '宮本 空', account: 'sora' });
  eve = await Person.sitsDown(browser, { name: 'Eve Brandt', account: 'eve', width: 390, height: 800, phone: true });
  for (const person of [marta, lin, sora, eve]) await person.signsUp(await server.invite());
});
after(async () => {
  await browser?.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An officer's key: the line of its public part. @param {string} account */
function makesKey(account) {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', account, '-f', join(folder, account)]);
  return readFileSync(join(folder, `${account}.pub`), 'utf8').trim();
}

/** Goes to a place by its address. @param {Person} person @param {string} hash */
async function goes(person, hash) {
  await person.page.evaluate((to) => (location.hash = to), hash);
}

/** @param {Person} person @param {string} name */
async function isFit(person, name) {
  await person.shows(`warrants-${name}`);
  assert.deepEqual(await person.barriers(), [], name);
  const wrong = await person.page.evaluate((phone) => {
    const wide = [document.documentElement, ...document.querySelectorAll('main, main > *, dialog')].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => `too wide: ${one.className}`);
    if (!phone) return wide;
    const pressed = [...document.querySelectorAll('main button, main nav a, dialog button, textarea')];
    return [...wide, ...pressed.filter((one) => one.getBoundingClientRect().width > 0 && one.getBoundingClientRect().height < 43.5).map((one) => `too small: ${one.textContent}`)];
  }, person.who.phone === true);
  assert.deepEqual(wrong, [], name);
}

/**
 * Signs what is open on the desk and hands it in: Sora with the program, which shows what the warrant says, the others with ssh-keygen alone.
 * @param {Person} person @param {(dialog: import('playwright-core').Locator) => Promise<void>} [look] @param {string} [key] another than their own
 */
async function handsIn(person, look, key) {
  const { page, who } = person;
  await page.getByRole('button', { name: 'Approve with your key…' }).click();
  const dialog = page.getByRole('dialog');
  await look?.(dialog);
  const byProgram = person === sora;
  if (!byProgram) await dialog.locator('summary').click();
  const [saved] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: byProgram ? 'Save the warrant' : 'Save what is signed' }).click()]);
  const file = join(folder, `${key ?? who.account}-${saved.suggestedFilename()}`);
  await saved.saveAs(file);
  if (byProgram) execFileSync(program, ['approve', '--key', join(folder, who.account), file], { input: 'sign\n', stdio: 'pipe' });
  else execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'wardroom-warrant@v1', '-f', join(folder, key ?? who.account), file]);
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), dialog.getByRole('button', { name: 'Choose the file' }).click()]);
  await chooser.setFiles(`${file}.sig`);
  await page.waitForFunction(() => /** @type {HTMLTextAreaElement | null} */ (document.querySelector('dialog textarea'))?.value.startsWith('-----BEGIN SSH SIGNATURE-----'));
  await dialog.getByRole('button', { name: 'Hand in the approval' }).click();
  return dialog;
}

/** @param {Person} person @param {(dialog: import('playwright-core').Locator) => Promise<void>} [look] */
async function signs(person, look) {
  const dialog = await handsIn(person, look);
  await dialog.waitFor({ state: 'detached' });
}

test('whoever signed up first is alone, and no act of power exists; they ask for the first officers, themselves among them', async () => {
  const { page } = marta;
  assert.equal(await eve.page.locator('a[href="#/desk"]').count(), 0, 'nobody else has a desk');
  await page.locator('header a[href="#/desk"]').click();
  await page.getByText('You are alone: nobody is an officer yet').waitFor();
  await page.getByText('No outside witness yet: this record could be rewritten by whoever runs the server.').waitFor();
  await isFit(marta, 'alone');
  await page.getByRole('button', { name: 'Appoint the first officers…' }).click();
  await page.getByRole('button', { name: 'Add an officer' }).click();
  for (const [n, { who }] of [marta, lin, sora].entries()) {
    await page.getByLabel('Account').nth(n).fill(who.account);
    await page.getByLabel('Public key').nth(n).fill(makesKey(who.account));
  }
  await page.getByRole('button', { name: 'Ask for this warrant' }).click();
  await page.getByText('Something is missing above. It is marked.').waitFor();
  await isFit(marta, 'missing');
  await page.getByRole('radio', { name: 'A rule of the house' }).check();
  await page.getByLabel('Which law or rule, and where in it').fill('Statutes, 3');
  await page.getByLabel('Under whose law').fill('NO');
  await page.getByLabel('What happened, and why this follows').fill('There are no officers yet.');
  await page.getByRole('button', { name: 'Ask for this warrant' }).click();
  await page.getByRole('heading', { level: 1, name: 'Appoint the first officers' }).waitFor();
  await page.getByText('Approvals: 0 of 3').waitFor();
  await isFit(marta, 'first');
});

test('each of them signs with ssh-keygen; a signature by another key is refused in words; the last one makes them officers', async () => {
  await signs(marta, async (dialog) => {
    await dialog.getByText('wardroom approve --key').waitFor();
    await isFit(marta, 'sign');
  });
  await marta.page.getByText('Approvals: 1 of 3').waitFor();
  await marta.page.getByText('You have signed it').waitFor();
  for (const person of [lin, sora]) {
    await person.page.reload();
    await person.isIn();
    await person.page.locator('header a[href="#/desk"] .count').waitFor();
    await person.page.locator('header a[href="#/desk"]').click();
    await person.page.locator('main nav a', { hasText: 'Appoint the first officers' }).click();
    if (person === lin) {
      makesKey('stranger');
      const dialog = await handsIn(lin, undefined, 'stranger');
      await dialog.getByText('An approval is by a key that is no officer').waitFor();
      await isFit(lin, 'refused');
      await lin.page.keyboard.press('Escape');
      await lin.isBackAt(lin.page.getByRole('button', { name: 'Approve with your key…' }));
      await lin.page.getByText('Approvals: 1 of 3').waitFor();
    }
    await signs(person);
  }
  await sora.page.getByText('Approvals: 3 of 3').waitFor();
  await isFit(sora, 'officers');
  await goes(sora, '#/desk');
  await sora.page.getByRole('heading', { name: 'Who is in office' }).waitFor({ timeout: 70_000 });
  await sora.page.locator('main li', { hasText: 'Staff representative' }).waitFor();
});

test('an officer asks for a suspension: another refuses with reasons and then approves, and one more', async () => {
  const { page } = marta;
  await goes(marta, '#/desk');
  await page.getByRole('button', { name: 'Suspend somebody…' }).click();
  await page.getByRole('combobox', { name: 'Who' }).fill('eve');
  await page.getByLabel('Which law or rule, and where in it').fill('House rules, 14 (2)');
  await page.getByRole('radio', { name: 'A rule of the house' }).check();
  await page.getByLabel('Under whose law').fill('NO');
  await page.getByLabel('What happened, and why this follows').fill('A view-only drawing was shown on a public forum. Its mark names a session of this account.');
  await page.getByRole('button', { name: 'Add a piece of evidence' }).click();
  await page.getByLabel('What it is').fill('A picture from the forum');
  await page.getByLabel('What it proves').fill('Which session it was');
  await page.getByLabel('What it does not prove').fill('Whose hand held the camera');
  await page.getByLabel('Which milder step there is').fill('To withdraw the file; it is public already.');
  await isFit(marta, 'ask');
  await page.getByRole('button', { name: 'Ask for this warrant' }).click();
  await page.getByRole('heading', { level: 1, name: /^Suspend the account of Eve Brandt until/ }).waitFor();
  await page.getByText('It is not for you to approve').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Approve with your key…' }).count(), 0);
  await goes(lin, '#/');
  await goes(lin, '#/desk');
  await lin.page.locator('main nav a', { hasText: 'Suspend the account of Eve Brandt' }).press('Enter');
  await isFit(lin, 'deed');
  await lin.page.getByRole('button', { name: 'Refuse with reasons…' }).press('Enter');
  await lin.page.getByRole('textbox', { name: 'Reasons' }).fill('A session is no person.');
  await isFit(lin, 'refuse');
  await lin.page.getByRole('button', { name: 'Refuse', exact: true }).press('Enter');
  await lin.page.getByText('林秋砚 does not approve it').waitFor();
  await signs(lin);
  await lin.page.getByText('An officer of another office').waitFor();
  await goes(sora, '#/');
  await goes(sora, '#/desk');
  await sora.page.locator('main nav a', { hasText: 'Suspend the account of Eve Brandt' }).click();
  await signs(sora);
  await sora.page.getByText('Announced. Nothing has happened yet: it is carried out on').first().waitFor();
  await isFit(sora, 'announced');
});

test('the person is told at once: what, why, who, and that nothing has happened yet; they object, and it is a case', async () => {
  const { page } = eve;
  const news = page.getByRole('alert').filter({ hasText: 'Something was decided about you' });
  await news.waitFor();
  await isFit(eve, 'news');
  await news.getByRole('link').click();
  await page.getByRole('heading', { level: 2, name: /^Suspend your account until/ }).waitFor();
  for (const said of ['Announced. Nothing has happened yet: it is carried out on', 'Its mark names a session', 'House rules, 14 (2)', 'Whose hand held the camera', 'A session is no person.', 'Asked for by Marta Hallén', '林秋砚', '宮本 空', 'by this browser: what is signed is what this page says']) {
    await page.locator('main', { hasText: said }).waitFor();
  }
  await isFit(eve, 'person');
  await news.waitFor({ state: 'detached' });
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save all of it as a file' }).click()]);
  const { head, text } = JSON.parse(readFileSync(await saved.path(), 'utf8'));
  assert.match(text.subject, /^@eve:/);
  await page.getByRole('button', { name: 'Object…' }).click();
  await page.getByRole('textbox', { name: 'What is wrong with it?' }).fill('I was ill that day.');
  await isFit(eve, 'object');
  await page.getByRole('button', { name: 'Send the objection' }).click();
  await page.getByRole('button', { name: 'Show the case' }).click();
  await page.locator('ol.steps', { hasText: 'I was ill that day.' }).filter({ hasText: head.hash }).waitFor();
  for (const language of ['zh-Hans', 'zh-Hant', 'ja']) {
    for (const [person, hash] of /** @type {const} */ ([[eve, '#/decided'], [sora, '#/desk/ask/suspend']])) {
      await goes(person, hash);
      await person.page.evaluate((to) => localStorage.setItem('wardroom.language', to), language);
      await person.page.reload();
      await person.isIn();
      await person.page.locator(person === eve ? 'main article.deed' : 'main form').waitFor();
      await isFit(person, `${person.who.account}-${language}`);
    }
  }
  for (const person of [marta, lin, sora, eve]) assert.deepEqual(person.complaints, []);
});

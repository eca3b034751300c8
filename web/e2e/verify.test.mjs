// Who somebody is: people and devices verify each other by emoji, and a new identity is seen by the others.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let mio;

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin' });
  mio = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio', locale: 'ja-JP' });
  await lin.signsUp(await server.invite());
  await mio.signsUp(await server.invite());
  await lin.makesRoom('Harbour watch');
  await lin.invites('mio');
  await mio.joins();
  await lin.writes('Before anybody was verified.');
  await mio.reads('Before anybody was verified.');
});
after(async () => {
  await browser?.close();
  await server.close();
});

/** The emoji that a person sees, once they see seven. @param {Person} person */
async function emojiOf(person) {
  const list = person.page.locator('dialog ol li span');
  await list.nth(6).waitFor();
  return list.allTextContents();
}

/** What axe finds wrong with a view, wide and light as it is, and narrow and dark; and pictures of both. @param {Person} person @param {string} name */
async function isSound(person, name) {
  const { page } = person;
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  assert.deepEqual(await person.barriers(), [], name);
  await person.shows(name);
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await settled(page);
  assert.deepEqual(await person.barriers(), [], `${name}, narrow and dark`);
  await person.shows(`${name}-narrow`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(size);
  await settled(page);
}

/** Waits until colours have stopped to change. @param {import('playwright-core').Page} page */
async function settled(page) {
  await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await Promise.allSettled(document.getAnimations().map((one) => one.finished));
  });
}

/** Presses Tab until something has the focus, as one does without a mouse. @param {Person} person @param {string} role @param {string | RegExp} name */
async function tabsTo({ page }, role, name) {
  const wanted = page.getByRole(/** @type {any} */ (role), { name }).first();
  await wanted.waitFor();
  for (let n = 0; n < 60; n++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never came to ${role} ${String(name)}`);
}

/** Opens the list of people in the room, and the menu of one of them. @param {Person} person @param {RegExp} who */
async function menuOf({ page }, who) {
  if ((await page.locator('section[aria-label="Who is here"]').count()) === 0) await page.getByRole('button', { name: 'Who is here' }).click();
  await page.locator('section[aria-label="Who is here"]').getByRole('button', { name: who }).click();
}

test('nobody is verified at first, and that is said calmly where it matters', async () => {
  const { page } = lin;
  await page.locator('.banner').getByText('1 not verified').waitFor();
  await menuOf(lin, /佐伯/);
  await page.getByRole('menuitem', { name: 'About this person…' }).click();
  const card = page.getByRole('dialog');
  await card.getByText('Not verified').waitFor();
  await card.getByText('Signed by its owner').waitFor();
  await isSound(lin, 'person-card');
  await page.keyboard.press('Escape');
});

/** Keys that somebody else has made in the name of a person, as they stand in the database once they were put there by hand. @param {string} user */
function ghostOf(user) {
  const made = () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return { privateKey, key: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64').replace(/=+$/, '') };
  };
  const [master, selfSigning] = [made(), made()];
  const bare = (/** @type {string} */ usage, /** @type {string} */ key) => ({ keys: { [`ed25519:${key}`]: key }, usage: [usage], user_id: user });
  const signed = bare('self_signing', selfSigning.key);
  const signature = sign(null, Buffer.from(JSON.stringify(signed)), master.privateKey).toString('base64').replace(/=+$/, '');
  return { master: bare('master', master.key), selfSigning: { ...signed, signatures: { [user]: { [`ed25519:${master.key}`]: signature } } } };
}

test('an identity that the server gives out and has not recorded is not written to', async () => {
  const { page } = lin;
  const asked = '**/_matrix/client/v3/keys/query';
  /** @type {ReturnType<typeof ghostOf> | undefined} */
  let ghost;
  await page.route(asked, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    for (const user of Object.keys(body.master_keys)) {
      if (!user.startsWith('@mio:')) continue;
      ghost ??= ghostOf(user);
      body.master_keys[user] = ghost.master;
      body.self_signing_keys[user] = ghost.selfSigning;
    }
    await route.fulfill({ response: answer, json: body });
  });
  const learn = async () => {
    await menuOf(lin, /佐伯/);
    await page.getByRole('menuitem', { name: 'About this person…' }).click();
    await page.getByRole('dialog').locator('li').first().waitFor(); // the server was asked
    await page.keyboard.press('Escape');
  };
  await learn();
  const said = page.getByRole('alert').filter({ hasText: 'The identity of 佐伯 澪 is not in the public record' });
  await said.waitFor();
  await page.locator('.banner').getByText('1 identity not in the record').waitFor();
  await isSound(lin, 'identity-unproven');
  /** @type {string[]} */
  const left = [];
  page.on('request', (request) => {
    if (/\/send\/m\.room\.encrypted\/|\/sendToDevice\//.test(request.url())) left.push(request.url());
  });
  await lin.writes('Not for somebody else.');
  await page.getByText('The identity of somebody here is not in the public record.').waitFor();
  assert.deepEqual(left, [], 'something has left');

  await page.unroute(asked);
  await said.getByRole('button', { name: 'Look again' }).click();
  await said.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Try again' }).click();
  await lin.seesSaved('Not for somebody else.');
  await mio.reads('Not for somebody else.');
});

test('two people in two languages see that their emoji differ, and nobody is verified', async () => {
  await menuOf(lin, /佐伯/);
  await lin.page.getByRole('menuitem', { name: 'Verify by emoji…' }).click();
  await lin.page.getByRole('dialog').getByText('take up your invitation').waitFor();
  await isSound(lin, 'verify-asked');
  await mio.joins(); // the direct conversation in which they are asked
  const notice = mio.page.getByRole('status', { name: '本人確認' });
  await notice.getByText('Lin Qiuyan さんから本人確認の依頼があります').waitFor();
  assert.equal(await mio.page.locator('dialog').count(), 0, 'a notice takes no focus');
  await isSound(mio, 'verify-notice-ja');
  await notice.getByRole('button', { name: '絵文字を見比べる' }).click();
  assert.deepEqual(await emojiOf(lin), await emojiOf(mio));
  await isSound(lin, 'verify-compare');
  await isSound(mio, 'verify-compare-ja');
  await mio.page.getByRole('button', { name: '違います' }).click();
  await lin.page.getByText('Not the same: nobody is verified').waitFor();
  await mio.page.getByText('一致しません').waitFor();
  await isSound(lin, 'verify-mismatch');
  await mio.page.getByRole('button', { name: '閉じる' }).last().click();
});

test('they verify each other, one by keyboard alone and one after closing the dialog in between', async () => {
  await lin.page.getByRole('button', { name: 'Start again' }).click();
  await lin.page.getByRole('dialog').getByText('has been asked').waitFor();
  await lin.page.keyboard.press('Escape');
  await lin.page.getByText('is under way').waitFor();
  await isSound(lin, 'verify-under-way');
  await tabsTo(mio, 'button', '絵文字を見比べる');
  await mio.page.keyboard.press('Enter');
  await lin.page.getByRole('button', { name: 'Continue' }).click();
  assert.deepEqual(await emojiOf(lin), await emojiOf(mio));
  await tabsTo(mio, 'button', '同じです');
  await mio.page.keyboard.press('Enter');
  await mio.page.getByText('Lin Qiuyan さんの回答はまだです').waitFor();
  await lin.page.getByRole('button', { name: 'They are the same' }).click();
  await lin.page.getByRole('heading', { name: '佐伯 澪 is verified' }).waitFor();
  await mio.page.getByRole('heading', { name: 'Lin Qiuyan さんの本人確認ができました' }).waitFor();
  await isSound(lin, 'verify-done');
  await mio.page.keyboard.press('Escape');
  await lin.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await lin.page.locator('section[aria-label="Who is here"]').getByText('Verified').waitFor();
  await lin.page.locator('.banner').getByText('not verified').waitFor({ state: 'detached' });
  await isSound(lin, 'people-verified');
  await lin.page.locator('section[aria-label="Who is here"]').getByRole('button', { name: 'Close' }).click();
});

test('a new device is verified by another one, and reads history without the recovery key', async () => {
  const device = await Person.sitsDown(browser, { name: 'Lin Qiuyan', account: 'lin' });
  await device.page.goto(server.url);
  await device.signsIn();
  await device.page.getByRole('button', { name: 'Compare with another device of yours' }).click();
  await device.page.getByRole('dialog').getByText('Open Wardroom on one of them').waitFor();
  await isSound(device, 'restore-compare');
  const notice = lin.page.getByRole('status', { name: 'Verification' });
  await notice.getByText('Another device of yours wants to be verified').waitFor();
  await isSound(lin, 'own-notice');
  await notice.getByRole('button', { name: 'Compare emoji' }).click();
  assert.deepEqual(await emojiOf(device), await emojiOf(lin));
  // The new device has the last word here, so the keys are asked for after it and not after news of the server.
  await lin.page.getByRole('button', { name: 'They are the same' }).click();
  await lin.page.getByText('You said so here').waitFor();
  await device.page.getByRole('button', { name: 'They are the same' }).click();
  await lin.page.getByText('The other device is verified').waitFor();
  await lin.page.keyboard.press('Escape');
  await device.isIn();
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.reads('Before anybody was verified.');
  await device.page.getByRole('button', { name: 'Who is here' }).click();
  await device.page.locator('section[aria-label="Who is here"]').getByText('Verified').waitFor();
  await device.writes('From the second device.');
  await mio.page.getByRole('link', { name: 'Harbour watch' }).click();
  await mio.reads('From the second device.');
  assert.deepEqual(device.complaints, []);
  await device.context.close();
});

test('an identity that was begun anew is seen by those who verified it, and stops their sending until they decide', async () => {
  // Somebody who never verified anybody.
  const sora = await Person.sitsDown(browser, { name: 'Sora', account: 'sora', locale: 'zh-CN' });
  await sora.signsUp(await server.invite());
  await lin.page.getByRole('link', { name: 'Harbour watch' }).click();
  await lin.invites('sora');
  await sora.joins();
  await sora.writes('好的，收到。');
  await mio.reads('好的，收到。');

  const device = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio' });
  await device.page.goto(server.url);
  await device.signsIn();
  await device.page.getByRole('button', { name: 'I have lost the key…' }).click();
  await device.page.getByRole('button', { name: 'Make a new key…' }).click();
  await device.page.locator('input[type=password]').fill(mio.password);
  await device.keepsKey();

  const { page } = lin;
  await page.getByRole('link', { name: 'Harbour watch' }).click();
  await page.getByText('The identity of 佐伯 澪 has changed').waitFor();
  await page.locator('.banner').getByText('1 changed identity').waitFor();
  await isSound(lin, 'identity-changed');
  await lin.writes('Written while it was not clear.');
  await page.locator('article', { hasText: 'Written while it was not clear.' }).getByText('has a new identity').waitFor();
  await device.page.getByRole('link', { name: 'Harbour watch' }).click();
  await device.writes('From the new identity.');
  await page.locator('article', { hasText: 'From the new identity.' }).getByText('has changed since you verified it').waitFor();
  await isSound(lin, 'identity-changed-messages');
  await sora.page.getByText('佐伯 澪的身份与这里最初看到的不同').waitFor();
  await isSound(sora, 'identity-renewed-zh');
  await sora.page.getByRole('button', { name: '我知道了' }).click();
  await sora.page.getByText('佐伯 澪的身份与这里最初看到的不同').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Accept without verifying…' }).click();
  await isSound(lin, 'identity-accept');
  await page.getByRole('button', { name: 'Accept and send again' }).click();
  await page.getByText('The identity of 佐伯 澪 has changed').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Try again' }).click();
  await lin.seesSaved('Written while it was not clear.');
  await device.reads('Written while it was not clear.');
  assert.deepEqual([...lin.complaints, ...mio.complaints, ...sora.complaints], []);
  await device.context.close();
});

test('somebody who is in the room by the server’s word alone gets nothing, is named, and is let in by a member', async () => {
  const { page } = lin;
  const eve = await Person.sitsDown(browser, { name: 'Eve', account: 'eve' });
  await eve.signsUp(await server.invite());
  // What a server can say of its own accord, it says here because another app asks for it: nobody’s device signs anything.
  const room = decodeURIComponent(page.url().split('/').at(-1) ?? '');
  /** @param {string} path @param {object} body @param {string} [token] */
  const post = async (path, body, token) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}/_matrix/client/v3/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, path);
    return answer.json();
  };
  const app = await post('login', { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'mio' }, password: mio.password });
  await post(`rooms/${encodeURIComponent(room)}/invite`, { user_id: app.user_id.replace('mio', 'eve') }, app.access_token);
  await eve.joins();
  await page.locator('.banner').getByText('1 held back').waitFor();
  const news = page.getByRole('status').filter({ hasText: 'Eve is held back' });
  await news.getByText('added them to listen').waitFor();
  await isSound(lin, 'held-back');
  await lin.writes('Not for who listens.');
  await lin.seesSaved('Not for who listens.');
  await news.getByRole('button', { name: 'Let in…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Let in' }).click();
  await news.waitFor({ state: 'detached' });
  await lin.writes('Welcome.');
  await eve.reads('Welcome.');
  assert.equal(await eve.page.getByText('Not for who listens.').count(), 0);
  await page.locator('.banner').getByText('held back').waitFor({ state: 'detached' });
  assert.deepEqual([...lin.complaints, ...eve.complaints], []);
  await eve.context.close();
});

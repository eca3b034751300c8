// The pictures of people and rooms: cut to a square in the browser, bare of what a camera writes, seen by the others, and taken back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let marta;
/** @type {Buffer} a picture wider than high, with words behind its pixels */
let photograph;
const note = 'taken at the north gate';

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  marta = await Person.sitsDown(browser, { name: 'Marta Hallén', account: 'marta', locale: 'ja-JP', width: 390, height: 800, phone: true });
  await lin.signsUp(await server.invite());
  await marta.signsUp(await server.invite());
  const drawn = await lin.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = 600;
    canvas.height = 400;
    const pen = canvas.getContext('2d');
    if (pen === null) throw new Error('no canvas');
    for (const [n, colour] of ['#14506a', '#dda52f', '#27663d'].entries()) {
      pen.fillStyle = colour;
      pen.fillRect(n * 200, 0, 200, 400);
    }
    return canvas.toDataURL('image/png').split(',')[1] ?? '';
  });
  photograph = Buffer.concat([Buffer.from(drawn, 'base64'), Buffer.from(note)]);
});

after(async () => {
  await browser.close();
  await server.close();
});

const file = () => ({ name: 'photo.png', mimeType: 'image/png', buffer: photograph });

/** Chooses a file in the open dialog and takes it, by keyboard alone. @param {Person} person @param {string} choose @param {string} slider */
async function takes(person, choose, slider) {
  const { page } = person;
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: choose }).focus();
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(file());
  const way = page.getByRole('slider', { name: slider });
  await way.focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(Number(await way.inputValue()) > 0.5);
  assert.deepEqual(await person.barriers(), []);
  await person.shows(`picture-crop-${person.who.account}`);
  await page.locator('dialog button[type=submit]').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor({ state: 'detached' });
}

test('one’s own picture, by keyboard alone, before one is in any room', async () => {
  const { page } = lin;
  await page.goto(`${server.url}/#/settings/profile`);
  await page.getByRole('button', { name: '更换头像…' }).focus();
  await page.keyboard.press('Enter');
  await takes(lin, '选择文件…', '左右');
  await page.locator('main img.who.large').waitFor();
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('picture-profile-zh-Hans');
  await page.reload();
  await page.locator('header.top img.who').waitFor();
});

test('what is not a picture is said to be none', async () => {
  const { page } = lin;
  await page.getByRole('button', { name: '更换头像…' }).click();
  await page.locator('dialog input[type=file]').setInputFiles({ name: 'words.png', mimeType: 'image/png', buffer: Buffer.from('no pixels') });
  await page.locator('dialog [role=alert]', { hasText: '无法' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});

test('the others see it where the person stands, and get the pixels alone', async () => {
  await lin.page.goto(`${server.url}/#/`);
  await lin.makesRoom('Tide tables');
  await lin.invites('marta');
  await marta.joins();
  await lin.writes('Good morning');
  await marta.reads('Good morning');
  await marta.page.locator('[role=log] article img.who').first().waitFor();
  await marta.shows('picture-timeline-ja');
  const base = `${server.url}/_matrix/client`;
  const login = await fetch(`${base}/v3/login`, { method: 'POST', body: JSON.stringify({ type: 'm.login.password', identifier: { type: 'm.id.user', user: 'marta' }, password: marta.password }) });
  const { access_token } = await login.json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const { avatar_url } = await (await fetch(`${base}/v3/profile/@lin:localhost`, { headers })).json();
  const bytes = Buffer.from(await (await fetch(`${base}/v1/media/download/${avatar_url.slice('mxc://'.length)}`, { headers })).arrayBuffer());
  assert.equal(bytes.subarray(0, 3).toString('hex'), 'ffd8ff');
  assert.ok(!bytes.includes(note));
  assert.ok(!bytes.includes('Exif'));
});

test('the picture of a room is changed by who may, and by nobody else', async () => {
  const { page } = marta;
  await page.locator('main header [aria-haspopup=menu]').click();
  await page.locator('[role=menuitem]').first().waitFor();
  assert.equal(await page.locator('[role=menuitem]', { hasText: '画像' }).count(), 0);
  await page.keyboard.press('Escape');
  await lin.page.locator('main header [aria-haspopup=menu]').click();
  await lin.page.locator('[role=menuitem]', { hasText: '头像' }).click();
  await takes(lin, '选择文件…', '左右');
  await lin.page.locator('nav img.who.round').waitFor();
  await page.locator('main header img.who.round').waitFor();
  await lin.shows('picture-room-zh-Hans');
  assert.deepEqual(await lin.barriers(), []);
});

test('taken back, the first character of the name stands there again, for everybody', async () => {
  const { page } = lin;
  await page.goto(`${server.url}/#/settings/profile`);
  await page.getByRole('button', { name: '更换头像…' }).click();
  await page.getByRole('button', { name: '移除头像' }).click();
  await page.locator('main span.who.large', { hasText: '林' }).waitFor();
  await marta.page.locator('[role=log] article span.who', { hasText: '林' }).first().waitFor();
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(marta.complaints, []);
});

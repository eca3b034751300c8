// A photograph and a file, from one browser to another: encrypted on the way, the same at the end.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

const server = new Server();
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Person} */
let lin;
/** @type {Person} */
let jonas;
/** @type {Buffer} */
let photograph;
/** @type {Buffer[]} what the server was given */
const uploaded = [];

/** Puts a note into a PNG, as cameras do. @param {Buffer} png */
function withNote(png) {
  const at = png.indexOf('IEND') - 4;
  const note = Buffer.from('tEXtComment\0taken at 59.91 N 10.75 E');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(note.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc(note));
  return Buffer.concat([png.subarray(0, at), length, note, check, png.subarray(at)]);
}

/** @param {Buffer} bytes */
function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let n = 0; n < 8; n++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** Saves what a button gives, and returns the bytes. @param {Person} person @param {import('playwright-core').Locator} button */
async function downloads(person, button) {
  const [download] = await Promise.all([person.page.waitForEvent('download'), button.click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

before(async () => {
  await server.start();
  browser = await openBrowser();
  lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN' });
  jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas' });
  await lin.signsUp(await server.invite());
  await jonas.signsUp(await server.invite());
  await lin.makesRoom('7号泊位岸桥检验');
  await lin.invites('jonas');
  await jonas.joins();
  await lin.writes('早上好');
  await jonas.reads('早上好');
  photograph = withNote(
    Buffer.from(
      await jonas.page.evaluate(async () => {
        const canvas = document.createElement('canvas');
        canvas.width = 1200;
        canvas.height = 900;
        const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const sky = pen.createLinearGradient(0, 0, 0, 900);
        sky.addColorStop(0, '#8fb7cf');
        sky.addColorStop(1, '#d9c9a8');
        pen.fillStyle = sky;
        pen.fillRect(0, 0, 1200, 900);
        pen.fillStyle = '#34505e';
        pen.fillRect(150, 700, 900, 60);
        pen.fillRect(300, 200, 40, 500);
        pen.fillRect(300, 200, 600, 30);
        return canvas.toDataURL('image/png').split(',')[1] ?? '';
      }),
      'base64',
    ),
  );
  await jonas.page.route('**/_matrix/media/v3/upload*', async (route) => {
    const body = route.request().postDataBuffer();
    if (body !== null) uploaded.push(body);
    await route.continue();
  });
});
after(async () => {
  await browser?.close();
  await server.close();
});

test('a photograph is sent as it is; the other one sees it and downloads it byte-identical', async () => {
  await jonas.page.locator('main input[type=file]').setInputFiles({ name: 'crane 7.png', mimeType: 'image/png', buffer: photograph });
  const dialog = jonas.page.locator('dialog');
  await dialog.getByText('The picture alone').waitFor();
  assert.ok(await dialog.getByRole('radio').first().isChecked(), 'the camera’s notes stay here unless one says otherwise');
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.shows('files-send');
  await dialog.getByRole('radio').nth(1).check();
  await dialog.getByRole('button', { name: 'Send to 1 person' }).click();
  await jonas.page.locator('[role=log] article', { has: jonas.page.locator('img') }).locator('.state', { hasText: 'Saved by the server' }).waitFor();

  const picture = lin.page.locator('[role=log] article').getByRole('button', { name: 'crane 7.png' });
  await picture.locator('img').waitFor();
  assert.equal(await picture.locator('img').evaluate(async (img) => (await /** @type {HTMLImageElement} */ (img).decode(), /** @type {HTMLImageElement} */ (img).naturalWidth)), 800);
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('files-picture');
  await picture.press('Enter');
  const whole = lin.page.locator('dialog img');
  await whole.waitFor();
  assert.equal(await whole.evaluate(async (img) => (await /** @type {HTMLImageElement} */ (img).decode(), /** @type {HTMLImageElement} */ (img).naturalWidth)), 1200);
  assert.deepEqual(await lin.barriers(), []);
  await lin.shows('files-whole');
  const { name, bytes } = await downloads(lin, lin.page.locator('dialog').getByRole('button', { name: '下载' }));
  assert.equal(name, 'crane 7.png');
  assert.ok(bytes.equals(photograph));
  await lin.page.keyboard.press('Escape');
  await lin.page.locator('dialog').waitFor({ state: 'detached' });
});

test('the server was given nothing that it could read', () => {
  assert.equal(uploaded.length, 2); // the whole and the small one
  for (const bytes of uploaded) assert.ok(!bytes.includes('IHDR') && !bytes.includes('tEXt'));
});

test('sent as the picture alone, it has lost the camera’s notes', async () => {
  await jonas.page.locator('main input[type=file]').setInputFiles({ name: 'crane 8.png', mimeType: 'image/png', buffer: photograph });
  await jonas.page.locator('dialog').getByText('The picture alone').waitFor();
  await jonas.page.locator('dialog button[type=submit]').click();
  await lin.page.locator('[role=log] article').getByRole('button', { name: 'crane 8.png' }).press('Enter');
  const { bytes } = await downloads(lin, lin.page.locator('dialog').getByRole('button', { name: '下载' }));
  assert.ok(bytes.includes('IHDR'));
  assert.ok(!bytes.includes('59.91 N') && !bytes.includes('tEXt'));
  await lin.page.keyboard.press('Escape');
  await lin.page.locator('dialog').waitFor({ state: 'detached' });
});

test('any other file is a card with its name and size', async () => {
  const table = Buffer.from('crane;load\n7;38 t\n');
  await lin.page.locator('main input[type=file]').setInputFiles({ name: '去年的荷载表.csv', mimeType: 'text/csv', buffer: table });
  await lin.page.locator('dialog button[type=submit]').click();
  const card = jonas.page.locator('[role=log] article', { hasText: '去年的荷载表.csv' });
  const { name, bytes } = await downloads(jonas, card.getByRole('button', { name: 'Download' }));
  assert.equal(name, '去年的荷载表.csv');
  assert.ok(bytes.equals(table));
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.shows('files-card');
  await jonas.page.setViewportSize({ width: 390, height: 800 });
  await jonas.page.emulateMedia({ colorScheme: 'dark' });
  await jonas.shows('files-phone-dark');
  assert.equal(await jonas.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await jonas.page.emulateMedia({ colorScheme: 'light' });
  await jonas.page.setViewportSize({ width: 1280, height: 800 });
});

test('without a connection an upload is held, says why, can be cancelled, and leaves by itself', async () => {
  await server.kill();
  const choose = async (/** @type {string} */ name) => {
    await jonas.page.locator('main input[type=file]').setInputFiles({ name, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 report') });
    await jonas.page.locator('dialog button[type=submit]').click();
  };
  const line = (/** @type {string} */ name) => jonas.page.getByRole('list', { name: 'Files being sent' }).getByRole('listitem').filter({ hasText: name });
  await choose('draft.pdf');
  await line('draft.pdf').getByText('Not sent yet: the server does not answer.').waitFor();
  await choose('report.pdf');
  assert.deepEqual(await jonas.barriers(), []);
  await jonas.shows('files-held');
  await line('draft.pdf').getByRole('button', { name: 'Cancel draft.pdf' }).click();
  await line('report.pdf').getByText('Not sent yet: the server does not answer.').waitFor();
  await jonas.page.setViewportSize({ width: 390, height: 800 });
  await jonas.page.emulateMedia({ colorScheme: 'dark' });
  await jonas.shows('files-held-phone-dark');
  await jonas.page.emulateMedia({ colorScheme: 'light' });
  await jonas.page.setViewportSize({ width: 1280, height: 800 });
  await server.start();
  await lin.page.locator('[role=log] article', { hasText: 'report.pdf' }).waitFor();
  await line('report.pdf').waitFor({ state: 'detached' });
  assert.equal(await lin.page.locator('[role=log] article', { hasText: 'draft.pdf' }).count(), 0);
});

test('nobody’s page complained', () => {
  assert.deepEqual(lin.complaints, []);
  assert.deepEqual(jonas.complaints, []);
});

// A day of an office, once with a pointer and once by keyboard alone: three people, three languages, a room and a
// conversation of two, a photograph, an edit, a reaction, a thread, a server that is killed in between, a second device.
// Everybody ends with the same messages.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openBrowser, Person, Server } from './harness.mjs';

for (const keyboard of [false, true]) {
  describe(keyboard ? 'by keyboard alone' : 'with a pointer', () => {
    const server = new Server();
    /** @type {import('playwright-core').Browser} */
    let browser;
    /** @type {Person} */
    let lin;
    /** @type {Person} */
    let jonas;
    /** @type {Person} */
    let mio;
    /** @type {Person} */
    let tablet;
    after(async () => {
      await browser?.close();
      await server.close();
    });

    test('three people sign up and meet in a room', async () => {
      await server.start();
      browser = await openBrowser();
      lin = await Person.sitsDown(browser, { name: '林秋砚', account: 'lin', locale: 'zh-CN', keyboard });
      jonas = await Person.sitsDown(browser, { name: 'Jonas Wedekind', account: 'jonas', keyboard });
      mio = await Person.sitsDown(browser, { name: '佐伯 澪', account: 'mio', locale: 'ja-JP', keyboard });
      for (const person of [lin, jonas, mio]) await person.signsUp(await server.invite());
      await lin.makesRoom('7号泊位岸桥检验');
      await lin.writes('各位早上好，年检报告放在二楼资料室。');
      await lin.seesSaved('各位早上好', '服务器已保存');
      await lin.invites('jonas');
      await lin.invites('mio');
      await jonas.joins();
      await mio.joins();
      for (const person of [jonas, mio]) await person.reads('各位早上好');
    });

    test('they talk: an edit, a reaction, an answer, a photograph', async () => {
      await lin.does('各位早上好', '编辑');
      await lin.hands.write(lin.page.locator('main textarea'), '各位早上好，年检报告放在三楼资料室。');
      await lin.page.keyboard.press('Enter');
      for (const person of [jonas, mio]) await person.reads('三楼资料室');

      await mio.does('三楼资料室', 'リアクション…');
      await mio.hands.press(mio.page.getByRole('dialog').getByRole('button', { name: '✅' }));
      await jonas.row('三楼资料室').getByRole('button', { name: '✅ from 佐伯 澪' }).waitFor();

      await jonas.does('三楼资料室', 'Reply');
      await jonas.writes('I can be there at 15:00.');
      await lin.reads('I can be there');

      await jonas.hands.attach(jonas.page.locator('main').getByRole('button', { name: 'Attach' }), { name: 'crane 7.png', mimeType: 'image/png', buffer: await photograph(jonas) });
      await jonas.hands.press(jonas.page.locator('dialog button[type=submit]'));
      for (const person of [lin, mio]) await person.page.locator('[role=log] article').getByRole('button', { name: 'crane 7.png' }).locator('img').waitFor();
    });

    test('two go on in a thread', async () => {
      await mio.does('I can be there', 'スレッドで返信');
      const field = (/** @type {Person} */ person) => person.page.locator('main textarea').last();
      await mio.page.locator('main textarea').nth(1).waitFor();
      await mio.hands.write(field(mio), '先に鍵を借りておきます。');
      await mio.page.keyboard.press('Enter');
      await jonas.hands.press(jonas.page.locator('a[data-thread]').last());
      await jonas.reads('先に鍵を');
      await jonas.hands.write(field(jonas), 'Thank you, berth office is open from 14:00.');
      await jonas.page.keyboard.press('Enter');
      await mio.reads('berth office is open');
      for (const person of [mio, jonas]) {
        await person.page.keyboard.press('Escape');
        await person.page.locator('main textarea').nth(1).waitFor({ state: 'detached' });
      }
    });

    test('two of them talk alone', async () => {
      await mio.talksTo('jonas');
      await mio.writes('検査の件、先に二人で確認しませんか。');
      await mio.seesSaved('検査の件', 'サーバーに保存済み');
      await jonas.joins();
      await jonas.reads('検査の件');
      await jonas.writes('Yes, at 14:30 in my office.');
      await mio.reads('at 14:30');
      await mio.opens('7号泊位岸桥检验');
      await jonas.opens('7号泊位岸桥检验');
    });

    test('the server is killed in the middle, and started again', async () => {
      await jonas.writes('Written a moment before.');
      await server.kill();
      await lin.writes('服务器停着的时候写的。');
      await mio.writes('サーバーが止まっている間に書きました。');
      await lin.row('停着的时候').locator('.state', { hasText: /等待发送|不知道服务器是否已保存/ }).waitFor();
      await server.start();
      for (const person of [lin, jonas, mio]) for (const text of ['a moment before', '停着的时候', '止まっている間']) await person.reads(text);
      await lin.seesSaved('停着的时候', '服务器已保存');
    });

    test('a second device is restored with the recovery key', async () => {
      tablet = await Person.sitsDown(browser, { ...mio.who });
      await tablet.page.goto(server.url);
      await tablet.signsIn();
      await tablet.restores(mio.recoveryKey);
      await tablet.opens('7号泊位岸桥检验');
      await tablet.writes('タブレットからも読めます。');
      for (const person of [lin, jonas, mio]) await person.reads('タブレット');
    });

    test('everybody has the same messages', async () => {
      const room = await told(lin, 7);
      assert.deepEqual(room.map(({ says }) => says).slice(0, 3), ['各位早上好，年检报告放在三楼资料室。', 'I can be there at 15:00.', 'crane 7.png']);
      assert.deepEqual(room[0]?.reactions, ['✅ 1']);
      for (const person of [jonas, mio, tablet]) assert.deepEqual(await told(person, 7), room);
      for (const person of [lin, jonas, mio, tablet]) {
        await person.hands.press(person.page.locator('a[data-thread]').last());
        const thread = (await told(person, 3, 1)).map(({ says }) => says);
        assert.deepEqual(thread, ['I can be there at 15:00.', '先に鍵を借りておきます。', 'Thank you, berth office is open from 14:00.']);
      }
      await mio.opens('Jonas Wedekind');
      await tablet.opens('Jonas Wedekind');
      await jonas.opens('佐伯 澪');
      const two = await told(mio, 2);
      for (const person of [jonas, tablet]) assert.deepEqual(await told(person, 2), two);
    });

    test('nobody’s page complained', () => {
      for (const person of [lin, jonas, mio, tablet]) assert.deepEqual(person.complaints, []);
    });
  });
}

/** A drawing of a crane, as a camera’s PNG. @param {Person} person @returns {Promise<Buffer>} */
async function photograph(person) {
  const drawn = await person.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1200, 900];
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    pen.fillStyle = '#8fb7cf';
    pen.fillRect(0, 0, 1200, 900);
    pen.fillStyle = '#34505e';
    for (const [x, y, width, height] of [[150, 700, 900, 60], [300, 200, 40, 500], [300, 200, 600, 30]]) pen.fillRect(x ?? 0, y ?? 0, width ?? 0, height ?? 0);
    return canvas.toDataURL('image/png').split(',')[1] ?? '';
  });
  return Buffer.from(drawn, 'base64');
}

/**
 * What the open room says on somebody’s screen, once n messages stand there and all are on the server.
 *
 * @param {Person} person
 * @param {number} n
 * @param {number} [log] 0 for the room, 1 for the thread beside it
 */
async function told(person, n, log = 0) {
  await person.page.waitForFunction(([wanted, at]) => document.querySelectorAll('[role=log]')[at ?? 0]?.querySelectorAll('[id*="$"] article').length === wanted, [n, log]);
  return person.page.evaluate((at) =>
    [...(document.querySelectorAll('[role=log]')[at]?.querySelectorAll('[id*="$"]') ?? [])].flatMap((place) => {
      const article = place.querySelector('article');
      if (article === null) return [];
      const words = [...article.querySelectorAll('p[lang]')].map((p) => [...p.childNodes].filter((part) => !(part instanceof Element && part.matches('.meta'))).map((part) => part.textContent).join('').trim());
      return [
        {
          id: place.id,
          says: words.join('\n') || (/crane \d\.png/.exec(article.querySelector('button:has(img)')?.getAttribute('aria-label') ?? '')?.[0] ?? 'nothing'),
          reactions: [...article.querySelectorAll('button[aria-pressed]')].map((one) => [...one.querySelectorAll('[aria-hidden]')].map((part) => part.textContent).join(' ')),
        },
      ];
    }), log);
}

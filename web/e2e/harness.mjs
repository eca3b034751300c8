// What the stories stand on: the real program on a free port with an empty folder, and real browsers.
//
//   WARDROOM_BIN  the program (../bin/wardroom)
//   CHROMIUM      the browser (/usr/bin/chromium)
//   SHOTS         a folder for pictures of the views; without it none are taken

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Keyboard, Pointer } from './hands.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
export const program = resolve(process.env['WARDROOM_BIN'] ?? join(here, '../../bin/wardroom'));
const shots = process.env['SHOTS'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The server under test. It can be killed and started again on the same folder and port. */
export class Server {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  #data = mkdtempSync(join(tmpdir(), 'wardroom-e2e-'));
  #port = 0;
  #said = '';
  #config;
  url = '';

  /** @param {string} config what stands in its configuration, in TOML */
  constructor(config = '') {
    this.#config = config;
  }

  /** Starts it and waits until it says where it is. */
  async start() {
    const child = spawn(program, ['serve', ...this.#configured(), '--data', this.#data, '--listen', `127.0.0.1:${this.#port}`, '--unlimited'], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#said = '';
    child.stderr.on('data', (chunk) => (this.#said += chunk));
    await new Promise((done, failed) => {
      child.stdout.on('data', (chunk) => {
        this.#said += chunk;
        const at = /at (http:\S+:(\d+))/.exec(this.#said);
        if (at === null || !this.#said.includes('\n')) return;
        this.url = at[1] ?? '';
        this.#port = Number(at[2]);
        done(undefined);
      });
      child.once('exit', (code) => failed(new Error(`wardroom ended with ${code}:\n${this.#said}`)));
      child.once('error', failed);
    });
  }

  #configured() {
    if (this.#config === '') return [];
    const file = join(this.#data, 'wardroom.toml');
    writeFileSync(file, this.#config);
    return ['--config', file];
  }

  /** A link with which one more person signs up. */
  async invite() {
    const child = spawn(program, ['invite', '--data', this.#data, '--uses', '1', '--token-only'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let token = '';
    child.stdout.on('data', (chunk) => (token += chunk));
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`wardroom invite ended with ${code}`);
    return `${this.url}/#/invite/${token.trim()}`;
  }

  /** Kills it where it stands. */
  async kill() {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends it for good. */
  async close() {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** The browser of all the people in a story. */
export async function openBrowser() {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/**
 * @typedef {{ name: string, account: string, password?: string, locale?: string, width?: number, height?: number, dark?: boolean, phone?: boolean, keyboard?: boolean, misses?: boolean }} Who
 */

/** Somebody in front of a browser of their own. */
export class Person {
  /** @type {string[]} what the page complained about, refusals by the Content-Security-Policy among it */
  complaints = [];
  /** @type {string} */
  recoveryKey = '';

  /**
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('playwright-core').Page} page
   * @param {Who} who
   */
  constructor(context, page, who) {
    this.context = context;
    this.page = page;
    this.who = who;
    this.hands = who.keyboard ? new Keyboard(page) : new Pointer(page);
    this.password = who.password ?? 'four plain words here';
    page.on('console', (message) => {
      // A request that was refused or had no answer is told by the page itself.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {Who} who
   */
  static async sitsDown(browser, who) {
    const context = await browser.newContext({
      locale: who.locale ?? 'en-GB',
      timezoneId: 'Europe/Oslo',
      viewport: { width: who.width ?? 1280, height: who.height ?? 800 },
      colorScheme: who.dark ? 'dark' : 'light',
      ...(who.phone ? { hasTouch: true, isMobile: true } : {}),
    });
    // The servers of the stories are honest: whoever is told that something is missing is told wrongly.
    if (!who.misses) await context.addInitScript(complainOfGaps);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    return new Person(context, page, who);
  }

  /** Signs up from a link, keeps the recovery key, and arrives in the main view. @param {string} link */
  async signsUp(link) {
    const { page, who, hands } = this;
    await page.goto(link);
    const inputs = page.locator('form input');
    await hands.write(inputs.nth(0), who.name);
    await hands.write(inputs.nth(1), who.account);
    await hands.write(inputs.nth(2), this.password);
    await hands.write(inputs.nth(3), this.password);
    await hands.press(page.locator('button[type=submit]'));
    await this.keepsKey();
  }

  /** Reads the recovery key off the page, proves it was kept, and goes on. */
  async keepsKey() {
    const { page, hands } = this;
    const groups = page.locator('main ol[translate=no] li');
    await groups.first().filter({ hasText: /^\w{4}$/ }).waitFor();
    this.recoveryKey = (await groups.allTextContents()).join(' ');
    const asked = Number(/\d+/.exec((await page.locator('main form label').first().textContent()) ?? '')?.[0]);
    await hands.write(page.locator('main form input').first(), this.recoveryKey.split(' ')[asked - 1] ?? '');
    await hands.press(page.locator('main button[type=submit]'));
    await this.isIn();
  }

  /** Waits for the main view. */
  async isIn() {
    await this.page.locator('header.top').waitFor();
  }

  /** @param {string} name */
  async makesRoom(name) {
    const { page, hands } = this;
    await hands.press(page.locator('nav[aria-label] button').first());
    await hands.write(page.locator('dialog input').first(), name);
    await hands.press(page.locator('dialog button[type=submit]'));
    await page.locator('main h1', { hasText: name }).waitFor();
  }

  /** Opens a conversation of two. @param {string} account */
  async talksTo(account) {
    const { page, hands } = this;
    await hands.press(page.locator('nav[aria-label] button').nth(1));
    await hands.write(page.locator('dialog input').first(), account);
    await hands.press(page.locator('dialog button[type=submit]'));
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.locator('main textarea').waitFor();
  }

  /** @param {string} account */
  async invites(account) {
    const { page, hands } = this;
    await hands.choose(page.locator('main header [aria-haspopup=menu]'), page.locator('[role=menuitem]').nth(1)); // under the list of people
    await hands.write(page.locator('dialog input'), account);
    await page.keyboard.press('Enter');
    await page.locator('dialog input').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape'); // where it says that the past could not be shared
    await page.locator('dialog').waitFor({ state: 'detached' });
  }

  /** Takes up the first invitation that waits. */
  async joins() {
    await this.hands.press(this.page.locator('nav section button.do').first());
    await this.page.locator('main textarea').waitFor();
  }

  /** Opens a room or a conversation from the list. @param {string} name */
  async opens(name) {
    await this.hands.press(this.page.locator('nav[aria-label] a', { has: this.page.locator('b', { hasText: name }) }));
    await this.page.locator('main h1', { hasText: name }).waitFor();
  }

  /** @param {string} text */
  async writes(text) {
    await this.hands.write(this.page.locator('main textarea'), text);
    // On a telephone Enter begins a line.
    if (this.who.phone) await this.hands.press(this.page.locator('main form button[type=submit]'));
    else await this.page.keyboard.press('Enter');
  }

  /** The row of a text. @param {string} text */
  row(text) {
    return this.page.locator('[role=log] article', { hasText: text }).last();
  }

  /** Does with a message what its menu offers. @param {string} text @param {string} item */
  async does(text, item) {
    await this.hands.choose(this.row(text).locator('[aria-haspopup=menu]'), this.page.getByRole('menuitem', { name: item, exact: true }));
  }

  /** Waits until a text stands in the timeline. @param {string} text */
  async reads(text) {
    await this.page.locator('[role=log] article p', { hasText: text }).first().waitFor();
  }

  /** Waits until one's own text is told to be on the server's disk. @param {string} text @param {string} words */
  async seesSaved(text, words = 'Saved by the server') {
    await this.page.locator('[role=log] article', { hasText: text }).locator('.state', { hasText: words }).waitFor();
  }

  /** Signs in on this browser; what comes next depends on the account. */
  async signsIn() {
    const { page, hands } = this;
    const inputs = page.locator('form input');
    await hands.write(inputs.nth(0), this.who.account);
    await hands.write(inputs.nth(1), this.password);
    await hands.press(page.locator('button[type=submit]'));
  }

  /** Gives the recovery key on a new device. @param {string} key */
  async restores(key) {
    await this.hands.write(this.page.locator('main form input.mono'), key);
    await this.hands.press(this.page.locator('main button[type=submit]'));
    await this.isIn();
  }

  /** Which buttons of the open dialog do not hold their words, or lie over each other. @returns {Promise<string[]>} */
  async crampedButtons() {
    return this.page.locator('dialog').evaluate((dialog) => {
      const all = [...dialog.querySelectorAll('button')].map((button) => {
        const words = document.createRange();
        words.selectNodeContents(button);
        return { says: button.textContent ?? '', box: button.getBoundingClientRect(), words: words.getBoundingClientRect() };
      });
      const tight = all.filter(({ box, words }) => words.left < box.left || words.right > box.right || words.top < box.top || words.bottom > box.bottom);
      const over = all.filter((a, n) => all.slice(n + 1).some((b) => a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom && b.box.top < a.box.bottom));
      return [...tight.map(({ says }) => `${says} does not fit`), ...over.map(({ says }) => `${says} lies over another`)];
    });
  }

  /** Waits until a dialog is gone, and for the focus to be where it is expected: never on nothing. @param {import('playwright-core').Locator} target */
  async isBackAt(target) {
    await this.page.locator('dialog').waitFor({ state: 'detached' });
    const there = await target.evaluate((element) => element === document.activeElement);
    if (!there) throw new Error(`the focus is on ${await this.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`);
  }

  /** Takes a picture of what is on the screen. @param {string} name */
  async shows(name) {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  /** What axe finds wrong with the page, as lines; none is what is wanted. @returns {Promise<string[]>} */
  async barriers() {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      // A colour that is on its way to another is neither.
      await Promise.allSettled(document.getAnimations().flatMap((one) => (Number.isFinite(one.effect?.getComputedTiming().endTime) ? [one.finished] : [])));
      const found = await /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ['violations'] });
      return found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.target.join(' ')).join(', ')}`);
    });
  }
}

/** Complains, in the page, where something is said to be missing. */
function complainOfGaps() {
  const watch = new MutationObserver(() => {
    const gap = document.querySelector('[data-gap]');
    if (gap === null) return;
    watch.disconnect();
    console.error(`a false alarm: ${gap.textContent}`);
  });
  watch.observe(document, { childList: true, subtree: true });
}

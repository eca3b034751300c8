// A server that leaves a message out for one person, in the four ways that there are, and the real check on every member's
// device. `ROOMS=1000 npx vitest run src/delivery/chains.sim.test.ts` plays as many rooms as docs/decisions/envelope.md tells of.

import { expect, test } from 'vitest';
import { nextEnvelope, type Chain } from '../crypto/envelope';
import { Chains, type Heard, type Sent } from './chains';

const rooms = Number(process.env['ROOMS'] ?? 30);
const people = 6;
const messages = 60;

/** The same numbers each time. */
function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Told extends Heard {
  /** What the server says that its id is. */
  id: string;
  /** What between stands for, where an envelope has one. */
  view?: string;
}

/** A member's device: its own chain, and its check. */
class Device {
  readonly name: string;
  readonly chains = new Chains();
  /** What the server has for it, and how much of it has come. */
  readonly view: Told[] = [];
  came = 0;
  #chain: Chain = { n: 0, prev: '' };
  #run = 'run1';
  #runs = 1;

  constructor(name: string) {
    this.name = name;
    this.chains.begin();
  }

  /** Closes the page and opens it again. */
  restart(): void {
    this.#run = `run${++this.#runs}`;
  }

  write(id: string): Told {
    const seen = this.chains.last ?? '';
    const ids = this.#chain.run === this.#run && this.#chain.seen !== undefined && this.#chain.seen !== seen ? this.chains.between(this.#chain.seen, seen) : undefined;
    const { run = '', n, prev, after } = nextEnvelope(this.#chain, this.#run, this.name, seen);
    const hash = `#${id}`;
    this.#chain = { run, n, prev: hash, seen };
    const sent: Sent = { device: this.name, run, n, prev, seen, hash, ...(after && { after }) };
    return { id, sender: `@${this.name}:x`, is: 'sent', sent, ...(ids && { view: ids.join() }) };
  }

  /** Takes in what the server has for it, up to so many events. */
  receive(upTo = this.view.length): void {
    for (; this.came < upTo; this.came++) {
      const event = this.view[this.came];
      if (event?.sent === undefined) {
        if (event !== undefined) this.chains.hear(event);
        continue;
      }
      const ids = event.view === undefined ? undefined : this.chains.viewOf(event.sender, event.sent);
      this.chains.hear(ids === undefined ? event : { ...event, sent: { ...event.sent, between: ids.join() === event.view ? 'same' : 'other' } });
    }
  }
}

type Strategy = 'drop, leave the gap' | 'drop, and number anew' | 'hide also everything later from all who saw it' | 'the same, numbered anew for each victim';

/** What one room came to: who noticed first, and how many messages after the hidden one. */
interface Outcome {
  by: 'victim' | 'others' | 'nobody';
  after: number;
}

function play(strategy: Strategy, seed: number): Outcome {
  const random = dice(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const devices = Array.from({ length: people }, (_, n) => new Device(String.fromCharCode(97 + n)));
  const victim = devices[pick(people)]!;
  const at = 5 + pick(45);
  const hides = strategy.startsWith('hide') || strategy.startsWith('the same');
  const renumbers = strategy.includes('anew');
  let hidden: Told | undefined;
  const knows = new Set<Device>();
  for (let n = 0; n < messages; n++) {
    let writer = devices[pick(people)]!;
    if (n === at) while (writer === victim) writer = devices[pick(people)]!;
    if (random() < 0.02) writer.restart();
    const event = writer.write(`$${n}`);
    const tainted = knows.has(writer);
    for (const device of devices) {
      if (n === at && device === victim) continue;
      if (device === victim && hides && tainted) continue;
      device.view.push(device === victim && renumbers && n > at ? { ...event, id: `$${n}'` } : event);
    }
    if (n === at) {
      hidden = event;
      knows.add(writer);
    }
    for (const device of devices) {
      // One in three lags behind by a few messages.
      device.receive(random() < 0.33 ? Math.max(device.came, device.view.length - pick(4)) : device.view.length);
      if (hidden !== undefined && device.chains.has(hidden.id)) knows.add(device);
    }
    const by = devices.filter((device) => device.chains.findings().length > 0);
    if (by.length > 0) return { by: by.includes(victim) ? 'victim' : 'others', after: n - at };
  }
  for (const device of devices) device.receive();
  const by = devices.filter((device) => device.chains.findings().length > 0);
  return { by: by.includes(victim) ? 'victim' : by.length > 0 ? 'others' : 'nobody', after: messages - 1 - at };
}

/** How many of the rooms of a strategy were noticed, by whom, and after how many messages in the middle. */
function measure(strategy: Strategy): { noticed: number; victim: number; median: number; nobody: number } {
  const outcomes = Array.from({ length: rooms }, (_, n) => play(strategy, n + 1));
  const noticed = outcomes.filter(({ by }) => by !== 'nobody');
  const delays = noticed.map(({ after }) => after).sort((a, b) => a - b);
  return { noticed: noticed.length, victim: outcomes.filter(({ by }) => by === 'victim').length, median: delays[delays.length >> 1] ?? 0, nobody: rooms - noticed.length };
}

function report(strategy: Strategy): ReturnType<typeof measure> {
  const result = measure(strategy);
  process.stdout.write(`${strategy}: ${result.noticed} of ${rooms} noticed (${result.victim} by the victim), ${result.median} messages later in the middle; ${result.nobody} left to acknowledgements\n`);
  return result;
}

test('a message that is left out is noticed, whatever the server does with the numbers', () => {
  for (const strategy of ['drop, leave the gap', 'drop, and number anew'] as const) {
    const { noticed, victim, median } = report(strategy);
    expect(noticed, strategy).toBeGreaterThanOrEqual(0.97 * rooms); // the last ones of a room are followed by nothing
    expect(victim, strategy).toBeGreaterThan(0);
    expect(median, strategy).toBeLessThanOrEqual(3);
  }
});

test('so is one with which everything is hidden that could tell of it, as soon as the victim has spoken; the others are for acknowledgements', () => {
  for (const strategy of ['hide also everything later from all who saw it', 'the same, numbered anew for each victim'] as const) {
    expect(report(strategy).noticed, strategy).toBeGreaterThanOrEqual(0.85 * rooms);
  }
});

test('an honest server: nothing, with lagging clients, restarts, gaps, joins, deletions and messages that cannot be read', () => {
  for (let seed = 1; seed <= rooms; seed++) {
    const random = dice(seed + 1_000_000);
    const pick = (n: number): number => Math.floor(random() * n);
    const devices = Array.from({ length: people }, (_, n) => new Device(String.fromCharCode(97 + n)));
    const joins = pick(messages);
    const closed = new Map<Device, Told[]>();
    for (let n = 0; n < messages; n++) {
      const here = devices.slice(0, n < joins ? people - 1 : people);
      if (n === joins) devices.at(-1)?.chains.cut();
      const writer = here[pick(here.length)]!;
      if (random() < 0.05) writer.restart();
      const event: Told = random() < 0.1 ? { id: `$${n}`, sender: `@${writer.name}:x`, is: 'other' } : writer.write(`$${n}`);
      for (const device of here) {
        const chance = random();
        if (device === writer || event.sent === undefined || chance > 0.1) device.view.push(event);
        else if (chance > 0.05) device.view.push({ id: event.id, sender: event.sender, is: 'emptied' });
        else {
          device.view.push({ id: event.id, sender: event.sender, is: 'closed' });
          closed.set(device, [...(closed.get(device) ?? []), event]);
        }
      }
      for (const device of here) {
        if (random() < 0.02) {
          device.came = device.view.length; // a gap that was not filled
          device.chains.cut();
        } else if (random() < 0.7) device.receive(device.came + pick(1 + device.view.length - device.came));
        const late = closed.get(device)?.find(({ id }) => device.chains.isClosed(id));
        if (late !== undefined && random() < 0.5) device.chains.opened(late);
      }
    }
    for (const device of devices) {
      device.receive();
      expect(device.chains.findings(), `room ${seed}, ${device.name}`).toEqual([]);
    }
  }
  process.stdout.write(`an honest server: 0 alarms in ${rooms} rooms\n`);
});

// A server between people, in a thousand rooms each: an honest one, and one that holds a message back from somebody for good, together with
// everything by which they would notice. It may lose, keep and repeat what devices answer; what it cannot do is answer for them.

import { expect, test } from 'vitest';
import { Given, type Due } from './acks-given';
import { Got, type Audience } from './acks-got';

const roomId = '!r:port';
const rooms = 1_000;
const messages = 16;
/** It is a lot of work for a machine that does other things beside. */
const patience = 120_000;

/** Numbers that look random, the same in each run. */
function dice(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

interface Said {
  readonly by: Device;
  readonly run: string;
  readonly n: number;
}

class Device {
  readonly given = new Given();
  readonly got = new Got();
  readonly sees = new Set<Said>();
  #run = 0;
  #n = 0;

  constructor(
    readonly user: string,
    readonly id: string,
  ) {}

  says(people: Audience, opensAnew: boolean): Said {
    if (opensAnew) [this.#run, this.#n] = [this.#run + 1, 0];
    const said = { by: this, run: `${this.id} ${this.#run}`, n: ++this.#n };
    this.got.sent(roomId, said.run, said.n, people, 0);
    this.sees.add(said);
    return said;
  }

  receives(said: Said): void {
    this.sees.add(said);
    if (said.by.user !== this.user) this.given.met(roomId, said.by.user, said.by.id, said.run, said.n, 0);
  }

  /** The devices that this device does not know to have what it said. */
  missing({ run, n }: Said): string[] {
    const reached = this.got.reached(roomId, run, n);
    if (reached === undefined) throw new Error('nothing is known of it');
    return 'all' in reached ? [] : reached.people.flatMap(({ devices }) => devices.flatMap(({ id, has }) => (has ? [] : id)));
  }
}

class Room {
  readonly devices: Device[];
  readonly all: Said[] = [];
  /** What devices answered, as it lies at the server: it may give it out again. */
  readonly #letters: { from: Device; due: Due }[] = [];
  /** What the server has not given out to a device yet. */
  readonly #queues = new Map<Device, Said[]>();

  constructor(
    readonly random: (below: number) => number,
    /** Hears of a message, and says to which devices the server gives it. */
    readonly given: (said: Said) => (to: Device) => boolean,
    /** How often in ten times it loses an answer. */
    readonly loses: number,
  ) {
    const users = Array.from({ length: 3 + random(4) }, (_, n) => `@p${n}:port`);
    this.devices = users.flatMap((user, n) => Array.from({ length: 1 + random(2) }, (__, m) => new Device(user, `D${n}${m}`)));
    for (const device of this.devices) this.#queues.set(device, []);
  }

  run(): void {
    for (let n = 0; n < messages; n++) {
      const by = this.devices[this.random(this.devices.length)]!;
      const people: Record<string, string[]> = {};
      for (const { user, id } of this.devices) if (user !== by.user) (people[user] ??= []).push(id);
      const said = by.says(people, this.random(12) === 0);
      this.all.push(said);
      const gives = this.given(said);
      for (const device of this.devices) {
        if (device === by) continue;
        if (gives(device)) this.#queues.get(device)!.push(said);
        // Some are away for a while.
        if (this.random(4) > 0) this.#catchUp(device);
        if (this.random(10) === 0) this.#answer(device);
      }
    }
  }

  /** Everybody is there again, and has answered. */
  end(): void {
    for (const device of this.devices) this.#catchUp(device);
    for (const device of this.devices) this.#answer(device);
    for (const { from, due } of this.#letters) this.#deliver(from, due);
  }

  #catchUp(device: Device): void {
    for (const said of this.#queues.get(device)!.splice(0)) device.receives(said);
  }

  #answer(device: Device): void {
    for (const due of device.given.due(() => true)) {
      device.given.told(due);
      this.#letters.push({ from: device, due });
      if (this.random(10) >= this.loses) this.#deliver(device, due);
    }
  }

  #deliver(from: Device, due: Due): void {
    this.devices.find(({ user, id }) => user === due.user && id === due.device)?.got.heard(from.user, from.id, due.rooms);
  }
}

test('an honest server: in a thousand rooms of a thousand all devices are confirmed to have everything', { timeout: patience }, () => {
  let confirmed = 0;
  for (let n = 0; n < rooms; n++) {
    const room = new Room(dice(n), () => () => true, 0);
    room.run();
    room.end();
    if (room.all.every((said) => said.by.missing(said).length === 0)) confirmed++;
  }
  expect(confirmed).toBe(rooms);
});

test.each([
  ['with everything later from all who saw it', true],
  ['alone', false],
])('a message that is held back from one person, %s, stays not confirmed on their devices in a thousand rooms of a thousand', { timeout: patience }, (_, later) => {
  let held = 0;
  let exact = 0;
  for (let n = 0; n < rooms; n++) {
    const random = dice(rooms + n);
    const at = 1 + random(messages);
    let hidden: Said | undefined;
    let victim = '';
    const room: Room = new Room(
      random,
      (said) => {
        if (room.all.length === at) {
          hidden = said;
          const possible = room.devices.filter(({ user }) => user !== said.by.user);
          victim = possible[random(possible.length)]!.user;
        }
        const tells = said === hidden || (later && hidden !== undefined && said.by.sees.has(hidden));
        return (to) => !(tells && to.user === victim);
      },
      random(5),
    );
    room.run();
    room.end();
    const missing = hidden!.by.missing(hidden!);
    const theirs = room.devices.filter(({ user }) => user === victim);
    if (theirs.length > 0 && theirs.every(({ id }) => missing.includes(id))) held++;
    // Of every message exactly those devices are not confirmed that do not have it: everybody has answered by now.
    const without = (said: Said): string[] => room.devices.filter(({ user, sees }) => user !== said.by.user && !sees.has(said)).map(({ id }) => id);
    if (room.all.every((said) => said.by.missing(said).sort().join() === without(said).sort().join())) exact++;
  }
  expect([held, exact]).toEqual([rooms, rooms]);
});

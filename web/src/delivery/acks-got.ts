// What this device sent, to which devices the keys went, and which of them have it. Pure: time is given to it.

import { nameOf, week } from './acks-given';
import { hasAll, readRanges, withRange, type Ranges } from './acks-ranges';

const day = 86_400_000;

/** The devices that may open a message, by person. Somebody may have none. */
export type Audience = Readonly<Record<string, readonly string[]>>;

/** Messages of one run that went to the same devices. */
type Stretch = {
  readonly from: number;
  readonly to: number;
  /** When the first of them left. */
  readonly at: number;
} & (
  | { readonly people: Audience }
  /** All devices have them; how many those were is all that is kept. */
  | { readonly all: number }
);

interface Run {
  readonly stretches: readonly Stretch[];
  /** By device: what of the run it has. */
  readonly got: Readonly<Record<string, Ranges>>;
}

export interface KeptGot {
  /** By room and run. */
  readonly rooms: Readonly<Record<string, Readonly<Record<string, Run>>>>;
}

/** Where a message stands in what its device wrote in a room. */
export interface Place {
  readonly device: string;
  readonly run: string;
  readonly n: number;
}

/** Whom a message has reached: each person’s devices, or, where all of them have it, how many they were. */
export type Reached = { readonly all: number } | { readonly people: readonly { readonly user: string; readonly devices: readonly { readonly id: string; readonly has: boolean }[] }[] };

export class Got {
  readonly #rooms: Map<string, Map<string, Run>>;

  constructor(kept?: KeptGot) {
    this.#rooms = new Map(Object.entries(kept?.rooms ?? {}).map(([room, runs]) => [room, new Map(Object.entries(runs))]));
  }

  /** Takes note that a message is leaving, and to which devices its keys went. */
  sent(room: string, run: string, n: number, people: Audience, now: number): void {
    const runs = this.#rooms.get(room) ?? new Map<string, Run>();
    this.#rooms.set(room, runs);
    const { stretches, got } = runs.get(run) ?? { stretches: [], got: {} };
    // It is sent again, as no answer came, and somebody has it already.
    if (stretches.some((one) => one.from <= n && n <= one.to && ('all' in one || devicesIn(one.people).some((device) => hasAll(got[device] ?? [], n))))) return;
    // A place that was not taken, as the server refused what had it, may be taken by something else.
    const before = stretches.flatMap((one) => (one.to < n ? [one] : one.from < n ? [{ ...one, to: n - 1 }] : []));
    const last = before.at(-1);
    const goesOn = last !== undefined && 'people' in last && last.to === n - 1 && now - last.at < day && sameAudience(last.people, people);
    const next: Stretch[] = goesOn ? [...before.slice(0, -1), { ...last, to: n }] : [...before, { from: n, to: n, at: now, people }];
    runs.set(run, { stretches: next, got });
  }

  /** Takes note of what a device says it has. It returns whether anything is known by it that was not. */
  heard(user: string, device: string, rooms: Readonly<Record<string, unknown>>): boolean {
    let news = false;
    for (const [room, said] of Object.entries(rooms)) {
      const runs = this.#rooms.get(room);
      if (runs === undefined || typeof said !== 'object' || said === null) continue;
      for (const [name, run] of runs) {
        const ranges = readRanges((said as Record<string, unknown>)[name]);
        if (ranges !== undefined && this.#has(runs, name, run, nameOf(user, device), ranges)) news = true;
      }
    }
    return news;
  }

  #has(runs: Map<string, Run>, name: string, run: Run, device: string, ranges: Ranges): boolean {
    // Only what was sent to this device counts: whoever else says to have it proves nothing about them.
    const asked = run.stretches.filter((one) => 'people' in one && devicesIn(one.people).includes(device));
    const before = run.got[device] ?? [];
    let got = before;
    for (const { from, to } of asked) {
      for (const [first, last] of ranges) if (first <= to && last >= from) got = withRange(got, Math.max(first, from), Math.min(last, to));
    }
    if (got === before) return false;
    runs.set(name, settled({ ...run, got: { ...run.got, [device]: got } }));
    return true;
  }

  /** Whom a message of this device has reached; undefined where nothing is known. */
  reached(room: string, run: string, n: number): Reached | undefined {
    const { stretches, got } = this.#rooms.get(room)?.get(run) ?? { stretches: [], got: {} };
    const one = stretches.find(({ from, to }) => from <= n && n <= to);
    if (one === undefined || 'all' in one) return one === undefined ? undefined : { all: one.all };
    return { people: Object.entries(one.people).map(([user, devices]) => ({ user, devices: devices.map((id) => ({ id, has: hasAll(got[nameOf(user, id)] ?? [], n) })) })) };
  }

  /** Whether something was sent to a device lately. */
  knows(user: string, device: string): boolean {
    return [...this.#rooms.values()].some((runs) => [...runs.values()].some(({ stretches }) => stretches.some((one) => 'people' in one && one.people[user]?.includes(device) === true)));
  }

  /** Forgets what left longer ago than a week, whoever has it. */
  prune(now: number): void {
    for (const [room, runs] of this.#rooms) {
      for (const [name, run] of runs) {
        const stretches = run.stretches.filter(({ at }) => now - at <= week);
        if (stretches.length === 0) runs.delete(name);
        else if (stretches.length < run.stretches.length) runs.set(name, settled({ ...run, stretches }));
      }
      if (runs.size === 0) this.#rooms.delete(room);
    }
  }

  kept(): KeptGot {
    return { rooms: Object.fromEntries([...this.#rooms].map(([room, runs]) => [room, Object.fromEntries(runs)])) };
  }
}

/** A run without what needs not be kept: of messages that all devices have, which devices those were. */
function settled({ stretches, got }: Run): Run {
  const next: Stretch[] = [];
  for (const one of stretches.flatMap((stretch) => split(stretch, got))) {
    const last = next.at(-1);
    if (last !== undefined && 'all' in last && 'all' in one && last.all === one.all && last.to === one.from - 1 && one.at - last.at < day) next[next.length - 1] = { ...last, to: one.to };
    else next.push(one);
  }
  const awaited = new Set(next.flatMap((one) => ('people' in one ? devicesIn(one.people) : [])));
  return { stretches: next, got: Object.fromEntries(Object.entries(got).filter(([device]) => awaited.has(device))) };
}

function split(one: Stretch, got: Run['got']): Stretch[] {
  if ('all' in one) return [one];
  const devices = devicesIn(one.people);
  if (devices.length === 0 || Object.values(one.people).some((theirs) => theirs.length === 0)) return [one];
  const upTo = Math.min(one.to, ...devices.map((device) => got[device]?.find(([from, to]) => from <= one.from && one.from <= to)?.[1] ?? 0));
  if (upTo < one.from) return [one];
  const all: Stretch = { from: one.from, to: upTo, at: one.at, all: devices.length };
  return upTo === one.to ? [all] : [all, { ...one, from: upTo + 1 }];
}

function devicesIn(people: Audience): string[] {
  return Object.entries(people).flatMap(([user, devices]) => devices.map((device) => nameOf(user, device)));
}

function sameAudience(a: Audience, b: Audience): boolean {
  return devicesIn(a).sort().join('\n') === devicesIn(b).sort().join('\n') && Object.keys(a).sort().join('\n') === Object.keys(b).sort().join('\n');
}

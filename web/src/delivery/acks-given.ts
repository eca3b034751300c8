// What this device has of what others sent, and has not told them. Pure: time is given to it.

import { withRange, type Ranges } from './acks-ranges';

/** After so long nothing is known any more of what was sent, or of what was received. */
export const week = 7 * 86_400_000;

/** So many runs are kept of one device in one room; a run is one opening of its client. */
const mostRuns = 8;

/** A run of another device in a room, as far as it arrived here. */
interface Run {
  readonly room: string;
  readonly user: string;
  readonly device: string;
  readonly run: string;
  readonly got: Ranges;
  /** When something of it came last. */
  readonly at: number;
}

export interface KeptGiven {
  readonly runs: readonly Run[];
  /** Of what room which devices have not been told. */
  readonly owed: readonly (readonly [room: string, device: string])[];
}

/** What one device is to be told. */
export interface Due {
  readonly user: string;
  readonly device: string;
  readonly rooms: Readonly<Record<string, Readonly<Record<string, Ranges>>>>;
  /** How far this device had counted, by room: what comes while this is under way is told next time. */
  readonly asOf: ReadonlyMap<string, number>;
}

export class Given {
  #runs: Run[];
  /** By device (`@user:server DEVICE`) and room: a number that grows with all that comes. */
  readonly #owed = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(kept?: KeptGiven) {
    this.#runs = [...(kept?.runs ?? [])];
    for (const [room, device] of kept?.owed ?? []) this.#owe(room, device);
  }

  /** Takes note that an event arrived. It returns whether that was not known. */
  met(room: string, user: string, device: string, run: string, n: number, now: number): boolean {
    const its = this.#runs.filter((one) => one.room === room && one.user === user && one.device === device);
    const before = its.find((one) => one.run === run);
    const got = withRange(before?.got ?? [], n);
    if (got === before?.got) return false;
    const oldest = its.length < mostRuns || before !== undefined ? undefined : its.reduce((a, b) => (a.at <= b.at ? a : b));
    this.#runs = [...this.#runs.filter((one) => one !== before && one !== oldest), { room, user, device, run, got, at: now }];
    this.#owe(room, nameOf(user, device));
    return true;
  }

  get owes(): boolean {
    return this.#owed.size > 0;
  }

  /**
   * What is to be told: to each device everything that is known of its runs in the rooms where something came, so that a letter that was
   * lost is made good by the next. Of rooms where nothing may be told, nothing is owed any longer.
   */
  due(mayTell: (room: string) => boolean): Due[] {
    for (const [name, rooms] of this.#owed) {
      for (const room of rooms.keys()) if (!mayTell(room)) this.#forget(name, room);
    }
    return [...this.#owed].map(([name, rooms]) => {
      const its = this.#runs.filter((one) => nameOf(one.user, one.device) === name);
      const told = [...rooms.keys()].map((room) => [room, Object.fromEntries(its.flatMap((one) => (one.room === room ? [[one.run, one.got] as const] : [])))] as const);
      const at = name.indexOf(' ');
      return { user: name.slice(0, at), device: name.slice(at + 1), rooms: Object.fromEntries(told), asOf: new Map(rooms) };
    });
  }

  /** A device was told. */
  told({ user, device, asOf }: Pick<Due, 'user' | 'device' | 'asOf'>): void {
    const name = nameOf(user, device);
    for (const [room, as] of asOf) if (this.#owed.get(name)?.get(room) === as) this.#forget(name, room);
  }

  /** Forgets what came longer ago than a week. */
  prune(now: number): void {
    this.#runs = this.#runs.filter(({ at }) => now - at <= week);
    for (const [name, rooms] of this.#owed) {
      for (const room of rooms.keys()) if (!this.#runs.some((one) => one.room === room && nameOf(one.user, one.device) === name)) this.#forget(name, room);
    }
  }

  kept(): KeptGiven {
    return { runs: this.#runs, owed: [...this.#owed].flatMap(([device, rooms]) => [...rooms.keys()].map((room) => [room, device] as const)) };
  }

  #owe(room: string, name: string): void {
    this.#owed.set(name, (this.#owed.get(name) ?? new Map<string, number>()).set(room, ++this.#count));
  }

  #forget(name: string, room: string): void {
    const rooms = this.#owed.get(name);
    rooms?.delete(room);
    if (rooms?.size === 0) this.#owed.delete(name);
  }
}

/** A device and whose it is, as one name. */
export function nameOf(user: string, device: string): string {
  return `${user} ${device}`;
}

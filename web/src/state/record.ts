// The public record of the server, as this browser checks it: what it saw the last time is kept here, sealed, and what is there now must be that, grown.

import type { Vault } from '../keep/vault';
import { readBuild, type Build } from '../ledger/build';
import { Broken, contains, follow, type Seen, type Wrongs } from '../ledger/follow';
import { LedgerError } from '../ledger/wrong';
import { faultOf, type Fault } from '../wire/fault';
import { readLedger, readOwnFile } from '../wire/ledger';
import { Store } from './store';

export type { Build, Seen };
export type { Entry } from '../ledger/entry';
export { bodyIn, namesIn, saidIn, yesIn } from '../ledger/entry';
export { latestKept } from '../ledger/follow';

/** A checkpoint, with its signatures, and the key of its log; of `policy` also who witnessed it, in the log's own words. */
export interface Side {
  readonly key: string;
  readonly signed: string;
  readonly policy?: string;
}

/** Something that must not be. It stays until somebody has said that they saw it, and in the list for good. */
export interface Alarm {
  /** `policy`: others witness than before, which is allowed, and to be known. */
  readonly why: Wrongs | 'policy';
  /** When this browser found it, in milliseconds since 1970. */
  readonly found: number;
  /** When somebody said that they had seen it. */
  readonly seen?: number;
  /** The checkpoints, with their signatures and the keys: together they show others what happened. */
  readonly before?: Side;
  readonly now: Side;
}

/** `none`: there is no checkpoint yet. `unreadable`: what is served is no log. `browser`: this browser cannot check signatures. */
export type Standing = 'asking' | 'checked' | 'broken' | 'away' | 'none' | 'unreadable' | 'browser';

export interface RecordView {
  readonly standing: Standing;
  readonly fault: Fault | undefined;
  /** What was right the last time, and is remembered. */
  readonly seen: Seen | undefined;
  /** When it was right the last time, and when it was looked at for the first time: in milliseconds since 1970. */
  readonly checked: number | undefined;
  readonly first: number | undefined;
  /** The latest first. */
  readonly alarms: readonly Alarm[];
}

interface Kept {
  seen?: Seen;
  checked?: number;
  first?: number;
  /** Another log, of which somebody was told: it may go on from there. */
  accepted?: Side;
  alarms: readonly Alarm[];
}

const kept = 'ledger/seen';
const every = 600_000;

/** One at a time: what a check finds is compared with what the one before has kept. */
export class PublicRecord extends Store<RecordView> {
  readonly #vault: Pick<Vault, 'get' | 'put'>;
  readonly #read: typeof readLedger;
  readonly #now: () => number;
  #kept: Kept | undefined;
  #turn: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(vault: Pick<Vault, 'get' | 'put'>, read = readLedger, now: () => number = Date.now) {
    super({ standing: 'asking', fault: undefined, seen: undefined, checked: undefined, first: undefined, alarms: [] });
    this.#vault = vault;
    this.#read = read;
    this.#now = now;
  }

  /** Checks now and from time to time. */
  start(): void {
    void this.check();
    this.#timer ??= setInterval(() => void this.check(), every);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the record and holds it against what is remembered. It does not throw: what came of it is its value. */
  readonly check = (): Promise<void> => this.#inTurn(() => this.#look());

  /** Somebody has seen all alarms that there are. The record may go on from what was found. */
  readonly acknowledge = (): Promise<void> =>
    this.#inTurn(async () => {
      const before = await this.#open();
      const accepted = before.alarms.find((one) => one.seen === undefined && one.why !== 'policy')?.now;
      await this.#keep({ ...before, ...(accepted === undefined ? {} : { accepted }), alarms: before.alarms.map((one) => (one.seen === undefined ? { ...one, seen: this.#now() } : one)) });
      this.#show(this.snapshot().standing);
      await this.#look();
    });

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#show('away', faultOf(error))); // a browser that keeps nothing
    return this.#turn;
  }

  async #open(): Promise<Kept> {
    this.#kept ??= (await this.#vault.get<Kept>(kept)) ?? { alarms: [] };
    return this.#kept;
  }

  async #keep(now: Kept): Promise<void> {
    await this.#vault.put(kept, now);
    this.#kept = now;
  }

  async #look(): Promise<void> {
    const before = await this.#open();
    this.#show(this.snapshot().standing);
    let signed = '';
    try {
      signed = new TextDecoder().decode(await this.#read('checkpoint'));
      const seen = await this.#follow(signed, before);
      const changed: Alarm[] = before.seen !== undefined && before.seen.policy !== seen.policy ? [{ why: 'policy', found: this.#now(), before: { ...sides(before.seen), policy: before.seen.policy }, now: { ...sides(seen), policy: seen.policy } }] : [];
      await this.#keep({ seen, checked: this.#now(), first: before.first ?? this.#now(), alarms: [...changed, ...before.alarms] });
      this.#show('checked');
    } catch (error) {
      if (error instanceof Broken) await this.#broken(error, signed, before);
      else if (error instanceof LedgerError) this.#show(error.wrong === 'browser' ? 'browser' : 'unreadable', { id: 'fault.unknown', code: error.message });
      else {
        const fault = faultOf(error);
        this.#show(fault.code === 'M_NOT_FOUND' && before.seen === undefined ? 'none' : 'away', fault);
      }
    }
  }

  // What is remembered comes first: a log that was another one for a while, and is the right one again, goes on.
  async #follow(signed: string, { seen, accepted }: Kept): Promise<Seen> {
    try {
      return await follow(this.#read, signed, seen);
    } catch (error) {
      if (!(error instanceof Broken) || accepted === undefined) throw error;
      const other = await follow(this.#read, signed, undefined);
      if (await contains(this.#read, other, accepted)) return other;
      throw error;
    }
  }

  async #broken(error: Broken, signed: string, before: Kept): Promise<void> {
    const now = { key: error.key === '' ? (before.seen?.key ?? '') : error.key, signed };
    // It is said once, and once more where it was right meanwhile, or where somebody has seen it and it is another one again.
    const known = before.alarms.some((one) => one.why === error.why && one.found >= (before.checked ?? 0) && (one.seen === undefined || error.why === 'witnesses'));
    if (!known) await this.#keep({ ...before, alarms: [{ why: error.why, found: this.#now(), ...(before.seen === undefined ? {} : { before: sides(before.seen) }), now }, ...before.alarms] });
    this.#show('broken');
  }

  #show(standing: Standing, fault?: Fault): void {
    const { seen, checked, first, alarms = [] } = this.#kept ?? {};
    this.set({ standing, fault, seen, checked, first, alarms });
  }
}

function sides({ key, signed }: Seen): Side {
  return { key, signed };
}

/** Which build this page is, and whether the record that was seen names it. */
export async function ownBuild(read = readOwnFile): Promise<Build> {
  return readBuild(read);
}

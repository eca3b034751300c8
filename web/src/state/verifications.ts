import { KnownMembership, type MatrixClient } from 'matrix-js-sdk';
import { NoIdentity } from '../crypto/trust';
import { Verification, type Stage } from '../crypto/verification';
import { FaultError, faultOf, type Fault } from '../wire/fault';
import { isIgnored } from './ignored';
import { personOf, type Person } from './person';
import { Store } from './store';

export type { Stage } from '../crypto/verification';

/** A verification that is under way, or that ended and was not put away. */
export interface Verifying {
  readonly id: number;
  /** Whom it is with; undefined: another device of one's own. */
  readonly with: Person | undefined;
  /** Which device of one's own it is with, once that is known. */
  readonly device?: string;
  /** Whether it was asked for here. */
  readonly mine: boolean;
  /** Whether the other person must take up an invitation first. */
  readonly invited: boolean;
  readonly stage: Stage | { at: 'starting' } | { at: 'fault'; fault: Fault };
}

type What = { person: string } | { device: string } | 'own';

/** The verifications of this sign-in, in the order in which they were asked for. */
export class Verifications extends Store<readonly Verifying[]> {
  readonly #client: MatrixClient;
  readonly #converse: (userId: string) => Promise<string>;
  readonly #at = new Map<number, Verification>();
  readonly #asked = new Map<number, What>();
  #last = 0;

  /** converse gives the room in which one writes to somebody alone, and makes it where there is none. */
  constructor(client: MatrixClient, converse: (userId: string) => Promise<string>) {
    super([]);
    this.#client = client;
    this.#converse = converse;
    Verification.onAsked(client, (one) => {
      if (!isIgnored(client, one.with)) this.#follow(this.#add(one.own ? undefined : one.with, false), one);
    });
  }

  /** Asks a person to verify, and returns what the verification is called. Where one is under way with them, that one goes on. */
  readonly askPerson = (userId: string): number => {
    const before = this.snapshot().find((one) => one.with?.id === userId && underWay(one));
    return before?.id ?? this.#ask({ person: userId });
  };

  /** Asks this person's other devices, or one of them. */
  readonly askOwn = (deviceId?: string): number => {
    const before = this.snapshot().find((one) => one.with === undefined && underWay(one));
    return before?.id ?? this.#ask(deviceId === undefined ? 'own' : { device: deviceId });
  };

  /** Asks once more for what ended, and returns what the new one is called. */
  readonly again = (id: number): number => {
    const one = this.snapshot().find((other) => other.id === id);
    const what = this.#asked.get(id) ?? (one?.with === undefined ? 'own' : { person: one.with.id });
    this.dismiss(id);
    return this.#ask(what);
  };

  readonly accept = (id: number): Promise<void> => this.#do(id, (one) => one.accept());
  readonly match = (id: number): Promise<void> => this.#do(id, (one) => one.match());
  readonly mismatch = (id: number): void => this.#at.get(id)?.mismatch();

  /** Ends one without a result and puts it away. */
  readonly cancel = async (id: number): Promise<void> => {
    const one = this.#at.get(id);
    this.dismiss(id);
    await one?.cancel().catch(() => undefined); // the other side hears of it, or its time runs out
  };

  /** Puts one away. */
  readonly dismiss = (id: number): void => {
    this.#at.delete(id);
    this.#asked.delete(id);
    this.set(this.snapshot().filter((one) => one.id !== id));
  };

  #ask(what: What): number {
    const id = this.#add(typeof what === 'object' && 'person' in what ? what.person : undefined, true);
    this.#asked.set(id, what);
    void this.#begin(id, what).catch((error: unknown) => {
      const fault = error instanceof NoIdentity ? new FaultError({ id: 'fault.noIdentity', code: 'NO_IDENTITY' }).fault : faultOf(error);
      this.#change(id, { stage: { at: 'fault', fault } });
    });
    return id;
  }

  async #begin(id: number, what: What): Promise<void> {
    if (what === 'own') return this.#follow(id, await Verification.askOwn(this.#client));
    if ('device' in what) return this.#follow(id, await Verification.askOwn(this.#client, what.device));
    const roomId = await this.#converse(what.person);
    const asked = await Verification.askPerson(this.#client, what.person, roomId);
    const there = this.#client.getRoom(roomId)?.getMember(what.person)?.membership;
    this.#change(id, { invited: there !== KnownMembership.Join });
    this.#follow(id, asked);
  }

  #add(userId: string | undefined, mine: boolean): number {
    const id = ++this.#last;
    const other = userId === undefined ? undefined : personOf(this.#client, userId);
    this.set([...this.snapshot(), { id, with: other, mine, invited: false, stage: { at: 'starting' } }]);
    return id;
  }

  #follow(id: number, one: Verification): void {
    // It may have been put away while the server was asked.
    if (!this.snapshot().some((shown) => shown.id === id)) return void one.cancel().catch(() => undefined);
    this.#at.set(id, one);
    one.follow((stage) => {
      // What was asked of this side and is over before anything was compared concerns nobody any more.
      const shown = this.snapshot().find((other) => other.id === id);
      if (stage.at === 'ended' && (stage.why === 'elsewhere' || (shown?.stage.at === 'asks' && stage.why !== 'mismatch'))) this.dismiss(id);
      else this.#change(id, { stage, ...(one.own && one.device !== undefined && { device: one.device }) });
    });
  }

  #change(id: number, part: Partial<Verifying>): void {
    this.set(this.snapshot().map((one) => (one.id === id ? { ...one, ...part } : one)));
  }

  async #do(id: number, work: (one: Verification) => Promise<void>): Promise<void> {
    const one = this.#at.get(id);
    if (one === undefined) return;
    try {
      await work(one);
    } catch (error) {
      this.#change(id, { stage: { at: 'fault', fault: faultOf(error) } });
    }
  }
}

/** Whether a verification can still come to a result. */
export function underWay({ stage }: Pick<Verifying, 'stage'>): boolean {
  return stage.at !== 'done' && stage.at !== 'ended' && stage.at !== 'fault';
}

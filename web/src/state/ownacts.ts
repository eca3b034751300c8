// What this device finds about its person in the public record by itself: acts that the server does not show, and a suspension that no act explains.
// Docs: docs/decisions/warrants.md.

import type { Vault } from '../keep/vault';
import { ownTags } from '../ledger/tags';
import type { PublicRecord } from './record';
import { Store } from './store';
import type { Warrants } from './warrants';

export interface OwnActsView {
  /** The numbers of entries about this person of which the server does not tell. */
  readonly hidden: readonly number[];
  /** This person cannot write, and nothing in the record says why. */
  readonly unexplained: boolean;
}

interface Kept {
  /** By which the person's tags are made, in base64url: as the server gave it the first time. */
  readonly key: string;
  readonly used: number;
}

const kept = 'warrants/tags';

export class OwnActs extends Store<OwnActsView> {
  readonly #vault: Pick<Vault, 'get' | 'put'>;
  readonly #record: Pick<PublicRecord, 'snapshot' | 'subscribe' | 'check'>;
  readonly #warrants: Pick<Warrants, 'snapshot' | 'subscribe' | 'look'>;
  readonly #stop: readonly (() => void)[];
  #turn: Promise<void> = Promise.resolve();
  /** Of what was last asked once more, because it did not fit. */
  #asked = '';

  constructor(vault: Pick<Vault, 'get' | 'put'>, record: Pick<PublicRecord, 'snapshot' | 'subscribe' | 'check'>, warrants: Pick<Warrants, 'snapshot' | 'subscribe' | 'look'>) {
    super({ hidden: [], unexplained: false });
    this.#vault = vault;
    this.#record = record;
    this.#warrants = warrants;
    const soon = (): void => {
      this.#turn = this.#turn.then(() => this.#judge()).catch(() => undefined); // a browser that keeps nothing, or cannot: what is shown stays
    };
    this.#stop = [record.subscribe(soon), warrants.subscribe(soon)];
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  /** Resolves when what is known by now was looked at. */
  settled(): Promise<void> {
    return this.#turn;
  }

  async #judge(): Promise<void> {
    const { about, tags, suspendedUntil } = this.#warrants.snapshot();
    const { standing, seen } = this.#record.snapshot();
    if (about === undefined || standing !== 'checked' || seen === undefined) return;
    const known = await this.#known(tags);
    const own = known === undefined ? new Set<string>() : await ownTags(known.key, known.used);
    const acts = seen.acts.filter((one) => own.has(one.about));
    const told = (hash: string) => about.find((one) => one.hash === hash);
    const hidden = acts.filter(({ hash }) => told(hash) === undefined).map(({ number }) => number);
    const explains = acts.some(({ hash }) => told(hash)?.kind === 'suspend' && told(hash)?.until === suspendedUntil);
    const unexplained = suspendedUntil !== undefined && !explains;
    const odd = `${hidden.join()} ${unexplained ? suspendedUntil : ''}`;
    if (odd !== ' ' && odd !== this.#asked) {
      this.#asked = odd; // one of the two may be behind the other
      void Promise.all([this.#record.check(), this.#warrants.look()]);
      return;
    }
    const before = this.snapshot();
    if (before.unexplained !== unexplained || before.hidden.join() !== hidden.join()) this.set({ hidden, unexplained });
  }

  // The first key is the one that counts: a server that gives another one later would have its person look for the wrong tags.
  async #known(told: Kept | undefined): Promise<Kept | undefined> {
    const before = await this.#vault.get<Kept>(kept);
    if (told === undefined || told.key === '') return before;
    const now = { key: before?.key ?? told.key, used: Math.max(before?.used ?? 0, told.used) };
    if (before?.key !== now.key || before.used !== now.used) await this.#vault.put(kept, now);
    return now;
  }
}

import { Vault } from '../keep/vault';
import { type Answer, type Question, SearchIndex } from './searchindex';
import type { KeptSegment, Message } from './segment';

const prefix = 'search/';
const keptNotes = `${prefix}notes`;
const keptSegments = `${prefix}segment/`;

/** The search index as it lies in the vault of this browser, sealed like everything there. It lives in a worker. */
export class Archive {
  readonly #vault: Vault;
  readonly #index: SearchIndex;
  #notes: unknown;
  #writing: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  private constructor(vault: Vault, index: SearchIndex, notes: unknown) {
    this.#vault = vault;
    this.#index = index;
    this.#notes = notes;
  }

  /**
   * Opens what was kept. Where that cannot be read, all of it is deleted, notes included, and the archive is empty: it
   * is made from what the server has, and can be made again.
   */
  static async open(): Promise<Archive> {
    const vault = await Vault.open();
    try {
      const index = new SearchIndex();
      const names = await vault.names(keptSegments);
      for (const n of names.map((name) => Number(name.slice(keptSegments.length))).sort((a, b) => a - b)) {
        const kept = await vault.get<KeptSegment>(keptSegments + String(n));
        if (kept !== undefined) index.load(n, kept);
      }
      return new Archive(vault, index, await vault.get(keptNotes));
    } catch {
      for (const name of await vault.names(prefix)) await vault.delete(name);
      return new Archive(vault, new SearchIndex(), undefined);
    }
  }

  /** What was noted last beside the messages; undefined if nothing was, or if the archive had to begin again. */
  notes(): unknown {
    return this.#notes;
  }

  /** How many messages can be found. */
  size(): number {
    return this.#index.size;
  }

  /**
   * Takes messages in, takes others out, each named by its id or by that of an edit of it, and keeps the notes. When it
   * returns, all of it is kept, and what was taken out is kept no longer; notes are never kept before their messages.
   * It returns the messages that went with an edit: what was written before the edit can be taken in again.
   */
  async take(messages: readonly Message[], without: readonly string[], notes?: unknown): Promise<Message[]> {
    for (const message of messages) this.#index.put(message);
    const gone = without.flatMap((id) => this.#index.remove(id) ?? []);
    await this.#keep();
    if (notes !== undefined) {
      this.#notes = notes;
      await this.#vault.put(keptNotes, notes);
    }
    return gone.filter(({ id }) => !without.includes(id));
  }

  /** Takes out everything said in a room. */
  async removeRoom(room: string): Promise<void> {
    this.#index.removeRoom(room);
    await this.#keep();
  }

  search(question: Question): Answer {
    return this.#index.search(question);
  }

  /** Ends the work when what was begun is kept. */
  async close(): Promise<void> {
    await this.#keep();
    this.#vault.close();
  }

  // One at a time, and whoever comes while one is writing shares the next.
  #keep(): Promise<void> {
    this.#waiting ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined;
        return (this.#writing = this.#write());
      });
    return this.#waiting;
  }

  async #write(): Promise<void> {
    const { keep, drop } = this.#index.unsaved();
    for (const [n, kept] of keep) await this.#vault.put(keptSegments + String(n), kept);
    for (const n of drop) await this.#vault.delete(keptSegments + String(n));
  }
}

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

  /** Which of these ids are of messages that can be found. */
  known(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#index.has(id));
  }

  /** Takes in messages, and then notes. When it returns, they are kept; notes are never kept before their messages. */
  async put(messages: readonly Message[], notes?: unknown): Promise<void> {
    for (const message of messages) this.#index.put(message);
    await this.#keep();
    if (notes === undefined) return;
    this.#notes = notes;
    await this.#vault.put(keptNotes, notes);
  }

  /** Takes out a message or an edit of it, and returns the id of the message that went. When it returns, its text is kept no longer. */
  async remove(id: string): Promise<string | undefined> {
    const gone = this.#index.remove(id);
    await this.#keep();
    return gone;
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

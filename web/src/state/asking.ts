import type { ArchiveError } from '../search/remote';
import type { Found, Question, Reach } from './search';
import { Store, type Readable } from './store';

const page = 50;
const typing = 120;
const reading = 1000;

/** Who answers questions: the search. */
export interface Answerer extends Readable<Reach> {
  /** Throws an ArchiveError. */
  ask: (question: Question, limit: number) => Promise<Found>;
}

export interface AskingView {
  readonly question: Question;
  /** What was found for this question or, while it is being answered, for the one before; undefined where nothing is asked. */
  readonly found: Found | undefined;
  /** It could not be answered. */
  readonly failed: ArchiveError | undefined;
}

/** The question in the search box and its answer. It is answered anew while messages come in, and kept nowhere. */
export class Asking extends Store<AskingView> {
  readonly #answerer: Answerer;
  #limit = page;
  #turn = 0;
  #due: ReturnType<typeof setTimeout> | undefined;
  #version = 0;

  constructor(answerer: Answerer) {
    super({ question: { text: '', room: undefined, sender: undefined }, found: undefined, failed: undefined });
    this.#answerer = answerer;
    answerer.subscribe(() => {
      const { version } = answerer.snapshot();
      if (version === this.#version) return;
      this.#version = version;
      if (this.snapshot().found !== undefined) this.#soon(reading);
    });
  }

  /** Asks something else, in what it names. */
  readonly ask = (change: Partial<Question>): void => {
    const question = { ...this.snapshot().question, ...change };
    this.#limit = page;
    const empty = question.text.trim() === '';
    if (empty) this.#turn++;
    this.set({ question, found: empty ? undefined : this.snapshot().found, failed: undefined });
    clearTimeout(this.#due);
    this.#due = undefined;
    if (!empty) this.#soon(typing);
  };

  /** Wants more of what was found. */
  readonly more = (): void => {
    this.#limit += page;
    this.#soon(0);
  };

  close(): void {
    clearTimeout(this.#due);
    this.#turn++;
  }

  #soon(wait: number): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      void this.#now();
    }, wait);
  }

  // An answer that comes after a later question was asked is passed over.
  async #now(): Promise<void> {
    const turn = ++this.#turn;
    const { question } = this.snapshot();
    try {
      const found = await this.#answerer.ask(question, this.#limit);
      if (turn === this.#turn) this.set({ question: this.snapshot().question, found, failed: undefined });
    } catch (error) {
      if (turn === this.#turn) this.set({ question: this.snapshot().question, found: undefined, failed: error as ArchiveError });
    }
  }
}

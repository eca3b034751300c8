import type { EventTimelineSet, MatrixClient } from 'matrix-js-sdk';
import { Stretch } from './stretch';

/** Where the page is to go. Each is gone to once: a new object is a new journey. */
export type Goal =
  | { readonly at: 'end' }
  /** The first message that was not read. */
  | { readonly at: 'line' }
  | { readonly at: 'message'; readonly id: string }
  | ({ readonly at: 'kept' } & Place);

/** A row, and how far below the upper edge of the page it stands, in pixels. */
export interface Place {
  readonly key: string;
  readonly top: number;
}

/** What a position asks about the conversation. */
interface Reading {
  readUpTo: () => string | undefined;
  unread: () => number;
}

/** Where one is in a conversation, and what of it is on the page. It is kept while one is elsewhere. */
export class Position {
  readonly stretch: Stretch;
  goal: Goal | undefined;
  /** The message that was gone to, which is marked. */
  marked: string | undefined;
  /** Messages are new after this event: the line stands there until one leaves. */
  newAfter: string | undefined;
  /** What is being fetched; 'there' is another place. */
  fetching: 'earlier' | 'later' | 'there' | undefined;
  /** What could not be fetched. */
  failed: 'earlier' | 'later' | 'there' | undefined;
  /** Nothing is to be shown before the place is there. */
  blank = false;
  readonly #reading: Reading;
  readonly #changed: () => void;
  #here = false;
  #atEnd = true;
  #kept: Place | undefined;
  #journey = 0;

  constructor(client: MatrixClient, set: EventTimelineSet, reading: Reading, changed: () => void) {
    this.stretch = new Stretch(client, set);
    this.#reading = reading;
    this.#changed = changed;
  }

  /** The conversation is opened: one comes back to where one was, or to the first message not read, or to the end. */
  arrive(): void {
    this.#here = true;
    this.newAfter = this.#reading.unread() > 0 ? this.#reading.readUpTo() : undefined;
    this.marked = undefined;
    this.failed = undefined;
    if (this.#kept !== undefined) this.goal = { at: 'kept', ...this.#kept };
    else if (this.newAfter === undefined) this.#end();
    else {
      this.stretch.toLatest();
      if (this.stretch.events().some((event) => event.getId() === this.newAfter)) this.goal = { at: 'line' };
      else {
        this.blank = true;
        void this.#travel(this.newAfter, { at: 'line' });
      }
    }
  }

  /** The conversation is left. */
  leave(): void {
    this.#here = false;
  }

  /** Somebody who was away looks again: what came meanwhile stands below a line. */
  look(): void {
    if (!this.#atEnd || this.#reading.unread() === 0) return;
    this.newAfter = this.#reading.readUpTo();
    this.#changed();
  }

  /** Goes to a message and marks it. It returns whether it is there. */
  async show(id: string): Promise<boolean> {
    if (!this.stretch.events().some((event) => event.getId() === id)) return this.#travel(id, { at: 'message', id });
    this.#go({ at: 'message', id });
    return true;
  }

  /** Goes to the end. */
  readonly latest = (): void => {
    this.#end();
    this.#changed();
  };

  /** Fetches more on one side; nothing happens while something is being fetched. */
  async more(side: 'earlier' | 'later'): Promise<void> {
    if (this.fetching !== undefined || (side === 'earlier' ? this.stretch.fromStart : this.stretch.toEnd)) return;
    await this.#fetch(side, () => this.stretch.more(side));
  }

  /** The page tells where it stands: at the end, or else at a row. Before one has arrived it stands nowhere. */
  stands(at: Place | 'end'): void {
    if (!this.#here) return;
    this.#atEnd = at === 'end' && this.stretch.toEnd;
    this.#kept = at === 'end' ? undefined : at;
  }

  /** Something came. */
  came(): void {
    this.stretch.follow(this.#atEnd);
  }

  /** The server left something out between what was here and what comes now. */
  gap(): void {
    if (this.#atEnd) this.#end();
  }

  /** The server answers again. */
  again(): void {
    if (this.failed === undefined) return;
    this.failed = undefined;
    this.#changed();
  }

  #end(): void {
    this.#journey++;
    this.blank = false;
    this.stretch.toLatest();
    this.#atEnd = true;
    this.#kept = undefined;
    this.#go({ at: 'end' }, false);
  }

  #go(goal: Goal, tell = true): void {
    this.goal = goal;
    this.marked = goal.at === 'message' ? goal.id : undefined;
    if (tell) this.#changed();
  }

  async #travel(id: string, goal: Goal): Promise<boolean> {
    const journey = ++this.#journey;
    const there = await this.#fetch('there', async () => {
      await this.stretch.around(id);
      if (journey === this.#journey) this.#go(goal, false);
      else if (this.goal?.at === 'end') this.stretch.toLatest(); // somebody turned round on the way
    });
    if (journey !== this.#journey) return false;
    this.blank = false;
    if (there) this.#atEnd = false;
    if (!there && goal.at === 'line') this.#end();
    this.#changed();
    return there;
  }

  async #fetch(what: NonNullable<Position['fetching']>, work: () => Promise<void>): Promise<boolean> {
    this.fetching = what;
    this.failed = undefined;
    this.#changed();
    try {
      await work();
      return true;
    } catch {
      this.failed = what;
      return false;
    } finally {
      if (this.fetching === what) this.fetching = undefined;
      this.#changed();
    }
  }
}

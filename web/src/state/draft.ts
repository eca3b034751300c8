// What was written and not sent. It is kept in the vault, so that it outlives the page.

import { Store } from './store';
import type { Message } from './timeline';

/** What a text is about: the message that it answers, or one of one's own that it replaces. */
export interface Subject {
  readonly is: 'reply' | 'edit';
  readonly message: Message;
}

export interface Written {
  readonly text: string;
  readonly about?: Subject;
  /** The new words for the message that is being edited; without them they are the old ones. `text` waits meanwhile. */
  readonly edited?: string;
}

/** Where drafts are kept; a test gives something else. */
export interface Keep {
  put: (name: string, value: unknown) => Promise<void>;
  delete: (name: string) => Promise<void>;
}

const prefix = 'draft/';
const nothing: Written = { text: '' };
/** How long after a letter it is kept, in milliseconds. */
const soon = 300;

/** What is being written in one place. */
export class Draft extends Store<Written> {
  /** Writes on: the new words of an edit, or a text of its own. */
  readonly write = (text: string): void => {
    const now = this.snapshot();
    this.set(now.about?.is === 'edit' ? { ...now, edited: text } : { ...now, text });
  };

  /** Makes it an answer or an edit. */
  readonly turnTo = (about: Subject): void => this.set({ text: this.snapshot().text, about });

  /** Back to a message of its own, with the text that waited for it. */
  readonly drop = (): void => {
    const { text } = this.snapshot();
    this.set({ text });
  };

  /** Takes back a text that could not be sent: a new one comes before what stands here, and nothing that is written is lost. */
  readonly takeBack = (text: string, about?: Subject): void => {
    const now = this.snapshot();
    if (about?.is === 'edit') this.set({ text: now.text, about, edited: text });
    else this.set({ ...now, text: now.text.trim() === '' ? text : `${text}\n${now.text}`, ...(now.about === undefined && about !== undefined ? { about } : {}) });
  };

  /** It was sent. After an edit, the text that waited is there again. */
  readonly sent = (): void => {
    const { text, about } = this.snapshot();
    this.set(about?.is === 'edit' ? { text } : nothing);
  };
}

/** The drafts of all rooms. Its value is the words that wait, by room: it changes when they are kept, not with each letter. */
export class Drafts extends Store<ReadonlyMap<string, string>> {
  readonly #keep: Keep;
  readonly #written: Map<string, Written>;
  readonly #open = new Map<string, Draft>();
  readonly #due = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(keep: Keep, kept: ReadonlyMap<string, Written>) {
    super(marksOf(kept));
    this.#keep = keep;
    this.#written = new Map(kept);
    addEventListener('pagehide', this.keepNow);
    document.addEventListener('visibilitychange', this.keepNow);
  }

  /** What was kept, by place. */
  static async read(vault: { names: (prefix: string) => Promise<string[]>; get: <T>(name: string) => Promise<T | undefined> }): Promise<Map<string, Written>> {
    const kept = new Map<string, Written>();
    for (const name of await vault.names(prefix)) {
      const written = await vault.get<Written>(name);
      if (written !== undefined) kept.set(name.slice(prefix.length), written);
    }
    return kept;
  }

  /** The draft in a room, or in the thread with that root. */
  of(room: string, thread?: string): Draft {
    const place = thread === undefined ? room : `${room}/${thread}`;
    const before = this.#open.get(place);
    if (before !== undefined) return before;
    const draft = new Draft(this.#written.get(place) ?? nothing);
    draft.subscribe(() => this.#changed(place, draft.snapshot()));
    this.#open.set(place, draft);
    return draft;
  }

  /** Keeps at once what is still to be kept: the page may be on its way out. */
  readonly keepNow = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const place of this.#due) {
      const written = this.#written.get(place);
      // Where the browser keeps nothing, the draft is on the page and no more.
      void (written === undefined ? this.#keep.delete(prefix + place) : this.#keep.put(prefix + place, written)).catch(() => undefined);
    }
    if (this.#due.size > 0) this.set(marksOf(this.#written));
    this.#due.clear();
  };

  close(): void {
    this.keepNow();
    removeEventListener('pagehide', this.keepNow);
    document.removeEventListener('visibilitychange', this.keepNow);
  }

  #changed(place: string, written: Written): void {
    if (isEmpty(written)) this.#written.delete(place);
    else this.#written.set(place, written);
    this.#due.add(place);
    this.#timer ??= setTimeout(this.keepNow, soon);
  }
}

// A thread's draft marks its room.
function marksOf(written: ReadonlyMap<string, Written>): Map<string, string> {
  const marks = new Map<string, string>();
  for (const [place, { text, edited }] of written) {
    const words = (edited ?? text).trim();
    const room = place.split('/')[0] ?? '';
    if (words !== '' && !(place !== room && marks.has(room))) marks.set(room, words);
  }
  return marks;
}

function isEmpty({ text, about, edited }: Written): boolean {
  return text.trim() === '' && about === undefined && edited === undefined;
}

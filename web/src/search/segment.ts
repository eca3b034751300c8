import { find, Folder, type Term } from './fold';

/** A message that can be found. */
export interface Message {
  /** Its event id. */
  readonly id: string;
  readonly room: string;
  readonly sender: string;
  /** When it was sent, in milliseconds since 1970. */
  readonly at: number;
  /** What it says: after an edit, what the edit says. */
  readonly body: string;
  /** Whether it came encrypted. Nothing that did not can change what did. */
  readonly sealed: boolean;
  /** The language it is in, a BCP 47 tag. */
  readonly lang?: string;
  /** The edit that the body is from. */
  readonly edit?: { readonly id: string; readonly at: number };
}

/** A segment as it is kept, in columns: names of rooms and senders once, then a row for each message. */
export interface KeptSegment {
  readonly v: 1;
  readonly names: readonly string[];
  readonly rows: readonly (readonly [id: string, room: number, sender: number, at: number, body: string, sealed: 0 | 1, lang: string, editId?: string, editAt?: number])[];
}

interface Layout {
  readonly messages: readonly Message[];
  readonly folded: string;
  /** Where in folded each message begins, and where the last one ends. */
  readonly starts: Uint32Array;
}

/** Some messages, kept and written together. */
export class Segment {
  readonly #messages = new Map<string, Message>();
  #layout: Layout | undefined;

  /** The number that it is kept under. */
  readonly n: number;
  /** Whether it is not kept as it is. */
  unsaved = false;

  constructor(n: number) {
    this.n = n;
  }

  get size(): number {
    return this.#messages.size;
  }

  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  messages(): IterableIterator<Message> {
    return this.#messages.values();
  }

  put(message: Message): void {
    this.#messages.set(message.id, message);
    this.#changed();
  }

  delete(id: string): void {
    this.#messages.delete(id);
    this.#changed();
  }

  /** Calls visit for each message that has all the terms, of which there is at least one. */
  scan(terms: readonly Term[], visit: (message: Message) => void): void {
    const [first, ...rest] = terms;
    if (first === undefined) return;
    const { messages, folded, starts } = (this.#layout ??= this.#lay());
    for (let n = 0, at = find(folded, first, 0); at !== -1; at = find(folded, first, starts[n] ?? folded.length)) {
      while ((starts[n + 1] ?? folded.length) <= at) n++;
      const message = messages[n];
      if (message === undefined) return;
      if (rest.length === 0) visit(message);
      else {
        const one = folded.slice(starts[n], starts[n + 1]);
        if (rest.every((term) => find(one, term, 0) !== -1)) visit(message);
      }
      n++;
    }
  }

  /** What is to be kept of it. */
  kept(): KeptSegment {
    const numbers = new Map<string, number>();
    const number = (name: string): number => {
      const before = numbers.get(name);
      if (before !== undefined) return before;
      numbers.set(name, numbers.size);
      return numbers.size - 1;
    };
    const rows = [...this.#messages.values()].map(({ id, room, sender, at, body, sealed, lang = '', edit }): KeptSegment['rows'][number] => {
      const row = [id, number(room), number(sender), at, body, sealed ? 1 : 0, lang] as const;
      return edit === undefined ? row : [...row, edit.id, edit.at];
    });
    return { v: 1, names: [...numbers.keys()], rows };
  }

  /** The messages of a kept segment. */
  static *read(kept: KeptSegment): Generator<Message> {
    for (const [id, room, sender, at, body, sealed, lang, editId, editAt] of kept.rows) {
      const edit = editId === undefined || editAt === undefined ? {} : { edit: { id: editId, at: editAt } };
      yield { id, room: kept.names[room] ?? '', sender: kept.names[sender] ?? '', at, body, sealed: sealed === 1, ...(lang === '' ? {} : { lang }), ...edit };
    }
  }

  /** Makes it ready to be searched, so that the first question is not slower than the others. */
  prepare(): void {
    this.#layout ??= this.#lay();
  }

  #changed(): void {
    this.#layout = undefined;
    this.unsaved = true;
  }

  #lay(): Layout {
    const messages = [...this.#messages.values()];
    const folder = new Folder();
    const starts = new Uint32Array(messages.length + 1);
    messages.forEach((message, n) => {
      folder.add(message.body);
      starts[n + 1] = folder.length;
    });
    return { messages, folded: folder.text(), starts };
  }
}

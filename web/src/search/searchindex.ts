// The messages that can be found on this device. A question is answered by reading through all their folded text:
// docs/decisions/search.md has the figures that say why this beats an index of words here.

import { find, Folder, termsOf, type Term } from './fold';
import { Segment, type KeptSegment, type Message } from './segment';

export interface Question {
  readonly text: string;
  /** Only what was said in this room. */
  readonly room?: string;
  /** Only what this person said. */
  readonly sender?: string;
  /** Not what these people said. */
  readonly without?: readonly string[];
  /** How many hits are wanted at most. */
  readonly limit: number;
}

/** A message that was found. */
export interface Hit {
  readonly id: string;
  readonly room: string;
  readonly sender: string;
  readonly at: number;
  /** The language of the message, if its sender or its letters tell. */
  readonly lang?: string;
  /** The part of the body where the terms stand, all of it if it is short. */
  readonly excerpt: string;
  /** Whether the body goes on before and after the excerpt. */
  readonly cut: readonly [before: boolean, after: boolean];
  /** Where in the excerpt the terms stand: from, to. */
  readonly marks: readonly (readonly [from: number, to: number])[];
}

export interface Answer {
  /** How many messages have all the terms. */
  readonly total: number;
  /** How many of them each room has. */
  readonly rooms: readonly (readonly [room: string, total: number])[];
  /** How many of them each person sent. */
  readonly senders: readonly (readonly [sender: string, total: number])[];
  /** The newest of them, newest first. */
  readonly hits: readonly Hit[];
}

// A new message costs the writing of a young segment. When there are many small ones, they become a large one.
const young = 64;
const small = 1024;
const manySmall = 16;

/** Everything that can be found, in memory. What of it is not kept yet, `unsaved` tells. */
export class SearchIndex {
  readonly #segments = new Map<number, Segment>();
  /** Where each message is. */
  readonly #where = new Map<string, Segment>();
  /** Which message each edit belongs to. */
  readonly #edits = new Map<string, string>();
  readonly #strings = new Map<string, string>();
  readonly #dropped = new Set<number>();
  #next = 1;

  get size(): number {
    return this.#where.size;
  }

  has(id: string): boolean {
    return this.#where.has(id);
  }

  /** Takes in a segment as it was kept. Of a message that is in two, the one in the segment with the larger number counts. */
  load(n: number, kept: KeptSegment): void {
    const segment = new Segment(n);
    for (const message of Segment.read(kept)) {
      const before = this.#where.get(message.id);
      if (before !== undefined && before.n > n) segment.unsaved = true;
      else {
        before?.delete(message.id);
        segment.put(this.#interned(message));
        this.#where.set(message.id, segment);
        if (message.edit !== undefined) this.#edits.set(message.edit.id, message.id);
      }
    }
    segment.unsaved = segment.size < kept.rows.length;
    segment.prepare();
    this.#segments.set(n, segment);
    this.#next = Math.max(this.#next, n + 1);
  }

  /** Takes in a message. One that is there already is replaced, unless what is there is a later edit of it. */
  put(message: Message): void {
    const segment = this.#where.get(message.id) ?? this.#young();
    const before = segment.get(message.id);
    const after = before === undefined ? message : merged(before, message);
    if (after === before) return;
    if (before?.edit !== undefined) this.#edits.delete(before.edit.id);
    if (after.edit !== undefined) this.#edits.set(after.edit.id, after.id);
    segment.put(this.#interned(after));
    this.#where.set(message.id, segment);
  }

  /**
   * Takes out the message with this id, or the message that an edit with this id belongs to, and returns what went, if
   * anything did. What was written before that edit can be put again.
   */
  remove(id: string): Message | undefined {
    const which = this.#edits.get(id) ?? id;
    const segment = this.#where.get(which);
    const gone = segment?.get(which);
    if (segment === undefined || gone === undefined) return undefined;
    if (gone.edit !== undefined) this.#edits.delete(gone.edit.id);
    segment.delete(which);
    this.#where.delete(which);
    return gone;
  }

  /** Takes out everything that was said in a room. */
  removeRoom(room: string): void {
    for (const segment of this.#segments.values()) {
      for (const message of [...segment.messages()]) if (message.room === room) this.remove(message.id);
    }
  }

  /** Answers a question. Without a term, nothing is found. */
  search(question: Question): Answer {
    const terms = termsOf(question.text);
    const { room, sender, without = [] } = question;
    const newest = new Newest(question.limit);
    let total = 0;
    const rooms = new Count();
    const senders = new Count();
    // The later segments have newer messages, most of them.
    for (const segment of [...this.#segments.values()].reverse()) {
      segment.scan(terms, (message) => {
        if ((room !== undefined && message.room !== room) || (sender !== undefined && message.sender !== sender) || without.includes(message.sender)) return;
        total++;
        newest.add(message);
        rooms.add(message.room);
        senders.add(message.sender);
      });
    }
    const hits = newest.all().map((message) => hitOf(message, terms));
    return { total, rooms: rooms.all(), senders: senders.all(), hits };
  }

  /** What must be kept, and what need not be kept any longer, since the last call. Keep first, then delete. */
  unsaved(): { keep: [n: number, kept: KeptSegment][]; drop: number[] } {
    this.#merge();
    const keep: [number, KeptSegment][] = [];
    for (const segment of this.#segments.values()) {
      if (!segment.unsaved) continue;
      if (segment.size === 0) {
        this.#segments.delete(segment.n);
        this.#dropped.add(segment.n);
      } else keep.push([segment.n, segment.kept()]);
      segment.unsaved = false;
    }
    const drop = [...this.#dropped];
    this.#dropped.clear();
    return { keep, drop };
  }

  #young(): Segment {
    const last = this.#segments.get(this.#next - 1);
    if (last !== undefined && last.size < young) return last;
    const segment = new Segment(this.#next++);
    this.#segments.set(segment.n, segment);
    return segment;
  }

  #merge(): void {
    const smalls = [...this.#segments.values()].filter((segment) => segment.size < small);
    if (smalls.length < manySmall) return;
    const all = new Segment(this.#next++);
    for (const segment of smalls) {
      for (const message of segment.messages()) {
        all.put(message);
        this.#where.set(message.id, all);
      }
      this.#segments.delete(segment.n);
      this.#dropped.add(segment.n);
    }
    this.#segments.set(all.n, all);
  }

  // The same few rooms and people stand in every message; each name is held once.
  #interned(message: Message): Message {
    return { ...message, room: this.#one(message.room), sender: this.#one(message.sender) };
  }

  #one(text: string): string {
    const before = this.#strings.get(text);
    if (before !== undefined) return before;
    this.#strings.set(text, text);
    return text;
  }
}

/** How often each name came, the most frequent first. */
class Count {
  readonly #counts = new Map<string, { n: number }>();

  add(name: string): void {
    const count = this.#counts.get(name);
    if (count === undefined) this.#counts.set(name, { n: 1 });
    else count.n++;
  }

  all(): [name: string, n: number][] {
    return [...this.#counts].map(([name, { n }]): [string, number] => [name, n]).sort((a, b) => b[1] - a[1]);
  }
}

/** What two tellings of one message come to: history may bring an edit before the message that it belongs to. */
function merged(before: Message, message: Message): Message {
  if (before.edit === undefined && message.edit === undefined) return same(before, message) ? before : message;
  if (before.edit === undefined) return mayEdit(before, message) ? { ...message, at: before.at, sealed: before.sealed } : before;
  if (message.edit === undefined) {
    if (!mayEdit(message, before)) return message;
    return before.at === message.at && before.sealed === message.sealed ? before : { ...before, at: message.at, sealed: message.sealed };
  }
  if (!mayEdit(before, message) || (before.sealed === message.sealed && before.edit.at >= message.edit.at)) return before;
  return { ...message, at: Math.min(before.at, message.at) };
}

/** Whether edit may change original: nobody edits what another person wrote, and nothing in clear what was encrypted. */
function mayEdit(original: Message, edit: Message): boolean {
  return original.sender === edit.sender && original.room === edit.room && (edit.sealed || !original.sealed);
}

function same(a: Message, b: Message): boolean {
  return a.body === b.body && a.at === b.at && a.sealed === b.sealed && a.sender === b.sender && a.room === b.room;
}

/** The newest of the messages that are added, at most limit: a common word stands in most messages, and few are shown. */
class Newest {
  readonly #limit: number;
  #messages: Message[] = [];
  /** What is older than this is not among them. */
  #oldest = -Infinity;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(message: Message): void {
    if (message.at <= this.#oldest) return;
    this.#messages.push(message);
    if (this.#messages.length < 4 * this.#limit) return;
    this.#messages = this.all();
    this.#oldest = this.#messages.at(-1)?.at ?? -Infinity;
  }

  /** Newest first. */
  all(): Message[] {
    return [...this.#messages].sort((a, b) => b.at - a.at).slice(0, this.#limit);
  }
}

const excerptLength = 120;
const lead = 24;

function hitOf({ id, room, sender, at, body, lang }: Message, terms: readonly Term[]): Hit {
  const all = marksIn(body, terms);
  const first = all[0]?.[0] ?? 0;
  const from = body.length <= excerptLength ? 0 : whole(body, Math.max(0, Math.min(first - lead, body.length - excerptLength)));
  const to = whole(body, Math.min(body.length, from + excerptLength));
  const marks = all.flatMap(([a, b]): [number, number][] => (a < to && b > from ? [[Math.max(a, from) - from, Math.min(b, to) - from]] : []));
  return { id, room, sender, at, ...(lang === undefined ? {} : { lang }), excerpt: body.slice(from, to), cut: [from > 0, to < body.length], marks };
}

/** Where the terms stand in body, in order, those that touch made one. */
function marksIn(body: string, terms: readonly Term[]): [from: number, to: number][] {
  const { folded, from } = Folder.map(body);
  const marks: [number, number][] = [];
  for (const term of terms) {
    for (let at = find(folded, term, 0); at !== -1; at = find(folded, term, at + term.text.length)) {
      marks.push([from[at] ?? 0, endOf(body, from, at + term.text.length)]);
    }
  }
  marks.sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const mark of marks) {
    const last = joined.at(-1);
    if (last !== undefined && mark[0] <= last[1]) last[1] = Math.max(last[1], mark[1]);
    else joined.push(mark);
  }
  return joined;
}

// A mark ends where the next folded character begins, without the spaces before that; a character that folds to
// several is marked whole.
function endOf(body: string, from: readonly number[], end: number): number {
  const last = from[end - 1] ?? 0;
  let next = end;
  while (next < from.length - 1 && (from[next] ?? 0) <= last) next++;
  return last + body.slice(last, from[next] ?? body.length).trimEnd().length;
}

/** The position, or the one before where it would cut a character in two. */
function whole(body: string, position: number): number {
  const unit = body.charCodeAt(position);
  return unit >= 0xdc00 && unit <= 0xdfff ? position - 1 : position;
}

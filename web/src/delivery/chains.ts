// What the envelopes of a room prove: which events a device wrote that are not here, which contradict each other, and
// what others had seen that this device has not. Pure: it is given what the server gave, in the server's order, and asks nobody.
//
// docs/decisions/envelope.md has the format and what a reader may conclude. Where nothing can be concluded, nothing is said.

/** What stands in an envelope, as far as it is checked, and the hash of the content that it is in. */
export interface Sent {
  readonly device: string;
  readonly run: string;
  readonly n: number;
  readonly prev: string;
  readonly after?: { readonly run: string; readonly n: number };
  readonly seen: string;
  /** Empty where it cannot be computed. */
  readonly hash: string;
  /** Whether what its device saw since the event before is what is here; undefined where that cannot be compared. */
  readonly between?: 'same' | 'other';
}

/** An event, as the server gave it. */
export interface Heard {
  readonly id: string;
  readonly sender: string;
  /** sent: with an envelope. closed: this device cannot decrypt it, or not yet. emptied: deleted before it was read here. other: without an envelope. */
  readonly is: 'sent' | 'closed' | 'emptied' | 'other';
  readonly sent?: Sent;
}

interface Whose {
  readonly sender: string;
  readonly device: string;
}

/** Something that an honest server does not do. */
export type Finding = Whose & {
  /** The same for the same finding, after a restart too. */
  readonly key: string;
  /** The event from which it follows: it is shown before that one. */
  readonly before: string;
} & (
    | {
        readonly is: 'missing';
        readonly run: string;
        readonly from: number;
        readonly to: number;
        /** How many of them are missing at least: the others may be among what cannot be read here. */
        readonly count: number;
        /** The hash of the last of them, as the event after it has it. */
        readonly hash: string;
      }
    /** Its device had seen an event that is not here. */
    | { readonly is: 'named'; readonly id: string }
    /** Two events have one place, or one does not follow the content that stands before it. */
    | { readonly is: 'twice' | 'broken'; readonly run: string; readonly n: number }
    /** Its device did not see the same events as this one. */
    | { readonly is: 'differs' }
  );

/** Events of a run that follow each other without a gap. */
interface Segment {
  from: number;
  to: number;
  /** Where its first and its last event stand among all that was heard. */
  first: number;
  last: number;
  firstId: string;
  /** What its first event says of the one before, and the hash of its last. */
  prev: string;
  hash: string;
  /** From this place on an event of it may have come that could not be read, and is not remembered any more. */
  open?: number;
}

interface Run {
  segments: Segment[];
  /** Everything of it must have come after this place. */
  due?: number;
  /** What a later run says of its end. */
  said?: { n: number; hash: string; at: number; id: string };
  /** The newest event that it had seen: its place. */
  seen?: number;
  /** What the last event of it named with `seen`. */
  named?: { n: number; id: string };
}

interface Closed {
  id: string;
  sender: string;
  at: number;
}

/** A finding that does not go away by counting anew, and the places between which it lies. */
interface Doubt extends Whose {
  is: 'named' | 'twice' | 'broken' | 'differs';
  before: string;
  from: number;
  at: number;
  id?: string;
  run?: string;
  n?: number;
}

/** What is kept of a room between visits. */
export interface KeptChains {
  v: 1;
  /** The ids of the newest events, and the place of the first of them. */
  ids: string[];
  base: number;
  /** The gaps: before each of these places something may have come that is not known here. */
  cuts: number[];
  /** Whether the room was heard from its beginning, without a gap. */
  whole: boolean;
  /** By sender and device, then by run. */
  devices: Record<string, Record<string, Run>>;
  closed: Closed[];
  doubts: Doubt[];
}

/** How much is kept. What is older is not judged any more. */
const most = { ids: 400, slack: 100, closed: 200, cuts: 100, doubts: 40, runs: 5, devices: 250 };

export class Chains {
  #kept: KeptChains;
  readonly #places = new Map<string, number>();

  constructor(kept?: KeptChains) {
    this.#kept = kept?.v === 1 ? structuredClone(kept) : { v: 1, ids: [], base: 0, cuts: [], whole: false, devices: {}, closed: [], doubts: [] };
    this.#kept.ids.forEach((id, n) => this.#places.set(id, this.#kept.base + n));
  }

  kept(): KeptChains {
    return this.#kept;
  }

  /** The last event that was heard. */
  get last(): string | undefined {
    return this.#kept.ids.at(-1);
  }

  /** Whether an event is among the newest that were heard. */
  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** The room begins here: everything that is said in it will be heard. */
  begin(): void {
    if (this.end === 0) this.#kept.whole = true;
  }

  /** Something may have been said here that this device is not given: a gap that cannot be filled, or the time before it joined. */
  cut(): void {
    if (this.#cut < this.end) this.#kept.cuts.push(this.end);
    this.#kept.whole = false;
  }

  /** The events after `a`, up to `s`, or undefined where this device does not know all of them. */
  between(a: string, s: string): readonly string[] | undefined {
    const [from, to] = [this.#places.get(a), this.#places.get(s)];
    const { base } = this.#kept;
    if (from === undefined || to === undefined || from < this.#cut || to < from) return undefined;
    return this.#kept.ids.slice(from + 1 - base, to + 1 - base);
  }

  /** The events that the device of `sent` saw after those that it had seen when it wrote the event before; undefined where that is not known. */
  viewOf(sender: string, { device, run, n, seen }: Sent): readonly string[] | undefined {
    const named = this.#kept.devices[keyOf({ sender, device })]?.[run]?.named;
    return named?.n === n - 1 ? this.between(named.id, seen) : undefined;
  }

  /** Takes in the next event. blind: the server leaves something out at this person's own wish, so what others saw proves nothing. */
  hear(event: Heard, blind = false): void {
    if (this.#places.has(event.id)) return;
    const at = this.end;
    this.#kept.ids.push(event.id);
    this.#places.set(event.id, at);
    this.#kept.doubts = this.#kept.doubts.filter((doubt) => doubt.is !== 'named' || doubt.id !== event.id);
    if (event.is === 'sent' && event.sent !== undefined) this.#sent(event.id, event.sender, event.sent, at, blind);
    else if (event.is === 'closed' || event.is === 'emptied') this.#kept.closed.push({ id: event.id, sender: event.sender, at });
    this.#bound();
  }

  /** An event that could not be read was decrypted after all. */
  opened({ id, sender, sent }: Heard): void {
    const closed = this.#kept.closed.find((one) => one.id === id);
    if (closed === undefined) return;
    this.#kept.closed = this.#kept.closed.filter((one) => one !== closed);
    if (sent !== undefined) this.#sent(id, sender, sent, closed.at, true, true);
  }

  /** Whether an event waits to be decrypted. */
  isClosed(id: string): boolean {
    return this.#kept.closed.some((one) => one.id === id);
  }

  /** What is wrong, in the order of the events from which it follows. Of one thing that several findings tell, the most telling is said. */
  findings(without: ReadonlySet<string> = new Set()): readonly Finding[] {
    const missing = Object.entries(this.#kept.devices).flatMap(([key, runs]) => Object.entries(runs).flatMap(([name, run]) => this.#missingIn(whoseOf(key), name, run)));
    const covered = (from: number, at: number, by: readonly { from: number; at: number }[]): boolean => by.some((one) => one.from < at && from < one.at);
    const named = this.#kept.doubts.filter((one) => one.is === 'named' && !covered(one.from, one.at, missing));
    const false_ = this.#kept.doubts.filter((one) => one.is === 'twice' || one.is === 'broken');
    const differs = this.#kept.doubts.filter((one) => one.is === 'differs' && !covered(one.from, one.at, [...missing, ...this.#kept.doubts.filter(({ is }) => is === 'named')]));
    const doubts = [...named, ...false_, ...differs].map((doubt) => ({ at: doubt.at, finding: findingOf(doubt) }));
    const all = [...missing.map(({ at, finding }) => ({ at, finding })), ...doubts];
    return all.filter(({ finding }) => !without.has(finding.sender)).sort((a, b) => a.at - b.at).map(({ finding }) => finding);
  }

  /** The place of an event among all that was heard, where it is among the newest. */
  placeOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  /** The place of the next event. */
  get end(): number {
    return this.#kept.base + this.#kept.ids.length;
  }

  /** Where what follows without a gap begins. */
  get #cut(): number {
    return this.#kept.cuts.at(-1) ?? 0;
  }

  #sent(id: string, sender: string, sent: Sent, at: number, blind: boolean, late = false): void {
    const whose = { sender, device: sent.device };
    const runs = (this.#kept.devices[keyOf(whose)] ??= {});
    const run = (runs[sent.run] ??= { segments: [], ...this.#dueFor(runs, late) });
    this.#place(whose, run, id, sent, at);
    if (sent.n === 1 && sent.after !== undefined) this.#follow(runs, sent.after, { hash: sent.prev, at, id });
    if (!blind) this.#see(whose, run, id, sent, at);
    if (run.segments.at(-1)?.to === sent.n) run.named = { n: sent.n, id: sent.seen };
  }

  // A device has one run at a time. Where another run of it was heard in what follows without a gap, or everything was heard, a
  // run that is new here began meanwhile.
  #dueFor(runs: Readonly<Record<string, Run>>, late: boolean): { due: number } | undefined {
    if (this.#kept.whole) return { due: -1 };
    if (late) return undefined;
    const heard = Object.values(runs).flatMap(({ segments }) => segments.map(({ last }) => last));
    const due = Math.max(-1, ...heard);
    return due >= this.#cut && heard.length > 0 ? { due } : undefined;
  }

  #place(whose: Whose, run: Run, id: string, { run: name, n, prev, hash }: Sent, at: number): void {
    const wrong = (is: 'twice' | 'broken', n: number): void => this.#doubt({ ...whose, is, before: id, from: at - 1, at, run: name, n });
    const { segments } = run;
    if (segments.some(({ from, to }) => from <= n && n <= to)) {
      wrong('twice', n);
      return;
    }
    const before = segments.find(({ to }) => to === n - 1);
    const after = segments.find(({ from }) => from === n + 1);
    if (before !== undefined && differ(before.hash, prev)) wrong('broken', n);
    if (after !== undefined && differ(after.prev, hash)) wrong('broken', n + 1);
    const one: Segment = before ?? { from: n, to: n, first: at, last: at, firstId: id, prev, hash };
    if (before === undefined) segments.push(one);
    else Object.assign(before, { to: n, last: Math.max(before.last, at), hash });
    if (before?.open !== undefined && before.open <= at) delete before.open;
    if (after !== undefined) {
      const { to, last, hash: end, open } = after;
      Object.assign(one, { to, last: Math.max(one.last, last), hash: end });
      delete one.open;
      if (open !== undefined) one.open = open;
    }
    run.segments = segments.filter((segment) => segment !== after).sort((a, b) => a.from - b.from);
  }

  #follow(runs: Record<string, Run>, { run: name, n }: { run: string; n: number }, said: { hash: string; at: number; id: string }): void {
    if (runs[name] === undefined && !this.#kept.whole) return; // it may lie before what is known here
    const before = (runs[name] ??= { segments: [], due: -1 });
    before.said = { n, ...said };
  }

  #see(whose: Whose, run: Run, id: string, { seen, between }: Sent, at: number): void {
    const { base, whole } = this.#kept;
    const before = run.seen ?? (whole ? 0 : -1);
    if (seen.startsWith('$')) {
      const place = this.#places.get(seen);
      // A device sees in the server's order: what it names lies behind what it named before, and that is all here.
      if (place !== undefined) run.seen = Math.max(before, place);
      else if (before >= Math.max(base, this.#cut)) this.#doubt({ ...whose, is: 'named', before: id, from: before, at, id: seen });
    }
    if (between === 'other') this.#doubt({ ...whose, is: 'differs', before: id, from: before, at });
  }

  #doubt(doubt: Doubt): void {
    const same = (one: Doubt): boolean => keyFor(one) === keyFor(doubt);
    if (!this.#kept.doubts.some(same)) this.#kept.doubts.push(doubt);
  }

  #missingIn(whose: Whose, name: string, { segments, due, said }: Run): { from: number; at: number; finding: Finding }[] {
    const found: { from: number; at: number; finding: Finding }[] = [];
    const hole = (after: number, at: number, from: number, to: number, before: string, hash: string): void => {
      const count = to - from + 1 - this.#closedBy(whose.sender, after, at);
      if (count > 0) found.push({ from: after, at, finding: { ...whose, key: `missing ${keyOf(whose)} ${name} ${from} ${to}`, before, is: 'missing', run: name, from, to, count, hash } });
    };
    const first = segments[0];
    if (first !== undefined && first.from > 1 && due !== undefined) hole(due, first.first, 1, first.from - 1, first.firstId, first.prev);
    segments.forEach((one, n) => {
      const next = segments[n + 1];
      if (next !== undefined && !this.#openAt(one, next.first)) hole(one.last, next.first, one.to + 1, next.from - 1, next.firstId, next.prev);
    });
    const end = segments.at(-1);
    if (said === undefined) return found;
    if ((end?.to ?? 0) < said.n && !(end !== undefined && this.#openAt(end, said.at))) hole(end?.last ?? due ?? -1, said.at, (end?.to ?? 0) + 1, said.n, said.id, said.hash);
    else if (end?.to === said.n && differ(end.hash, said.hash)) {
      found.push({ from: end.last, at: said.at, finding: findingOf({ ...whose, is: 'broken', before: said.id, from: end.last, at: said.at, run: name, n: said.n }) });
    }
    return found;
  }

  /** Whether something that is not known here may have come between a segment and a place. */
  #openAt({ last, open }: Segment, at: number): boolean {
    return (open !== undefined && open <= at) || this.#kept.cuts.some((cut) => last < cut && cut <= at);
  }

  /** The segments of a run beside which something is missing, and the last. */
  #telling({ segments, due }: Run): Segment[] {
    return segments.filter((one, n) => {
      const [before, next] = [segments[n - 1], segments[n + 1]];
      return next === undefined || !this.#openAt(one, next.first) || (before === undefined ? due !== undefined && one.from > 1 : !this.#openAt(before, one.first));
    });
  }

  #closedBy(sender: string, after: number, before: number): number {
    return this.#kept.closed.filter((one) => one.sender === sender && after < one.at && one.at < before).length;
  }

  #bound(): void {
    const kept = this.#kept;
    if (kept.ids.length > most.ids + most.slack) {
      const old = kept.ids.splice(0, kept.ids.length - most.ids);
      for (const id of old) this.#places.delete(id);
      kept.base += old.length;
      this.#forgetDevices();
    }
    while (kept.closed.length > most.closed) this.#forget(kept.closed[0]);
    while (kept.cuts.length > most.cuts) {
      const [oldest = 0, next = 0] = kept.cuts;
      for (const one of kept.closed.filter(({ at }) => at < next)) this.#forget(one);
      for (const run of Object.values(kept.devices).flatMap((runs) => Object.values(runs))) open(run, oldest);
      kept.cuts.shift();
    }
    kept.doubts.splice(0, kept.doubts.length - most.doubts);
  }

  // What an unread event may have been stays unknown once that it was there is not remembered.
  #forget(closed: Closed | undefined): void {
    if (closed === undefined) return;
    const { sender, at } = closed;
    this.#kept.closed = this.#kept.closed.filter((one) => one !== closed);
    for (const [key, runs] of Object.entries(this.#kept.devices)) {
      if (whoseOf(key).sender !== sender) continue;
      for (const run of Object.values(runs)) {
        open(run, at);
        if (run.due !== undefined && run.due < at && (run.segments[0]?.first ?? 0) > at) delete run.due;
      }
    }
  }

  #forgetDevices(): void {
    const last = ({ segments, said }: Run): number => Math.max(-1, said?.at ?? -1, ...segments.map((one) => one.last));
    for (const [key, runs] of Object.entries(this.#kept.devices)) {
      const newest = Object.entries(runs).sort(([, a], [, b]) => last(b) - last(a));
      const stay = newest.filter(([name, run], n) => n < most.runs || this.#missingIn(whoseOf(key), name, run).length > 0);
      for (const [, run] of stay) run.segments = this.#telling(run);
      this.#kept.devices[key] = Object.fromEntries(stay);
    }
    const devices = Object.entries(this.#kept.devices).sort(([, a], [, b]) => Math.max(...Object.values(b).map(last)) - Math.max(...Object.values(a).map(last)));
    this.#kept.devices = Object.fromEntries(devices.slice(0, most.devices));
  }
}

/** At a place something may have come of a run that will not be known. */
function open({ segments }: Run, at: number): void {
  for (const segment of segments) if (segment.last < at) segment.open = Math.min(segment.open ?? at, at);
}

function differ(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b;
}

// A device id is anything that a client chose; a user id has no space.
function keyOf({ sender, device }: Whose): string {
  return `${sender} ${device}`;
}

function whoseOf(key: string): Whose {
  const space = key.indexOf(' ');
  return { sender: key.slice(0, space), device: key.slice(space + 1) };
}

function keyFor(doubt: Doubt): string {
  switch (doubt.is) {
    case 'named':
      return `named ${doubt.id ?? ''}`;
    case 'differs':
      return `differs ${keyOf(doubt)} ${doubt.before}`;
    default:
      return `${doubt.is} ${keyOf(doubt)} ${doubt.run ?? ''} ${doubt.n ?? 0}`;
  }
}

function findingOf(doubt: Doubt): Finding {
  const { sender, device, before, is, id = '', run = '', n = 0 } = doubt;
  const common = { sender, device, before, key: keyFor(doubt) };
  if (is === 'named') return { ...common, is, id };
  return is === 'differs' ? { ...common, is } : { ...common, is, run, n };
}

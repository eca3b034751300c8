// The check of one room: what the server told goes through the chains in the server's order, once what it left out was
// fetched. What was found, asked for and handed on is kept between visits.

import type { Json } from '../crypto/canonical';
import { contentHash, eventsDigest, readEnvelope, type Content } from '../crypto/envelope';
import { Chains, type Finding, type Heard, type KeptChains, type Sent } from './chains';

/** An event as the server told it. */
export interface Raw {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly origin_server_ts: number;
  readonly state_key?: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: { readonly prev_content?: Readonly<Record<string, unknown>> };
}

/** What an event says, as far as this device can read it. */
export type Read = { readonly is: 'closed' | 'emptied' | 'other' } | { readonly is: 'sent'; readonly content: Content };

/** Where a check learns what it was not told. */
export interface Source {
  read: (event: Raw) => Promise<Read>;
  /** A page of the history before a token, the newest first. It throws where the server does not answer. */
  before: (token: string) => Promise<{ readonly events: readonly Raw[]; readonly before: string | undefined }>;
}

/** What was told of the room. */
export interface Told {
  readonly events: readonly Raw[];
  readonly gap: boolean;
  readonly before: string | undefined;
}

/** A message that somebody else's device handed on. */
export interface Handed {
  readonly by: string;
  readonly id: string;
  readonly sender: string;
  readonly at: number;
  readonly content: Content;
  /** Whether it is what the sender's device wrote: its next message fixes it, or its signature does. */
  readonly checked: boolean;
}

/** A finding, when it was made, and what came of it. */
export type Gap = Finding & {
  /** When the event from which it follows was sent, in milliseconds since 1970. */
  readonly at: number;
  /** How many devices were asked for it; undefined where nobody was. */
  readonly asked: number | undefined;
  readonly handed: readonly Handed[];
};

/** What is kept of a room between visits. */
export interface KeptGaps {
  chains: KeptChains;
  /** By finding. */
  about: Record<string, { at: number; ask?: string; asked?: number; handed?: Handed[] }>;
  /** Since which place of the chains somebody is known to be in the room. */
  members: Record<string, number>;
  /** Whether it was noted who was in the room when the check began. */
  met: boolean;
}

/** How many pages of what the server left out are fetched; a longer gap is not judged. */
const pages = 3;
const mostMembers = 500;

export class Gaps {
  readonly #me: string;
  readonly #source: Source;
  readonly #chains: Chains;
  #about: KeptGaps['about'];
  readonly #members: Record<string, number>;
  /** When the events were sent that were heard since it was last noted what follows from them. */
  readonly #times = new Map<string, number>();
  #met: boolean;
  #begun = false;

  constructor(me: string, source: Source, kept?: KeptGaps) {
    this.#me = me;
    this.#source = source;
    this.#chains = new Chains(kept?.chains);
    this.#about = structuredClone(kept?.about ?? {});
    this.#members = { ...kept?.members };
    this.#met = kept?.met ?? false;
  }

  kept(): KeptGaps {
    return { chains: this.#chains.kept(), about: this.#about, members: this.#members, met: this.#met };
  }

  /** The last event that was heard, or ''. */
  get seen(): string {
    return this.#chains.last ?? '';
  }

  /** The digest of what was heard after an event, up to another; undefined where not all of it was. */
  async between(a: string, s: string): Promise<string | undefined> {
    const ids = a === s ? undefined : this.#chains.between(a, s);
    return ids === undefined ? undefined : eventsDigest(ids);
  }

  /** Takes in what was told; blind: the server leaves something out at this person's wish. It throws where a gap cannot be fetched just now. */
  async take({ events, gap, before }: Told, blind: boolean): Promise<void> {
    const known = events.findLastIndex((event) => this.#chains.has(event.event_id));
    const rest = events.slice(known + 1);
    if (rest.length === 0 && !(gap && known < 0)) return;
    // Where something stands among what was heard that was not, what is known is not what was told: something was fetched since.
    const first = events.findIndex((event) => this.#chains.has(event.event_id));
    if (events.slice(Math.max(0, first), known + 1).some((event) => !this.#chains.has(event.event_id))) this.#chains.cut();
    if (known < 0 && gap && this.#chains.last !== undefined) {
      const between = await this.#fill(before);
      if (between === undefined) this.#chains.cut();
      else for (const event of between) await this.#hear(event, blind);
    }
    for (const event of rest) await this.#hear(event, blind);
    this.#note();
  }

  /** What was left out may have been this person's wish, and is no longer. */
  cut(): void {
    this.#chains.cut();
  }

  /** Whether an event waits to be decrypted. */
  isClosed(id: string): boolean {
    return this.#chains.isClosed(id);
  }

  /** An event that could not be read was decrypted after all. */
  async opened(raw: Raw): Promise<void> {
    const read = await this.#source.read(raw);
    if (read.is === 'closed' || read.is === 'emptied') return; // what was deleted meanwhile stays unknown
    const sent = read.is === 'sent' ? (await sentIn(read.content))?.sent : undefined;
    this.#chains.opened({ id: raw.event_id, sender: raw.sender, is: sent === undefined ? 'other' : 'sent', ...(sent && { sent }) });
    this.#note();
  }

  /** What is wrong, without what concerns some people. */
  found(without: ReadonlySet<string>): readonly Gap[] {
    return this.#chains.findings(without).map((finding) => {
      const { at = 0, asked, handed = [] } = this.#about[finding.key] ?? {};
      return { ...finding, at, asked, handed };
    });
  }

  /** Somebody here asked so many devices for what a finding is about; ask is what the question is called. */
  asked(key: string, ask: string, devices: number): void {
    const about = this.#about[key];
    if (about !== undefined) Object.assign(about, { ask, asked: devices });
  }

  /**
   * Takes in what somebody handed on, where it was asked for and may be what is missing. Of several that are missing each fixes the one
   * before it. It says whether it is of any use. signed: its sender's device has signed it.
   */
  async hand(ask: string, handed: Omit<Handed, 'checked'>, signed: boolean): Promise<boolean> {
    const gap = this.found(new Set()).find((one) => this.#about[one.key]?.ask === ask);
    const about = gap && this.#about[gap.key];
    if (gap === undefined || about === undefined || this.#chains.has(handed.id)) return false;
    const found = (await sentIn(handed.content))?.sent;
    if (found === undefined) return false;
    if (!isAskedFor(gap, handed, found)) return false;
    if (gap.handed.some((one) => one.id === handed.id && (one.checked || !signed))) return false;
    const all = [...gap.handed.filter((one) => one.id !== handed.id), { ...handed, checked: signed }];
    about.handed = gap.is === 'missing' ? await checkedBy(gap, all) : all;
    return about.handed.some((one) => one.id === handed.id);
  }

  /** Whether somebody was in the room when an event was sent, as far as it was heard here: only then it is handed on to them. */
  wasHere(userId: string, id: string): boolean {
    const since = this.#members[userId];
    const place = this.#chains.placeOf(id);
    return since !== undefined && place !== undefined && since < place;
  }

  /** Takes note who is in the room when the check begins; later it is heard who comes. */
  meet(userIds: readonly string[]): void {
    if (this.#met) return;
    this.#met = true;
    if (userIds.length <= mostMembers) for (const id of userIds) this.#members[id] ??= this.#chains.end - 1;
  }

  async #fill(token: string | undefined): Promise<readonly Raw[] | undefined> {
    const found: Raw[] = [];
    for (let page = 0; page < pages && token !== undefined; page++) {
      const { events, before } = await this.#source.before(token);
      const known = events.findIndex((event) => this.#chains.has(event.event_id));
      found.push(...(known < 0 ? events : events.slice(0, known)));
      if (known >= 0) return found.reverse();
      token = before === token ? undefined : before;
    }
    return undefined;
  }

  async #hear(raw: Raw, blind: boolean): Promise<void> {
    const { event_id: id, sender } = raw;
    if (this.#chains.has(id)) return;
    const first = this.#chains.last === undefined;
    if (raw.type === 'm.room.create' && first) {
      this.#begun = true;
      this.#chains.begin();
    }
    if (this.#joins(raw)) this.#chains.cut();
    const read = raw.state_key === undefined ? await this.#source.read(raw) : ({ is: 'other' } as const);
    const found = read.is === 'sent' ? await sentIn(read.content) : undefined;
    this.#chains.hear(await this.#heard({ id, sender, is: found === undefined && read.is === 'sent' ? 'other' : read.is }, found), blind);
    this.#times.set(id, raw.origin_server_ts);
    this.#meets(raw, found !== undefined);
  }

  async #heard(heard: Heard, found: Found | undefined): Promise<Heard> {
    if (found === undefined) return heard;
    const ids = found.between === undefined ? undefined : this.#chains.viewOf(heard.sender, found.sent);
    if (ids === undefined) return { ...heard, sent: found.sent };
    return { ...heard, sent: { ...found.sent, between: (await eventsDigest(ids)) === found.between ? 'same' : 'other' } };
  }

  // What was said before this person came may be hidden from them. Who makes a room comes right after its beginning.
  #joins({ type, state_key, content, sender, unsigned }: Raw): boolean {
    if (type !== 'm.room.member' || state_key !== this.#me || content['membership'] !== 'join') return false;
    return unsigned?.prev_content?.['membership'] !== 'join' && !(sender === this.#me && this.#begun && this.#chains.end === 1);
  }

  #meets({ type, state_key, content, sender, unsigned }: Raw, spoke: boolean): void {
    const place = this.#chains.end - 1;
    if (type === 'm.room.member' && state_key !== undefined) {
      if (content['membership'] !== 'join') Reflect.deleteProperty(this.#members, state_key);
      else if (unsigned?.prev_content?.['membership'] !== 'join') this.#members[state_key] = place;
    } else if (spoke) this.#members[sender] ??= place;
    const all = Object.entries(this.#members);
    if (all.length > mostMembers) for (const [id] of all.sort(([, a], [, b]) => a - b).slice(mostMembers)) Reflect.deleteProperty(this.#members, id);
  }

  // When something was found is remembered with it; what is found no longer is forgotten.
  #note(): void {
    this.#about = Object.fromEntries(this.#chains.findings().map(({ key, before }) => [key, this.#about[key] ?? { at: this.#times.get(before) ?? Date.now() }]));
    this.#times.clear();
  }
}

interface Found {
  readonly sent: Sent;
  readonly between: string | undefined;
}

async function sentIn(content: Content): Promise<Found | undefined> {
  const envelope = readEnvelope(content);
  if (envelope === undefined) return undefined;
  const { device, run = '', n, prev, after, seen, between } = envelope;
  // What another client wrote may have no canonical form.
  const hash = await hashOf(content);
  return { sent: { device, run, n, prev, seen, hash, ...(after && { after }) }, between };
}

function isAskedFor(gap: Finding, { id, sender }: { id: string; sender: string }, { device, run, n }: Sent): boolean {
  if (gap.is === 'named') return id === gap.id;
  return gap.is === 'missing' && sender === gap.sender && device === gap.device && run === gap.run && gap.from <= n && n <= gap.to;
}

async function hashOf(content: Content): Promise<string> {
  try {
    return await contentHash(content);
  } catch {
    return '';
  }
}

/** What was handed on in the place of what is missing, each checked by what comes after it, the last first. What it shows to be false is left out. */
async function checkedBy(gap: Finding & { is: 'missing' }, handed: readonly Handed[]): Promise<Handed[]> {
  const read = await Promise.all(handed.map(async (one) => ({ one, sent: (await sentIn(one.content))?.sent })));
  const inOrder = read.sort((a, b) => (b.sent?.n ?? 0) - (a.sent?.n ?? 0));
  let wanted = { n: gap.to, hash: gap.hash };
  const all: Handed[] = [];
  for (const { one, sent } of inOrder) {
    const fixed = wanted.n === sent?.n && wanted.hash !== '';
    const checked = (fixed && wanted.hash === sent.hash) || one.checked;
    if (fixed && !checked) continue;
    if (checked && sent !== undefined) wanted = { n: sent.n - 1, hash: sent.prev };
    all.push({ ...one, checked });
  }
  return all.reverse();
}

/** What a device asks for. */
export interface Question {
  readonly v: 1;
  readonly ask: string;
  readonly room: string;
  /** Places in a run of somebody's device, or the id of an event. */
  readonly of: { readonly sender: string; readonly device: string; readonly run: string; readonly from: number; readonly to: number } | { readonly id: string };
}

/** What another device answers: one event. */
export interface Answer {
  readonly v: 1;
  readonly ask: string;
  readonly room: string;
  readonly id: string;
  readonly sender: string;
  readonly at: number;
  readonly content: Content;
}

export function readQuestion(value: Readonly<Record<string, unknown>>): Question | undefined {
  const { v, ask, room, of } = value;
  if (v !== 1 || typeof ask !== 'string' || typeof room !== 'string' || !isRecord(of)) return undefined;
  const { id, sender, device, run, from, to } = of;
  if (typeof id === 'string') return { v, ask, room, of: { id } };
  const good = typeof sender === 'string' && typeof device === 'string' && typeof run === 'string' && typeof from === 'number' && typeof to === 'number';
  return good ? { v, ask, room, of: { sender, device, run, from, to } } : undefined;
}

export function readAnswer(value: Readonly<Record<string, unknown>>): Answer | undefined {
  const { v, ask, room, id, sender, at, content } = value;
  const good = v === 1 && typeof ask === 'string' && typeof room === 'string' && typeof id === 'string' && typeof sender === 'string' && typeof at === 'number' && isRecord(content);
  return good ? { v, ask, room, id, sender, at, content: content as Record<string, Json> } : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

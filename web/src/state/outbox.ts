// What was written here and is not yet confirmed as saved by the server. Every event that this client sends, of any
// type, passes through the outbox of its room: here it gets its envelope, is encrypted, and is sent again under the
// same transaction id until there is an answer. All of it is kept in the vault, so that a closed tab loses nothing; what
// the vault did not take says so.

import { chainAfter, emptyChain, newRun, nextEnvelope, readEnvelope, withEnvelope, type Chain, type Content, type Envelope } from '../crypto/envelope';
import type { Fault } from '../wire/fault';
import { Store } from './store';

/** Something on its way out. */
export interface Outgoing {
  /** The transaction id, and the item's name here. */
  readonly id: string;
  readonly type: string;
  /** As it was written, without its envelope. */
  readonly content: Content;
  readonly lang?: string;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
  readonly state: OutgoingState;
}

export type OutgoingState = (
  /** In the queue. */
  | { is: 'waiting' }
  /** Under way; whether the server has it is not known. */
  | { is: 'sending' }
  /** It went out and nobody answered: the server may have it. It is sent again until that is known; fault: why it cannot be just now. */
  | { is: 'unknown'; fault?: Fault }
  /** On the server's disk. */
  | { is: 'saved'; eventId: string }
  /** Refused, and not on the server. It stays here until it is tried again or deleted. */
  | { is: 'stopped'; fault: Fault }
) & {
  /** Not kept on this device: the browser stored nothing, and closing the tab loses it. */
  unkept?: true;
};

/** How an outbox reaches the world; the session gives it this, a test something else. */
export interface Post {
  readonly device: string;
  /** The last event seen in the room, or ''. */
  seen: () => string;
  /** The digest of what came after an event, up to another; undefined where that is not known. */
  between: (a: string, s: string) => Promise<string | undefined>;
  /** The content with this device's signature in its envelope; the same content gives the same. */
  sign: (content: Content) => Promise<Content>;
  /** Encrypts where the room asks for it, and sends. It returns the event's id. */
  send: (type: string, id: string, content: Content) => Promise<string>;
  /** What an event says that is on the server, or undefined where this device cannot decrypt it. */
  read: (eventId: string) => Promise<Content | undefined>;
  /** What an error means. */
  judge: (error: unknown) => Judged;
  keep: (box: KeptBox) => Promise<void>;
}

/** Try again after so many milliseconds; unsure: the server may have it already. Or a refusal, by the server or here, before anything left. */
export type Judged = { again: number | undefined; unsure?: true } | { refused: Fault; by: 'server' | 'device' };

/** An outbox as it is kept. At most the first of `items` has an envelope: what went out and was not answered. */
export interface KeptBox {
  chain: Chain;
  items: Outgoing[];
  /** unsure: it went out without an answer, and its place in the chain is taken until it is known what became of it. */
  underWay?: { id: string; envelope: Envelope; unsure?: true };
}

const firstPause = 1_000;
const longestPause = 30_000;

/** The outbox of one room. Its value is what is still to be shown, oldest first. */
export class Outbox extends Store<readonly Outgoing[]> {
  readonly #post: Post;
  // Numbers are counted within a run. Where the disk is full a run cannot store how far it counted; the next one has
  // another name, so that nothing it sends has a place that was used before.
  #run = newRun();
  #chain: Chain;
  /** What an earlier run kept, by id. It may have sent it, and not have stored that. */
  readonly #before: ReadonlySet<string>;
  #underWay: KeptBox['underWay'];
  /** What a sync has brought back, by transaction id: proof that the server has it. */
  readonly #proofs = new Map<string, string>();
  #proven: ((eventId: string) => void) | undefined;
  #running = false;
  /** It was asked to try while it ran: what it had just failed at may succeed now. */
  #asked = false;
  #pause = firstPause;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(post: Post, kept?: KeptBox) {
    // What was under way when the tab closed is sent again under its old transaction id and envelope.
    super((kept?.items ?? []).map((item) => (item.state.is === 'sending' ? { ...item, state: { is: 'unknown' } } : item)));
    this.#post = post;
    this.#chain = kept?.chain ?? emptyChain;
    this.#before = new Set(kept?.items.map(({ id }) => id));
    const underWay = kept?.underWay;
    this.#underWay = underWay !== undefined && this.#find(underWay.id)?.state.is === 'unknown' ? { ...underWay, unsure: true } : underWay;
  }

  /** Puts something into the queue, at once. When add returns it is kept on this device or says that it is not; sending goes on by itself. */
  async add(type: string, content: Content, lang?: string): Promise<void> {
    const item: Outgoing = { id: crypto.randomUUID(), type, content, at: Date.now(), state: { is: 'waiting' }, ...(lang === undefined ? {} : { lang }) };
    this.set([...this.snapshot(), item]);
    await this.#keep();
    this.#start();
  }

  /** Puts what was stopped back into the queue. */
  retry(id: string): void {
    if (this.#find(id)?.state.is === 'stopped') this.#change(id, { is: 'waiting' });
    this.flush();
  }

  /** Deletes what was stopped, or has not begun to leave. Anything else stays: the server may have it. */
  async discard(id: string): Promise<void> {
    const item = this.#find(id);
    if (item === undefined || item.state.is === 'saved' || item.state.is === 'sending' || this.#underWay?.id === id) return;
    this.set(this.snapshot().filter((other) => other.id !== id));
    await this.#keep();
  }

  /** Takes away what has come back from the server: the room itself shows it from now on. */
  arrived(eventIds: ReadonlySet<string>): void {
    const left = this.snapshot().filter((item) => item.state.is !== 'saved' || !eventIds.has(item.state.eventId));
    if (left.length === this.snapshot().length) return;
    this.set(left);
    void this.#keep();
  }

  /** Hears of an event that a sync brought: if it is of this outbox, the server has it, whatever became of the answer. */
  came(id: string, eventId: string): void {
    const item = this.#find(id);
    if (item === undefined || item.state.is === 'saved') return;
    if (item.state.is === 'stopped') {
      this.#change(id, { is: 'saved', eventId });
      void this.#keep();
      return;
    }
    this.#proofs.set(id, eventId);
    if (this.#underWay?.id === id) this.#proven?.(eventId);
    this.flush();
  }

  /** Tries now, also what is failing at this moment: the connection is back. */
  flush(): void {
    this.#asked = true;
    this.#start();
  }

  #start(): void {
    if (this.#running || this.#closed) return;
    clearTimeout(this.#timer);
    void this.#leave();
  }

  /** Sends nothing more. What is under way may still arrive. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** One after the other, oldest first; two at once could not name each other in their envelopes. */
  async #leave(): Promise<void> {
    this.#running = true;
    try {
      this.#wasAsked();
      do {
        for (let item = this.#next(); item !== undefined && !this.#closed; item = this.#next()) {
          if (!(await this.#send(item))) break;
        }
      } while (this.#wasAsked());
    } finally {
      this.#running = false;
    }
  }

  #wasAsked(): boolean {
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }

  #next(): Outgoing | undefined {
    const waiting = this.snapshot().filter((item) => item.state.is === 'waiting' || item.state.is === 'unknown');
    return waiting.find((item) => item.id === this.#underWay?.id) ?? waiting[0];
  }

  /** Sends one item. It returns false where the queue must wait. */
  async #send(item: Outgoing): Promise<boolean> {
    const post = this.#post;
    const before = this.#underWay?.id === item.id ? this.#underWay : undefined;
    const envelope = before?.envelope ?? (await this.#envelope(item));
    if (this.#closed) return false;
    if (this.#find(item.id) === undefined) return true; // discarded meanwhile
    const again = this.#before.has(item.id);
    this.#underWay = { id: item.id, envelope, ...(before?.unsure && { unsure: true }) };
    if (before?.unsure !== true) this.#change(item.id, { is: 'sending' });
    const content = await this.#signed(withEnvelope(item.content, envelope));
    let eventId = this.#proofs.get(item.id);
    try {
      if (eventId === undefined) {
        const proof = new Promise<string>((resolve) => (this.#proven = resolve));
        await this.#keep(); // before it leaves: after a crash the same envelope goes with the same transaction id
        eventId = await Promise.race([proof, post.send(item.type, item.id, content)]);
      }
      await this.#count(again ? await this.#sent(eventId) : content);
    } catch (error) {
      eventId = this.#proofs.get(item.id);
      if (eventId === undefined || again) return this.#failed(item.id, post.judge(error));
      await this.#count(content);
    }
    this.#proofs.delete(item.id);
    this.#underWay = undefined;
    this.#pause = firstPause;
    this.#change(item.id, { is: 'saved', eventId });
    await this.#keep();
    return true;
  }

  // What cannot be signed leaves all the same: nobody's message is held up for it.
  #signed(content: Content): Promise<Content> {
    return this.#post.sign(content).catch(() => content);
  }

  async #envelope({ lang }: Outgoing): Promise<Envelope> {
    const { run, seen: before = '' } = this.#chain;
    const seen = this.#post.seen();
    const between = run === this.#run && before !== '' && before !== seen ? await this.#post.between(before, seen) : undefined;
    return nextEnvelope(this.#chain, this.#run, this.#post.device, seen, lang, between);
  }

  // An earlier run may have sent it in other words than it could store: the server took this for the same and kept what it
  // had, so the chain goes on from that.
  async #sent(eventId: string): Promise<Content | undefined> {
    const there = await this.#post.read(eventId);
    return there !== undefined && readEnvelope(there)?.device === this.#post.device ? there : undefined;
  }

  // Behind something that cannot be read begins a new run, after what is known.
  async #count(sent: Content | undefined): Promise<void> {
    if (sent === undefined) this.#run = newRun();
    else this.#chain = await chainAfter(sent);
  }

  async #failed(id: string, judged: Judged): Promise<boolean> {
    const underWay = this.#underWay;
    const refused = 'refused' in judged;
    if (refused && (judged.by === 'server' || underWay?.unsure !== true)) {
      this.#underWay = undefined; // the server has not got it, so its place in the chain is free
      this.#change(id, { is: 'stopped', fault: judged.refused });
      if (!(await this.#keep())) this.#run = newRun(); // the next run will believe that the place is taken
      return true;
    }
    const unsure = underWay?.unsure === true || (!refused && judged.unsure === true);
    if (underWay !== undefined && unsure) this.#underWay = { ...underWay, unsure };
    this.#change(id, unsure ? { is: 'unknown', ...(refused ? { fault: judged.refused } : {}) } : { is: 'waiting' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), (refused ? undefined : judged.again) ?? this.#pause);
    this.#pause = Math.min(this.#pause * 2, longestPause);
    await this.#keep();
    return false;
  }

  #find(id: string): Outgoing | undefined {
    return this.snapshot().find((item) => item.id === id);
  }

  #change(id: string, state: OutgoingState): void {
    this.set(this.snapshot().map((item) => (item.id === id ? { ...item, state: marked(state, item.state.unkept === true) } : item)));
  }

  // A full disk stops nothing that can still be sent: what is not kept says so, until the server has it.
  async #keep(): Promise<boolean> {
    const items = this.snapshot().map((item) => ({ ...item, state: marked(item.state, false) }));
    const kept = await this.#post.keep({ chain: this.#chain, items, ...(this.#underWay === undefined ? {} : { underWay: this.#underWay }) }).then(
      () => true,
      () => false,
    );
    const about = new Set(items.map(({ id }) => id));
    if (this.snapshot().some((item) => about.has(item.id) && item.state.is !== 'saved' && (item.state.unkept === true) === kept)) {
      this.set(this.snapshot().map((item) => (about.has(item.id) ? { ...item, state: marked(item.state, !kept) } : item)));
    }
    return kept;
  }
}

function marked(before: OutgoingState, unkept: boolean): OutgoingState {
  const state = { ...before };
  delete state.unkept;
  return unkept && state.is !== 'saved' ? { ...state, unkept } : state;
}

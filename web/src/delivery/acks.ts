// Delivery acknowledgements (docs/decisions/delivery.md). A device that received and decrypted what was said in a room tells the device
// that said it, a while later, by an encrypted message; the device that said it counts who has it. It proves that the device has it: not
// that somebody read it. So it goes out whether or not one shows what one has read, and looks at nothing that somebody does at the page.

import { ClientEvent, KnownMembership, MatrixEventEvent, type MatrixClient, type MatrixEvent, type ReceivedToDeviceMessage } from 'matrix-js-sdk';
import { guardOf } from '../crypto/admit';
import { canVerify, keyedDevices, openAck, sendAcks, writerOf } from '../crypto/ack';
import { readEnvelope, type Content } from '../crypto/envelope';
import { isSigned, onTrust } from '../crypto/trust';
import type { Vault } from '../keep/vault';
import { Given, nameOf, week, type KeptGiven } from './acks-given';
import { Got, type KeptGot, type Place } from './acks-got';

export type { Place } from './acks-got';

/** In rooms of more people nothing is acknowledged: every message would be answered by hundreds of devices. */
export const mostPeople = 50;

/** No acknowledgement leaves sooner: when it leaves is to say nothing about when somebody was at the device. */
export const leastDelay = 30_000;
const spread = 60_000;
const settle = 2_000;
const mostOthers = 500;
const keptName = 'acks';

/** How long a device waits before it tells. */
export function randomDelay(): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return leastDelay + (random / 2 ** 32) * spread;
}

/** What is known of a device that a message was sent to. */
export interface Reach {
  readonly id: string;
  /** reached: it has said so. other: it has not, and wrote as other clients do, which never say so. */
  readonly is: 'reached' | 'notConfirmed' | 'other';
}

/** Whom a message has reached, as far as devices have said so. */
export type Delivery =
  /** Nothing is counted: there are too many people, or this browser cannot check what devices say. */
  | { readonly is: 'unmeasured'; readonly why: 'size' | 'browser' }
  /** All devices have it; which those were is not kept. */
  | { readonly is: 'everywhere'; readonly devices: number }
  | { readonly is: 'measured'; readonly people: readonly { readonly user: string; readonly devices: readonly Reach[] }[] };

interface Kept {
  given: KeptGiven;
  got: KeptGot;
  /** Devices that wrote as other clients do. */
  others: readonly string[];
}

type Keep = Pick<Vault, 'get' | 'put'>;

const all = new WeakMap<MatrixClient, Acks>();

/** What a client knows of acknowledgements, once that is open. */
export function acksOf(client: MatrixClient): Acks | undefined {
  return all.get(client);
}

export class Acks {
  readonly #client: MatrixClient;
  readonly #vault: Keep;
  readonly #delay: () => number;
  readonly #given: Given;
  readonly #got: Got;
  readonly #others: Set<string>;
  readonly #verifies: boolean;
  /** What came from devices that are not known yet. */
  #waiting: MatrixEvent[] = [];
  readonly #devices = new Map<string, readonly string[]>();
  readonly #listeners = new Set<() => void>();
  #telling: ReturnType<typeof setTimeout> | undefined;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #changed = false;
  readonly #stop: () => void;

  private constructor(client: MatrixClient, vault: Keep, kept: Kept | undefined, verifies: boolean, delay: () => number) {
    this.#client = client;
    this.#vault = vault;
    this.#delay = delay;
    this.#given = new Given(kept?.given);
    this.#got = new Got(kept?.got);
    this.#others = new Set(kept?.others);
    this.#verifies = verifies;
    all.set(client, this);
    this.#prune();
    const decrypted = (event: MatrixEvent): void => void this.met([event]);
    const heard = (received: ReceivedToDeviceMessage): void => void this.#heard(received);
    client.on(MatrixEventEvent.Decrypted, decrypted);
    client.on(ClientEvent.ReceivedToDeviceMessage, heard);
    const stopTrust = onTrust(client, (userIds) => {
      for (const userId of userIds) this.#devices.delete(userId);
    });
    const hidden = (): void => {
      if (document.visibilityState === 'hidden' && this.#keeping !== undefined) void this.#keep();
    };
    document.addEventListener('visibilitychange', hidden);
    this.#stop = () => {
      document.removeEventListener('visibilitychange', hidden);
      client.off(MatrixEventEvent.Decrypted, decrypted);
      client.off(ClientEvent.ReceivedToDeviceMessage, heard);
      stopTrust();
    };
    this.#soon();
  }

  /** Takes up what was kept; what was not told before is told a while from now. Only tests give another delay. */
  static async open(client: MatrixClient, vault: Keep, delay: () => number = randomDelay): Promise<Acks> {
    const kept = await vault.get<Kept>(keptName).catch(() => undefined);
    return new Acks(client, vault, kept, await canVerify(), delay);
  }

  /** Stops. What was not told is told after the next start. */
  close(): void {
    this.#stop();
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#keeping !== undefined) void this.#keep();
  }

  /** Calls back whenever more is known of whom messages have reached; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes note that content, envelope inside, is leaving, and to which devices its keys went. */
  async sent(roomId: string, content: Content): Promise<void> {
    const envelope = readEnvelope(content);
    const room = this.#client.getRoom(roomId);
    if (envelope?.run === undefined || room === null || !this.#measures(roomId)) return;
    const others = room.getJoinedMembers().flatMap(({ userId }) => (userId === this.#client.getSafeUserId() ? [] : [userId]));
    const guard = await guardOf(this.#client, room, others);
    const given = guard?.only === true ? others.filter((userId) => !guard.outside.some((one) => one.userId === userId)) : others; // who is held back got no key
    const people = await Promise.all(given.map(async (userId) => [userId, await this.#devicesOf(userId)] as const));
    if (people.length === 0) return;
    this.#got.sent(roomId, envelope.run, envelope.n, Object.fromEntries(people), Date.now());
    this.#keepSoon();
  }

  /** Whom a message of this person has reached, by its place; undefined where nothing is known, as of one that another of their devices sent. */
  of(roomId: string, place: Place): Delivery | undefined {
    if (!this.#measures(roomId) && this.#client.getRoom(roomId) !== null) return { is: 'unmeasured', why: 'size' };
    if (!this.#verifies) return { is: 'unmeasured', why: 'browser' };
    const reached = place.device === this.#client.getDeviceId() ? this.#got.reached(roomId, place.run, place.n) : undefined;
    if (reached === undefined) return undefined;
    if ('all' in reached) return { is: 'everywhere', devices: reached.all };
    const standing = (user: string, id: string, has: boolean): Reach['is'] => (has ? 'reached' : this.#others.has(nameOf(user, id)) ? 'other' : 'notConfirmed');
    return { is: 'measured', people: reached.people.map(({ user, devices }) => ({ user, devices: devices.map(({ id, has }) => ({ id, is: standing(user, id, has) })) })) };
  }

  /** Takes note of events that this device has, wherever it read them: in a timeline, or in what it missed. */
  async met(events: readonly MatrixEvent[]): Promise<void> {
    for (const event of events) if (this.#isForUs(event)) await this.#note(event);
  }

  #isForUs(event: MatrixEvent): boolean {
    const sender = event.getSender();
    if (!event.isEncrypted() || event.isState() || event.isRedacted() || event.isBeingDecrypted() || event.isDecryptionFailure()) return false;
    return sender !== undefined && sender !== this.#client.getUserId() && Date.now() - event.getTs() < week && this.#measures(event.getRoomId() ?? '');
  }

  async #note(event: MatrixEvent): Promise<void> {
    const content = event.getClearContent();
    const writer = content === null ? undefined : await writerOf(this.#client, event);
    if (writer === 'later') {
      this.#waiting.push(event);
      this.#soon();
    }
    if (content === null || writer === undefined || writer === 'later' || writer.user !== event.getSender()) return;
    const name = nameOf(writer.user, writer.device);
    const envelope = readEnvelope(content);
    if (envelope === undefined) {
      if (event.getType() === 'm.room.message' && this.#others.size < mostOthers) this.#others.add(name);
      return;
    }
    this.#others.delete(name);
    // Whoever named another’s device and run could have a message confirmed that never came.
    if (envelope.device !== writer.device || envelope.run === undefined) return;
    if (!this.#given.met(event.getRoomId() ?? '', writer.user, writer.device, envelope.run, envelope.n, Date.now())) return;
    this.#keepSoon();
    this.#soon();
  }

  #soon(): void {
    if (this.#given.owes || this.#waiting.length > 0) this.#telling ??= setTimeout(() => void this.#tell(), this.#delay());
  }

  async #tell(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    const known = await Promise.all(waiting.map((event) => writerOf(this.#client, event)));
    // Of whom nothing is known by now, the next start may know.
    await this.met(waiting.filter((_, n) => known[n] !== 'later'));
    try {
      if (await isSigned(this.#client)) for (const done of await sendAcks(this.#client, this.#given.due((room) => this.#measures(room)))) this.#given.told(done);
    } catch {
      // No answer by the server: it is told the next time.
    }
    if (this.#telling === undefined) return; // it was closed meanwhile
    this.#telling = undefined;
    this.#prune();
    this.#keepSoon();
    this.#soon();
  }

  async #heard(received: ReceivedToDeviceMessage): Promise<void> {
    const said = this.#verifies ? await openAck(this.#client, received).catch(() => undefined) : undefined;
    if (said === undefined || !this.#got.heard(said.user, said.device, said.rooms)) return;
    this.#others.delete(nameOf(said.user, said.device));
    await this.#keep(); // it comes once: what is shown to be confirmed is so after the next start, too
    for (const listener of [...this.#listeners]) listener();
  }

  /** Whether this device is in a room of few enough people. */
  #measures(roomId: string): boolean {
    const room = this.#client.getRoom(roomId);
    return room?.getMyMembership() === KnownMembership.Join && room.getJoinedMemberCount() <= mostPeople;
  }

  async #devicesOf(userId: string): Promise<readonly string[]> {
    const before = this.#devices.get(userId);
    if (before !== undefined) return before;
    const devices = await keyedDevices(this.#client, userId);
    this.#devices.set(userId, devices);
    return devices;
  }

  #prune(): void {
    const now = Date.now();
    this.#given.prune(now);
    this.#got.prune(now);
  }

  // Several things come at once. What was received comes again from what is kept of the room, and nothing is said of what was sent.
  #keepSoon(): void {
    this.#keeping ??= setTimeout(() => void this.#keep(), settle);
  }

  #keep(): Promise<void> {
    clearTimeout(this.#keeping);
    this.#keeping = undefined;
    this.#changed = true;
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      const kept: Kept = { given: this.#given.kept(), got: this.#got.kept(), others: [...this.#others] };
      await this.#vault.put(keptName, kept).catch(() => undefined); // a full disk: less is confirmed after the next start
    }
    this.#writing = undefined;
  }
}

// Whether everything came: each room's events go through its check in the server's order, and what is missing can be asked for
// from the devices of those who have it. What a check knows is sealed on this device.

import { ClientEvent, KnownMembership, MatrixEvent, MatrixEventEvent, SyncState, type IRoomEvent, type MatrixClient, type Room } from 'matrix-js-sdk';
import { readEnvelope } from '../crypto/envelope';
import { onFromDevices, sendToDevice, sendToDevices, signatureOf } from '../crypto/handing';
import { Gaps, readAnswer, readQuestion, type Answer, type Gap, type KeptGaps, type Question, type Raw, type Read } from '../delivery/gaps';
import type { Vault } from '../keep/vault';
import { keptRooms, toldSince } from '../wire/client';
import { isUnreachable, limitedFor } from '../wire/fault';
import { eventOf, historyOf } from '../wire/history';
import type { ToldEvents } from '../wire/syncstore';
import { ignoredBy, isIgnored, onIgnored } from './ignored';
import { Store, type Readable } from './store';

const checks = 'check/';
const askType = 'org.wardroom.missing.ask';
const answerType = 'org.wardroom.missing.answer';
const pause = 2_000;
const pageSize = 100;
/** How many messages are handed on for one question, and to one person while the page is open. */
const most = { answers: 20, person: 200, pages: 3 };

class Found extends Store<readonly Gap[]> {
  tell(gaps: readonly Gap[]): void {
    if (gaps.length > 0 || this.snapshot().length > 0) this.set(gaps);
  }
}

/** The checks of all rooms. */
export class Checks {
  readonly #client: MatrixClient;
  readonly #vault: Pick<Vault, 'get' | 'put'>;
  readonly #rooms = new Map<string, Promise<Gaps>>();
  readonly #open = new Map<string, Gaps>();
  readonly #found = new Map<string, Found>();
  #told: ToldEvents[] = [];
  #running = false;
  readonly #changed = new Set<string>();
  #due: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  readonly #stop: (() => void)[] = [];
  readonly #answered = new Map<string, number>();
  #ignored: ReadonlySet<string>;

  constructor(client: MatrixClient, vault: Pick<Vault, 'get' | 'put'>) {
    this.#client = client;
    this.#vault = vault;
    this.#ignored = ignoredBy(client);
    client.on(ClientEvent.Sync, this.#onSync);
    client.on(MatrixEventEvent.Decrypted, this.#onDecrypted);
    this.#stop.push(
      () => {
        client.off(ClientEvent.Sync, this.#onSync);
        client.off(MatrixEventEvent.Decrypted, this.#onDecrypted);
      },
      onIgnored(client, this.#onIgnored),
      onFromDevices(client, [askType, answerType], (from, type, content) => void (type === askType ? this.#answer(from, content) : this.#take(from, content)).catch(() => undefined)),
    );
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stop) stop();
    clearTimeout(this.#due);
    void this.#keep();
  }

  /** What is wrong in a room. */
  of(roomId: string): Readable<readonly Gap[]> {
    const before = this.#found.get(roomId);
    if (before !== undefined) return before;
    const found = new Found([]);
    this.#found.set(roomId, found);
    void this.#check(roomId).then(() => this.#tell(roomId));
    return found;
  }

  /** The last event that came in a room, or undefined where none was heard. */
  seen(roomId: string): string | undefined {
    return this.#open.get(roomId)?.seen || undefined;
  }

  /** The digest of what came in a room after an event, up to another; undefined where it is not known, or something is left out at this person's wish. */
  async between(roomId: string, a: string, s: string): Promise<string | undefined> {
    return this.#ignored.size > 0 ? undefined : this.#open.get(roomId)?.between(a, s);
  }

  /** Asks the devices of those who have it for what is missing. It returns how many were asked. It throws where the server does not answer. */
  readonly ask = async (roomId: string, gap: Gap): Promise<number> => {
    const of = gap.is === 'missing' ? { sender: gap.sender, device: gap.device, run: gap.run, from: gap.from, to: gap.to } : gap.is === 'named' ? { id: gap.id } : undefined;
    if (of === undefined) return 0;
    const question: Question = { v: 1, ask: crypto.randomUUID(), room: roomId, of };
    const check = await this.#check(roomId);
    check.asked(gap.key, question.ask, 0); // an answer may be faster than this
    const devices = await sendToDevices(this.#client, [gap.sender, this.#client.getSafeUserId()], askType, question);
    check.asked(gap.key, question.ask, devices);
    this.#tell(roomId);
    this.#soon(roomId);
    return devices;
  };

  readonly #onSync = (state: SyncState): void => {
    if (state !== SyncState.Syncing && state !== SyncState.Prepared) return;
    this.#told.push(...toldSince(this.#client));
    void this.#run();
  };

  // What cannot be fetched now waits, and all that follows it, for the next answer of the server.
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#takeAll();
    } finally {
      this.#running = false;
    }
  }

  async #takeAll(): Promise<void> {
    for (let told = this.#told[0]; told !== undefined && !this.#closed; told = this.#told[0]) {
      const { room } = told;
      const check = await this.#check(room);
      try {
        await check.take(told, this.#ignored.size > 0);
      } catch (error) {
        if (isUnreachable(error) || limitedFor(error) !== undefined) return;
        check.cut(); // the server does not give it out
        await check.take({ ...told, gap: false }, this.#ignored.size > 0).catch(() => check.cut());
      }
      this.#told.shift();
      this.#meet(check, room);
      this.#tell(room);
      this.#soon(room);
    }
  }

  #meet(check: Gaps, roomId: string): void {
    const members = this.#client.getRoom(roomId)?.getMembersWithMembership(KnownMembership.Join) ?? [];
    check.meet(members.map(({ userId }) => userId));
  }

  #check(roomId: string): Promise<Gaps> {
    const before = this.#rooms.get(roomId);
    if (before !== undefined) return before;
    const open = async (): Promise<Gaps> => {
      const kept = await this.#vault.get<KeptGaps>(checks + roomId).catch(() => undefined);
      const check = new Gaps(this.#client.getSafeUserId(), { read: (raw) => this.#read(roomId, raw), before: (token) => this.#before(roomId, token) }, kept);
      this.#open.set(roomId, check);
      return check;
    };
    const check = open();
    this.#rooms.set(roomId, check);
    return check;
  }

  async #read(roomId: string, raw: Raw): Promise<Read> {
    const event = this.#client.getRoom(roomId)?.findEventById(raw.event_id) ?? new MatrixEvent({ ...(raw as IRoomEvent), room_id: roomId });
    await this.#client.decryptEventIfNeeded(event);
    if (event.isRedacted()) return { is: 'emptied' };
    if (event.isDecryptionFailure()) {
      event.once(MatrixEventEvent.Decrypted, this.#onDecrypted); // one of a gap is in no timeline, and nobody else tells of it
      return { is: 'closed' };
    }
    const content = event.isEncrypted() ? event.getClearContent() : null;
    return content === null ? { is: 'other' } : { is: 'sent', content: content };
  }

  async #before(roomId: string, token: string): Promise<{ events: readonly Raw[]; before: string | undefined }> {
    const { events, before } = await historyOf(this.#client, roomId, token, pageSize);
    return { events: events.map(({ event }) => event as Raw), before };
  }

  readonly #onDecrypted = (event: MatrixEvent): void => {
    const roomId = event.getRoomId() ?? '';
    const id = event.getId() ?? '';
    const check = this.#open.get(roomId);
    if (event.isDecryptionFailure() || check?.isClosed(id) !== true) return;
    void check.opened(event.event as Raw).then(() => {
      this.#tell(roomId);
      this.#soon(roomId);
    });
  };

  // What somebody wrote while they were ignored never came.
  readonly #onIgnored = (): void => {
    const now = ignoredBy(this.#client);
    const heard = [...this.#ignored].some((id) => !now.has(id));
    this.#ignored = now;
    for (const [roomId, check] of this.#open) {
      if (heard) {
        check.cut();
        this.#changed.add(roomId);
      }
      this.#tell(roomId);
    }
    if (heard) void this.#keep();
  };

  #tell(roomId: string): void {
    const check = this.#open.get(roomId);
    if (check !== undefined) this.#found.get(roomId)?.tell(check.found(this.#ignored));
  }

  #soon(roomId: string): void {
    this.#changed.add(roomId);
    if (!this.#closed) this.#due ??= setTimeout(() => void this.#keep(), pause);
  }

  async #keep(): Promise<void> {
    clearTimeout(this.#due);
    this.#due = undefined;
    const rooms = [...this.#changed];
    this.#changed.clear();
    for (const roomId of rooms) {
      const check = this.#open.get(roomId);
      // A full disk: the next start goes on from what was kept before, and fetches what lies between.
      if (check !== undefined) await this.#vault.put(checks + roomId, check.kept()).catch(() => undefined);
    }
  }

  // Content is handed on to nobody who was not in the room when it was written, as far as this device itself has heard: the server
  // could name anybody a member.
  async #answer(from: { userId: string; deviceId: string }, value: Readonly<Record<string, unknown>>): Promise<void> {
    const question = readQuestion(value);
    if (question === undefined || isIgnored(this.#client, from.userId)) return;
    await keptRooms(this.#client);
    const room = this.#client.getRoom(question.room);
    if (room?.getMember(from.userId)?.membership !== KnownMembership.Join) return;
    const check = await this.#check(question.room);
    const events = (await this.#find(room, question.of)).filter((event) => check.wasHere(from.userId, event.getId() ?? ''));
    for (const event of events.slice(0, most.answers)) {
      const before = this.#answered.get(from.userId) ?? 0;
      const content = event.getClearContent();
      if (before >= most.person || content === null || event.isRedacted()) return;
      this.#answered.set(from.userId, before + 1);
      const answer: Answer = { v: 1, ask: question.ask, room: question.room, id: event.getId() ?? '', sender: event.getSender() ?? '', at: event.getTs(), content: content };
      await sendToDevice(this.#client, from.userId, from.deviceId, answerType, answer);
    }
  }

  async #find(room: Room, of: Question['of']): Promise<readonly MatrixEvent[]> {
    if ('id' in of) {
      const event = room.findEventById(of.id) ?? (await eventOf(this.#client, room.roomId, of.id));
      return event.getClearContent() === null ? [] : [event];
    }
    const isOne = (event: MatrixEvent): boolean => {
      const envelope = readEnvelope(event.getClearContent() ?? {});
      return event.getSender() === of.sender && envelope?.device === of.device && (envelope.run ?? '') === of.run && of.from <= envelope.n && envelope.n <= of.to;
    };
    const here = [...room.getUnfilteredTimelineSet().getTimelines().flatMap((timeline) => timeline.getEvents()), ...room.getThreads().flatMap((thread) => thread.events)].filter(isOne);
    if (here.length > 0) return [...new Map(here.map((event) => [event.getId(), event])).values()];
    let token: string | undefined = this.#client.store.getSyncToken() ?? undefined;
    for (let page = 0; page < most.pages && token !== undefined; page++) {
      const { events, before } = await historyOf(this.#client, room.roomId, token, pageSize);
      const found = events.filter(isOne);
      if (found.length > 0) return found.reverse();
      token = before;
    }
    return [];
  }

  async #take(from: { userId: string }, value: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = readAnswer(value);
    if (answer === undefined) return;
    const signature = await signatureOf(this.#client, answer.sender, answer.content);
    if (signature === 'false') return;
    const check = await this.#check(answer.room);
    const { id, sender, at, content } = answer;
    if (await check.hand(answer.ask, { by: from.userId, id, sender, at, content }, signature === 'good')) {
      this.#tell(answer.room);
      this.#soon(answer.room);
    }
  }
}

import { ClientEvent, MatrixEventEvent, ReceiptType, RoomEvent, SyncState, ThreadEvent, type EventTimelineSet, type MatrixClient, type MatrixEvent, type Room, type Thread } from 'matrix-js-sdk';
import { judge, onTrust } from '../crypto/trust';
import { wayIn } from '../crypto/way';
import type { Content } from '../crypto/envelope';
import { languageToSend } from '../lang/script';
import { unreadNumbers } from '../wire/client';
import { inThread, messageContent, type About, type Where } from './compose';
import { deliveriesIn, onDelivery, type Delivery } from './delivery';
import { Following } from './following';
import { onIgnored } from './ignored';
import type { Outbox } from './outbox';
import { Position, type Goal } from './position';
import { noticed, readersOf, type Reader } from './readers';
import { relationOut } from './relations';
import { keep, keepEach } from './same';
import { sharesReading } from './seen';
import { Store } from './store';
import { aboutThread, isAnswer, withDeleted } from './threads';
import { itemsOf, newFrom, type TimelineItem } from './timeline';
import { readInThread, unreadIn } from './unread';
import type { Uploads } from './uploads';

/** A thread, as its page shows it. */
export interface ThreadView {
  /** The event that it begins with. */
  readonly root: string;
  readonly items: readonly TimelineItem[];
  /** Whether the items begin with the root. */
  readonly fromStart: boolean;
  /** Whether they end with the latest. */
  readonly toEnd: boolean;
  /** The item before which stands the line between what one has read and what is new. */
  readonly newFrom: string | undefined;
  /** The message that one went to. */
  readonly marked: string | undefined;
  readonly goal: Goal | undefined;
  readonly fetching: Position['fetching'];
  /** What could not be fetched. */
  readonly failed: Position['failed'];
  readonly unread: number;
  /** Who is known to have read one's own answers, by event id. */
  readonly readers: ReadonlyMap<string, readonly Reader[]>;
  /** Whose devices are known to have one's own answers, by event id. */
  readonly deliveries: ReadonlyMap<string, Delivery>;
}

/** What a thread has from its room. */
export interface Surroundings {
  readonly client: MatrixClient;
  readonly room: Room;
  readonly outbox: Outbox;
  /** Who is there to be named. */
  readonly where: () => Where;
  /** Makes a place for files on their way; content becomes the message of one. */
  readonly uploads: (content: (file: Content) => Content) => Uploads;
}

/** One thread of a room: what its page shows and what can be done there. It follows the client from `open` to `close`. */
export class ThreadState extends Store<ThreadView> {
  /** The files that are on their way out of here. */
  readonly uploads: Uploads;
  /** Whether one follows it. */
  readonly following: Following;
  readonly #around: Surroundings;
  readonly #root: string;
  #position: Position | undefined;
  #making = false;
  #failed = false;
  #due = false;
  #told: string | undefined;
  #goal: string | undefined;
  #leave: (() => void) | undefined;

  constructor(around: Surroundings, root: string) {
    super({ root, items: [], fromStart: false, toEnd: true, newFrom: undefined, marked: undefined, goal: undefined, fetching: 'there', failed: undefined, unread: 0, readers: new Map(), deliveries: new Map() });
    this.#around = around;
    this.#root = root;
    this.following = new Following(around.client, around.room.roomId, root);
    this.uploads = around.uploads((file) => ({ ...file, ...inThread(this.#place()) }));
  }

  /** Begins to follow the thread, and fetches what is not here of it. */
  open(): void {
    if (this.#leave !== undefined) return;
    const { client, room, outbox } = this.#around;
    const soon = (): void => this.#soon();
    const here = (event: MatrixEvent): void => {
      if (event.getRoomId() === room.roomId) this.#soon();
    };
    const came = (): void => {
      this.#position?.came();
      this.#soon();
    };
    const gap = (_: unknown, set: EventTimelineSet): void => {
      if (set === this.#thread()?.timelineSet) this.#position?.gap();
      this.#soon();
    };
    const sync = (state: SyncState, before: SyncState | null): void => {
      if (state !== SyncState.Syncing) return;
      if (before !== SyncState.Syncing) this.#position?.again();
      this.#fetch();
    };
    const room$ = [RoomEvent.Redaction, RoomEvent.Receipt, ThreadEvent.Update, ThreadEvent.New, MatrixEventEvent.Replaced] as const;
    for (const name of room$) room.on(name as ThreadEvent.Update, soon);
    room.on(RoomEvent.Timeline, came);
    room.on(RoomEvent.TimelineReset, gap);
    client.on(MatrixEventEvent.Decrypted, here);
    client.on(ClientEvent.Sync, sync);
    const stop = outbox.subscribe(soon);
    const stopTrust = onTrust(client, () => void this.#judge(true));
    const stopIgnored = onIgnored(client, soon);
    const stopDelivery = onDelivery(client, soon);
    this.#leave = () => {
      for (const name of room$) room.off(name as ThreadEvent.Update, soon);
      room.off(RoomEvent.Timeline, came);
      room.off(RoomEvent.TimelineReset, gap);
      client.off(MatrixEventEvent.Decrypted, here);
      client.off(ClientEvent.Sync, sync);
      stop();
      stopTrust();
      stopIgnored();
      stopDelivery();
    };
    this.#position?.arrive();
    this.following.open();
    this.#now();
    this.#fetch();
  }

  close(): void {
    this.#position?.leave();
    this.following.close();
    this.#leave?.();
    this.#leave = undefined;
  }

  /** Sends a text into the thread. When it returns, the text is kept on this device, and its state is an item here. */
  readonly write = (text: string, about?: About): Promise<void> => {
    const { outbox, where } = this.#around;
    return outbox.add('m.room.message', messageContent(text, about, { ...where(), thread: this.#place() }), languageToSend(text));
  };

  /** Goes to a message of the thread and marks it. It returns whether it is there. */
  readonly show = async (id: string): Promise<boolean> => {
    if (this.#position !== undefined) return this.#position.show(id);
    this.#goal = id;
    return false;
  };

  /** Goes to the latest answer. */
  readonly latest = (): void => this.#position?.latest();

  /** Fetches more answers on one side of those that are here. */
  readonly more = async (side: 'earlier' | 'later'): Promise<void> => this.#position?.more(side);

  /** The page tells where it stands. */
  readonly stands: Position['stands'] = (at) => this.#position?.stands(at);

  /** Remembers that one has read as far as an answer; at the end, everything that is here. */
  readonly seen = (id: string, atEnd: boolean): void => {
    const { client, room } = this.#around;
    const events = this.#thread()?.events.filter((event) => event.getId() !== this.#root && !event.isRedacted()) ?? [];
    const at = atEnd ? events.length - 1 : events.findIndex((event) => event.getId() === id);
    const event = events[at];
    const last = event?.getId();
    const read = this.#read();
    if (event === undefined || last === undefined || last === this.#told || events.slice(at).some((one) => read.includes(one.getId() ?? ''))) return;
    this.#told = last;
    client.sendReadReceipt(event, sharesReading(room) ? ReceiptType.Read : ReceiptType.ReadPrivate).catch(() => {
      if (this.#told === last) this.#told = undefined; // it is told again next time
    });
  };

  #thread(): Thread | null {
    return this.#around.room.getThread(this.#root);
  }

  #read(): readonly string[] {
    const thread = this.#thread();
    return thread === null ? [] : readInThread(thread, this.#around.client.getSafeUserId());
  }

  #unread(): number {
    const { client, room } = this.#around;
    return unreadIn(room, client.getSafeUserId(), unreadNumbers(client, room.roomId)).threads.get(this.#root)?.messages ?? 0;
  }

  /** Where a new answer stands: behind the last one that the server has. */
  #place(): { root: string; last: string } {
    const last = this.#thread()?.events.findLast(isAnswer)?.getId();
    return { root: this.#root, last: last ?? this.#root };
  }

  // The SDK makes a thread when it meets an answer, and fetches its end once. Where nobody has answered yet, or that
  // failed, it is done here, and again with each answer of the server until it is done.
  #fetch(): void {
    const thread = this.#thread();
    if (this.#making || this.#leave === undefined || thread?.initialEventsFetched === true) return;
    if (thread === null) void this.#try(() => this.#make());
    else if (this.#failed) void this.#try(() => this.#begin(thread));
    else this.#failed = true; // unless it is there by the next time
  }

  async #make(): Promise<void> {
    const { client, room } = this.#around;
    const root = room.findEventById(this.#root) ?? client.getEventMapper()({ ...(await client.fetchRoomEvent(room.roomId, this.#root)), room_id: room.roomId });
    if (this.#thread() === null) room.createThread(this.#root, root, [], true);
  }

  async #begin(thread: Thread): Promise<void> {
    await this.#around.client.paginateEventTimeline(thread.liveTimeline, { backwards: true, limit: 50 });
    thread.initialEventsFetched = true;
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.#making = true;
    try {
      await work();
    } catch {
      this.#failed = true;
    } finally {
      this.#making = false;
      this.#soon();
    }
  }

  // Many events may come at once; one view is made of them.
  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#leave !== undefined) this.#now();
    });
  }

  #now(): void {
    const thread = this.#thread();
    if (this.#position === undefined && thread?.initialEventsFetched === true) {
      const readUpTo = (): string | undefined => thread.events.findLast((event) => this.#read().includes(event.getId() ?? ''))?.getId();
      this.#position = new Position(this.#around.client, thread.timelineSet, { readUpTo, unread: () => this.#unread() }, () => this.#now());
      this.#position.arrive();
      if (this.#goal !== undefined) void this.#position.show(this.#goal);
    }
    if (this.#position !== undefined) this.set(this.#view(this.#position));
    void this.#judge(false);
  }

  async #judge(again: boolean): Promise<void> {
    const { client, room } = this.#around;
    if (await judge(client, this.#position?.stretch.events() ?? [], wayIn(client, room.roomId, false) !== 'clear', again)) this.#soon();
  }

  #view(position: Position): ThreadView {
    const { client, room, outbox } = this.#around;
    const me = client.getSafeUserId();
    const { stretch } = position;
    const events = withDeleted(room, this.#root, stretch.events(), stretch.fromStart);
    const outgoing = stretch.toEnd ? outbox.snapshot() : outbox.snapshot().filter((out) => relationOut(out, me) !== undefined);
    const before = this.snapshot();
    const there = new Set(before.items.map(({ id }) => id));
    const items = itemsOf(room, me, events, outgoing, { known: aboutThread(room, this.#root, events), thread: this.#root });
    return {
      root: this.#root,
      items: keep(before.items, items, (item) => item.key),
      fromStart: stretch.fromStart,
      toEnd: stretch.toEnd,
      newFrom: newFrom(items, events, position.newAfter),
      marked: position.marked,
      goal: position.goal,
      fetching: position.fetching,
      failed: position.failed,
      unread: this.#unread(),
      readers: noticed(before.readers, (id) => there.has(id), readersOf(room, me, events, this.#thread() ?? room), Date.now()),
      deliveries: keepEach(before.deliveries, deliveriesIn(client, room, items)),
    };
  }
}

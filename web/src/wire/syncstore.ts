// The store that the SDK keeps a sync in: the rooms with their names, members and newest events. It is sealed in the vault,
// so that nothing of it lies in the browser's files in clear. On the way in we read what the SDK loses: the numbers of unread
// messages, because in encrypted rooms it counts only what it happens to decrypt, and deletions of events that it has not loaded.
// At a start the SDK is given the rooms of the first screen; the others are `left` for arrival.ts.

import { MemoryStore, type IJoinedRoom, type IRoomEvent, type IRooms, type ISyncResponse, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';
import { KeptRooms, type Keep } from './keptrooms';
import { more } from './opening';

type Members = Parameters<MatrixClient['store']['setOutOfBandMembers']>[1];
type Options = Parameters<MatrixClient['store']['storeClientOptions']>[0];

/** What is kept beside the sync. */
interface Rest {
  /** The ids of filters on the server, by name. */
  filters: Record<string, string>;
  options?: Options;
}

/** How many rooms are given at first, beside those that wait for an answer. */
const first = 20;
const keptRest = 'sync/rest';
const keptMembers = 'sync/members/';

/** What earlier versions kept in clear. */
export const clearDatabase = 'matrix-js-sdk:wardroom-sync';

/** How many messages are unread in a room, as the server says. */
export interface UnreadNumbers {
  /** Outside of threads. */
  readonly main: number;
  /** In threads, by the id of the root; a thread without a number has none. */
  readonly threads: ReadonlyMap<string, number>;
}

/** A part of what was said in a room, as the server told it: in its order, threads and what is not loaded too. */
export interface ToldEvents {
  readonly room: string;
  /** The oldest first. */
  readonly events: readonly IRoomEvent[];
  /** Whether something may lie between these and what was told before. */
  readonly gap: boolean;
  /** The token of what lies before. */
  readonly before: string | undefined;
}

/** Keeps what the server told, sealed, and remembers what it said last about unread messages, and what was deleted. */
export class SyncStore extends MemoryStore {
  readonly #vault: Keep;
  readonly #wanted: readonly string[];
  readonly #unread = new Map<string, UnreadNumbers>();
  #deleted: string[] = [];
  #told: ToldEvents[] = [];
  #rooms: KeptRooms;
  #rest: Rest = { filters: {} };
  #fresh = true;
  #started: Promise<void> | undefined;
  #first: readonly string[] = [];
  #left = new Set<string>();
  #arriving: readonly string[] = [];
  #whole: () => void = () => undefined;
  readonly #allGiven = new Promise<void>((resolve) => (this.#whole = resolve));
  #saving: Promise<void> | undefined;
  #again = false;
  #ended = false;
  #partial = false;

  /** wanted are rooms that are shown at first, whatever happened in others. */
  constructor(vault: Keep, wanted: readonly string[] = []) {
    super();
    this.#vault = vault;
    this.#wanted = wanted;
    this.#rooms = new KeptRooms(vault);
  }

  /** Opens what was kept last time; once is enough. Where it cannot be opened, the server tells it all again. */
  override startup(): Promise<void> {
    return (this.#started ??= this.#open());
  }

  async #open(): Promise<void> {
    indexedDB.deleteDatabase(clearDatabase);
    const rest = await this.#vault.get<Rest>(keptRest).catch(() => undefined);
    if (rest !== undefined) this.#rest = rest;
    const rooms = new KeptRooms(this.#vault);
    try {
      await rooms.open();
      const ids = rooms.ids;
      this.#first = ids.filter((id, n) => n < rooms.waiting + first || this.#wanted.includes(id));
      await rooms.ready(this.#first);
      this.#left = new Set(ids.filter((id) => !this.#first.includes(id)));
      this.#rooms = rooms;
      this.#fresh = rooms.token === null;
    } catch {
      this.#first = [];
    }
    this.#given();
  }

  override isNewlyCreated(): Promise<boolean> {
    return Promise.resolve(this.#fresh);
  }

  override getSavedSyncToken(): Promise<string | null> {
    return Promise.resolve(this.#rooms.token);
  }

  /** What was kept last time of the rooms that are shown first, and of no room. */
  override async getSavedSync(): ReturnType<MemoryStore['getSavedSync']> {
    const { token } = this.#rooms;
    if (token === null) return null;
    return { nextBatch: token, roomsData: await this.#give(this.#first), accountData: this.#rooms.accountData };
  }

  /** The kept rooms that the SDK was not given, those in which something happened last first. */
  get left(): ReadonlySet<string> {
    return this.#left;
  }

  /** Whether what was kept of a room is being given to the SDK: that is not new. */
  isArriving(roomId: string): boolean {
    return this.#arriving.includes(roomId);
  }

  /**
   * Has the SDK given what was kept of some of the rooms that are left; they are left no longer when it returns. What cannot be opened
   * is not given, nor what the SDK refuses, and everything is asked of the server at the next start.
   */
  async arrive(ids: readonly string[], give: (rooms: IRooms) => Promise<void>): Promise<void> {
    this.#arriving = ids;
    try {
      await give(await this.#give(ids));
    } catch {
      // The others are there.
      await this.#rooms.distrust();
    }
    this.#arriving = [];
    for (const id of ids) this.#left.delete(id);
    this.#given();
  }

  /** Resolves when no kept room is left. */
  async allGiven(): Promise<void> {
    await this.startup();
    await this.#allGiven;
  }

  #given(): void {
    if (this.#left.size === 0) this.#whole();
  }

  async #give(ids: readonly string[]): Promise<IRooms> {
    const rooms = await this.#rooms.of(ids);
    this.#read(rooms);
    return rooms;
  }

  override async setSyncData(data: ISyncResponse & { [more]?: boolean }): Promise<void> {
    this.#partial = data[more] === true;
    this.#read(data.rooms);
    await this.#rooms.told(data);
  }

  /**
   * Seals what the server told and keeps it, if force is set: the SDK asks for it more often than it is worth. Some of the rooms alone
   * are not kept: the next start would take them for all. It throws where the browser keeps nothing.
   */
  override save(force: boolean): Promise<void> {
    if (!force || this.#ended || this.partial) return Promise.resolve();
    this.#again = true;
    this.#saving ??= this.#save();
    return this.#saving;
  }

  async #save(): Promise<void> {
    try {
      while (this.#again && !this.#ended) {
        this.#again = false;
        await this.#rooms.keep();
      }
    } finally {
      this.#saving = undefined;
    }
  }

  /** Writes nothing more. What was kept stays. */
  override async destroy(): Promise<void> {
    this.#ended = true;
    await this.#saving?.catch(() => undefined);
  }

  override async deleteAllData(): Promise<void> {
    await super.deleteAllData();
    this.#rest = { filters: {} };
    this.#left.clear();
    await Promise.all([this.#rooms.clear(), this.#vault.delete(keptRest)]);
  }

  override async getOutOfBandMembers(roomId: string): Promise<Members | null> {
    return (await super.getOutOfBandMembers(roomId)) ?? (await this.#vault.get<Members>(keptMembers + roomId).catch(() => undefined)) ?? null;
  }

  override async setOutOfBandMembers(roomId: string, members: Members): Promise<void> {
    await super.setOutOfBandMembers(roomId, members);
    await this.#vault.put(keptMembers + roomId, members).catch(() => undefined); // a full disk: they are asked for again
  }

  override async clearOutOfBandMembers(roomId: string): Promise<void> {
    await super.clearOutOfBandMembers(roomId);
    await this.#vault.delete(keptMembers + roomId);
  }

  override getClientOptions(): Promise<Options | undefined> {
    return Promise.resolve(this.#rest.options);
  }

  override async storeClientOptions(options: Options): Promise<void> {
    this.#rest = { ...this.#rest, options };
    await this.#keepRest();
  }

  override getFilterIdByName(name: string): string | null {
    return this.#rest.filters[name] ?? null;
  }

  override setFilterIdByName(name: string, id?: string): void {
    const others = Object.entries(this.#rest.filters).filter(([one]) => one !== name);
    this.#rest = { ...this.#rest, filters: Object.fromEntries(id === undefined ? others : [...others, [name, id]]) };
    void this.#keepRest();
  }

  async #keepRest(): Promise<void> {
    if (!this.#ended) await this.#vault.put(keptRest, this.#rest).catch(() => undefined); // a full disk: it is made anew at the next start
  }

  /** Keeps other events as the newest of a room, the oldest first; before is the token of what lies before them, null where the room begins. */
  async replace(roomId: string, events: readonly MatrixEvent[], before: string | null): Promise<void> {
    const { token } = this.#rooms;
    // The SDK keeps no events that no token leads away from. Where nothing lies before, that of now gives what is there already.
    const timeline = { limited: true, events: events.map(({ event }) => event), prev_batch: before ?? token };
    // The numbers of threads are taken from each telling as they are.
    const unread_thread_notifications = Object.fromEntries([...(this.#unread.get(roomId)?.threads ?? [])].map(([root, n]) => [root, { notification_count: n }]));
    await this.#rooms.told({ next_batch: token ?? '', rooms: { join: { [roomId]: { timeline, unread_thread_notifications } } } } as unknown as ISyncResponse);
  }

  /** Whether the server has not told of all rooms yet. */
  get partial(): boolean {
    return this.#partial || this.#rooms.token === null;
  }

  /** What the server said last about a room, or undefined if it said nothing. */
  unread(roomId: string): UnreadNumbers | undefined {
    return this.#unread.get(roomId);
  }

  /** The ids of the events that were deleted, in whatever room, since this was last asked. */
  deleted(): readonly string[] {
    const since = this.#deleted;
    this.#deleted = [];
    return since;
  }

  /** What was told of the rooms that one is in, kept and new, since this was last asked. */
  told(): readonly ToldEvents[] {
    const since = this.#told;
    this.#told = [];
    return since;
  }

  #read(rooms: Partial<IRooms> | undefined): void {
    for (const [id, room] of Object.entries(rooms?.join ?? {})) {
      this.#deleted.push(...deletedIn(room));
      // Of a sync that was kept the timeline may be missing, whatever the SDK's type says.
      const { events = [], limited = false, prev_batch: before } = (room as Partial<IJoinedRoom>).timeline ?? {};
      if (events.length > 0 || limited) this.#told.push({ room: id, events: events, gap: limited, before: before ?? undefined });
      countAll(room);
      const threads = Object.entries(room.unread_thread_notifications ?? {}).map(([root, { notification_count }]): [string, number] => [root, notification_count ?? 0]);
      // Of a sync that was kept the numbers may be missing, whatever the SDK's type says.
      const { notification_count } = (room as Partial<typeof room>).unread_notifications ?? {};
      this.#unread.set(id, { main: notification_count ?? 0, threads: new Map(threads) });
    }
  }
}

// What the push rules keep quiet is unread all the same: the server says that number beside, where it is another one. It takes the
// place of the other, so that it is kept too. What to make of a quiet room is for the list of rooms to say.
function countAll(room: IJoinedRoom & { 'org.wardroom.unread'?: { main: number; threads?: Record<string, number> } }): void {
  const all = room['org.wardroom.unread'];
  if (all === undefined) return;
  const highlight_count = 0; // which ones name the person is for this device to see
  room.unread_notifications = { notification_count: all.main, highlight_count };
  room.unread_thread_notifications = Object.fromEntries(Object.entries(all.threads ?? {}).map(([root, notification_count]) => [root, { notification_count, highlight_count }]));
}

// Spec: client-server API, m.room.redaction; where redacts stands depends on the version of the room.
function deletedIn(room: IJoinedRoom): string[] {
  // Of a sync that was kept the timeline may be missing, whatever the SDK's type says.
  const events = (room as Partial<IJoinedRoom>).timeline?.events ?? [];
  return events.flatMap((event) => {
    if (event.type !== 'm.room.redaction') return [];
    const { redacts, content } = event as { redacts?: unknown; content?: { redacts?: unknown } };
    return [redacts, content?.redacts].filter((id) => typeof id === 'string');
  });
}

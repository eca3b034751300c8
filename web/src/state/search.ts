// The search: what this device decrypts goes into the archive, from the timeline as it comes and from the history of
// every room in the background.

import { ClientEvent, Direction, KnownMembership, MatrixEventEvent, RoomEvent, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { RemoteArchive } from '../search/remote';
import type { Hit } from '../search/searchindex';
import type { Message } from '../search/segment';
import { languageOf } from '../lang/script';
import { allRooms, deletedSince, firstSync, keptRooms } from '../wire/client';
import { isUnreachable, limitedFor } from '../wire/fault';
import { contextOf, eventAndEdit, historyOf } from '../wire/history';
import { Attention, pause } from './attention';
import { changeOf, type Change } from './findable';
import { ignoredBy, onIgnored } from './ignored';
import { straight } from './oneline';
import { personIn, type Person } from './person';
import { Reading, type Gap } from './reading';
import { deletedFrom } from './relations';
import { titleOf } from './roomstate';
import { Store } from './store';
import { answersIn } from './threads';
import { itemsOf } from './timeline';

const pageSize = 100;
const patience = 15_000;

/** How far the search reaches. */
export interface Reach {
  /**
   * opening: what was kept is being read. reading: history is being read. waiting: history is to be read and the server
   * does not answer. whole: all history was read. failed: this browser cannot search.
   */
  readonly standing: 'opening' | 'reading' | 'waiting' | 'whole' | 'failed';
  /** How many rooms there are. */
  readonly rooms: number;
  /** How many of them were read to their beginning. */
  readonly read: number;
  /** Grows whenever something else can be found: by a message, an edit, a deletion. */
  readonly version: number;
  /** How many messages of the history this device could not decrypt. */
  readonly unreadable: number;
}

export interface Question {
  readonly text: string;
  readonly room: string | undefined;
  readonly sender: string | undefined;
}

/** A message that was found. */
export interface FoundMessage {
  readonly id: string;
  readonly sender: Person;
  readonly mine: boolean;
  readonly at: number;
  readonly lang: string | undefined;
  /** Its words in pieces, those that were asked for marked; '…' where it goes on. */
  readonly pieces: readonly { readonly text: string; readonly marked: boolean }[];
}

/** A message that stands beside one that was found, or that one. */
export interface Neighbour {
  readonly id: string;
  readonly sender: Person;
  readonly at: number;
  /** Undefined where it was deleted. */
  readonly said: string | undefined;
  readonly lang: string | undefined;
}

export interface FoundRoom {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  /** How many messages were found in it. */
  readonly total: number;
  /** The newest first. */
  readonly messages: readonly FoundMessage[];
}

export interface Found {
  readonly total: number;
  /** How many of them are in `rooms`. */
  readonly shown: number;
  /** Those with the newest messages first. */
  readonly rooms: readonly FoundRoom[];
  /** Who said them. */
  readonly senders: readonly Person[];
}

/** The search over what this device can decrypt. */
export class Search extends Store<Reach> {
  readonly #client: MatrixClient;
  /** Takes in what was read of the history; the timeline tells of itself. */
  readonly #read: (events: readonly MatrixEvent[]) => void;
  readonly #ending = new AbortController();
  #archive: RemoteArchive | undefined;
  #reading = new Reading(undefined);
  /** The rooms whose timeline was taken in since the start, and the last event of each. */
  readonly #met = new Map<string, string | undefined>();
  #changes: Change[] = [];
  /** What was deleted since the start. A page of the history that was asked for before may still bring it. */
  readonly #deleted = new Set<string>();
  #due: ReturnType<typeof setTimeout> | undefined;
  #more: () => void = () => undefined;
  #standing: Reach['standing'] = 'opening';
  #version = 0;

  constructor(client: MatrixClient, read: (events: readonly MatrixEvent[]) => void) {
    super({ standing: 'opening', rooms: 0, read: 0, version: 0, unreadable: 0 });
    this.#client = client;
    this.#read = read;
  }

  /** Opens the archive and feeds it until `close`. Once is enough. */
  async run(): Promise<void> {
    if (this.#archive !== undefined || this.#over()) return;
    const archive = (this.#archive = new RemoteArchive());
    try {
      this.#reading = new Reading(await archive.ask('notes'));
      this.#tell();
      await firstSync(this.#client);
      await allRooms(this.#client); // those that are not told yet are not to be forgotten
      if (this.#over()) return;
      this.#client.on(ClientEvent.Sync, this.#look);
      this.#client.on(RoomEvent.MyMembership, this.#onMembership);
      this.#client.on(MatrixEventEvent.Decrypted, this.#onDecrypted);
      const stop = onIgnored(this.#client, () => {
        this.#version++;
        this.#tell();
      });
      this.#ending.signal.addEventListener('abort', stop);
      const joined = new Set(this.#joined().map((room) => room.roomId));
      for (const room of this.#reading.rooms()) if (!joined.has(room)) this.#forget(room);
      this.#look();
      await this.#readHistory(this.#ending.signal);
    } catch {
      if (!this.#over()) this.#tell('failed');
    }
  }

  /** Stops, and returns when everything is kept. */
  async close(): Promise<void> {
    if (!this.#over()) {
      this.#client.off(ClientEvent.Sync, this.#look);
      this.#client.off(RoomEvent.MyMembership, this.#onMembership);
      this.#client.off(MatrixEventEvent.Decrypted, this.#onDecrypted);
      clearTimeout(this.#due);
      this.#ending.abort();
      this.#more();
    }
    await this.#archive?.close();
  }

  /** Answers a question with at most limit messages. It throws an ArchiveError. */
  async ask({ text, room, sender }: Question, limit: number): Promise<Found> {
    await keptRooms(this.#client); // what was said in one that is not there yet is found too
    if (this.#archive === undefined) return { total: 0, shown: 0, rooms: [], senders: [] };
    const answer = await this.#archive.ask('search', { text, limit, ...(room === undefined ? {} : { room }), ...(sender === undefined ? {} : { sender }), without: [...ignoredBy(this.#client)] });
    const groups = new Map<string, Hit[]>();
    for (const hit of answer.hits) groups.set(hit.room, [...(groups.get(hit.room) ?? []), hit]);
    const totals = new Map(answer.rooms);
    const me = this.#client.getSafeUserId();
    const rooms = [...groups].flatMap(([id, hits]): FoundRoom[] => {
      const known = this.#client.getRoom(id);
      if (known === null) return [];
      const name = titleOf(known);
      return [{ id, name, lang: languageOf(name), total: totals.get(id) ?? hits.length, messages: hits.map((hit) => foundOf(known, me, hit)) }];
    });
    const senders = answer.senders.map(([id]) => personAnywhere(this.#client, id, answer.rooms));
    return { total: answer.total, shown: answer.hits.length, rooms, senders };
  }

  /** What was said around a message in its room, or in its thread, the oldest first. It throws where the server does not give it. */
  readonly around = async (roomId: string, id: string): Promise<readonly Neighbour[]> => {
    const room = this.#client.getRoom(roomId);
    if (room === null) return [];
    const events = await contextOf(this.#client, roomId, id, 8);
    const found = events.find((event) => event.getId() === id);
    const thread = found && answersIn(found);
    const beside = events.filter((event) => (answersIn(event) ?? deletedFrom(event)) === thread || event.getId() === thread || event.isRelation('m.replace'));
    const items = itemsOf(room, this.#client.getSafeUserId(), beside, [], thread === undefined ? {} : { thread });
    return items.flatMap((item): Neighbour[] => {
      if (item.id === undefined || (item.is !== 'message' && item.is !== 'deleted')) return [];
      const said = item.is === 'message' ? [item.file?.name, item.body].filter(Boolean).join('\n') : undefined;
      return [{ id: item.id, sender: item.sender, at: item.at, said, lang: item.is === 'message' ? item.lang : undefined }];
    });
  };

  /** Reads a room once more from its end to its beginning: there is more than was given so far. */
  again(room: string): void {
    this.#reading.forget(room);
    this.#met.delete(room);
    this.#look();
  }

  #over(): boolean {
    return this.#ending.signal.aborted;
  }

  #joined(): Room[] {
    const rooms = this.#client.getRooms().filter((room) => room.getMyMembership() === KnownMembership.Join);
    return rooms.sort((a, b) => b.getLastActiveTimestamp() - a.getLastActiveTimestamp());
  }

  // Takes in what is new at the end of the rooms, after each answer of the server. Deletions come from the answer itself: the
  // SDK puts none into the timeline whose target it has not loaded.
  readonly #look = (): void => {
    for (const id of deletedSince(this.#client)) this.#take({ remove: id });
    for (const room of this.#joined()) {
      const timeline = room.getLiveTimeline();
      const last = timeline.getEvents().at(-1)?.getId();
      if (this.#met.has(room.roomId) && this.#met.get(room.roomId) === last) continue;
      const events = timeline.getEvents().filter((event) => event.getId()?.startsWith('$'));
      const ids = events.map((event) => event.getId() ?? '');
      const fresh = this.#reading.met(room.roomId, ids, timeline.getPaginationToken(Direction.Backward));
      // What is in the timeline after a start may have been decrypted only now.
      this.#change(this.#met.has(room.roomId) ? events.slice(events.length - fresh) : events);
      this.#met.set(room.roomId, last);
    }
    this.#more();
    this.#tell();
  };

  readonly #onDecrypted = (event: MatrixEvent): void => this.#change([event]);

  readonly #onMembership = (room: Room, membership: string): void => {
    if (membership === (KnownMembership.Leave as string) || membership === (KnownMembership.Ban as string)) this.#forget(room.roomId);
  };

  // What cannot be opened any longer is not found any longer.
  #forget(room: string): void {
    this.#reading.forget(room);
    this.#met.delete(room);
    this.#archive?.ask('removeRoom', room).then(() => this.#version++).catch(this.#failed);
    this.#soon();
  }

  #change(events: readonly MatrixEvent[]): void {
    for (const event of events) {
      const change = changeOf(event);
      if (change !== undefined) this.#take(change);
    }
    if (events.length > 0) this.#soon();
  }

  #take(change: Change): void {
    if ('remove' in change) this.#deleted.add(change.remove);
    this.#changes.push(change);
    this.#soon();
  }

  // A sync brings many; they are kept together.
  #soon(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#keep().catch(this.#failed);
    }, 300);
  }

  readonly #failed = (): void => {
    if (!this.#over()) this.#tell('failed');
  };

  async #keep(): Promise<void> {
    const archive = this.#archive;
    if (archive === undefined || this.#over()) return;
    const changes = this.#changes.splice(0);
    const put = changes.flatMap((change) => ('put' in change && !this.#isDeleted(change.put) ? [change.put] : []));
    const without = changes.flatMap((change) => ('remove' in change ? [change.remove] : []));
    const gone = await archive.ask('take', put, without, this.#reading.notes());
    for (const message of gone) await this.#bringBack(message);
    if (put.length + without.length > 0) this.#version++;
    this.#tell();
  }

  #isDeleted({ id, edit }: Message): boolean {
    return this.#deleted.has(id) || (edit !== undefined && this.#deleted.has(edit.id));
  }

  // An edit was deleted; what the message says without it, the server knows.
  async #bringBack({ id, room }: Message): Promise<void> {
    const events = await eventAndEdit(this.#client, room, id).catch(() => []);
    this.#change(events);
  }

  async #readHistory(signal: AbortSignal): Promise<void> {
    const attention = new Attention();
    while (!this.#over()) {
      const next = this.#reading.next(this.#joined().map((room) => room.roomId));
      if (next === undefined) {
        this.#tell('whole');
        await new Promise<void>((resolve) => (this.#more = resolve));
        continue;
      }
      this.#tell(this.#standing === 'waiting' ? 'waiting' : 'reading');
      await attention.quiet(signal);
      if (this.#over()) break;
      await this.#readPage(next.room, next.gap, signal);
    }
    attention.close();
  }

  async #readPage(room: string, gap: Gap, signal: AbortSignal): Promise<void> {
    try {
      const { events, before } = await historyOf(this.#client, room, gap.from, pageSize);
      if (this.#over()) return;
      const closed = events.filter((event) => event.isDecryptionFailure());
      this.#reading.read(room, gap, events.map((event) => event.getId() ?? ''), before);
      this.#reading.count(room, closed.length);
      for (const event of closed) event.once(MatrixEventEvent.Decrypted, () => this.#late(event, room));
      this.#change(events);
      this.#read(events);
      this.#standing = 'reading';
    } catch (error) {
      if (this.#over()) return;
      const limited = limitedFor(error);
      if (limited === undefined && !isUnreachable(error)) {
        this.#reading.refused(room, gap);
        return;
      }
      this.#tell('waiting');
      await pause(limited ?? patience, signal);
      return;
    }
    await this.#keep();
  }

  #late(event: MatrixEvent, room: string): void {
    if (event.isDecryptionFailure()) {
      event.once(MatrixEventEvent.Decrypted, () => this.#late(event, room));
      return;
    }
    this.#reading.count(room, -1);
    this.#change([event]);
    this.#read([event]);
  }

  #tell(standing: Reach['standing'] = this.#standing): void {
    this.#standing = standing;
    const rooms = this.#joined().map((room) => room.roomId);
    const unreadable = rooms.reduce((sum, room) => sum + this.#reading.unreadable(room), 0);
    this.set({ standing, rooms: rooms.length, read: rooms.filter((room) => this.#reading.whole(room)).length, version: this.#version, unreadable });
  }
}

function foundOf(room: Room, me: string, { id, sender, at, lang, excerpt, cut, marks }: Hit): FoundMessage {
  const pieces: { text: string; marked: boolean }[] = [{ text: cut[0] ? '…' : '', marked: false }];
  let end = 0;
  for (const [from, to] of marks) {
    pieces.push({ text: excerpt.slice(end, from), marked: false }, { text: excerpt.slice(from, to), marked: true });
    end = to;
  }
  pieces.push({ text: excerpt.slice(end) + (cut[1] ? '…' : ''), marked: false });
  return { id, sender: personIn(room, sender), mine: sender === me, at, lang, pieces: pieces.map((piece) => ({ ...piece, text: straight(piece.text) })).filter(({ text }) => text !== '') };
}

function personAnywhere(client: MatrixClient, id: string, rooms: readonly (readonly [room: string, total: number])[]): Person {
  for (const [roomId] of rooms) {
    const room = client.getRoom(roomId);
    if (room?.getMember(id) != null) return personIn(room, id);
  }
  return { id, name: id.replace(/^@/, '').split(':')[0] ?? id, lang: undefined };
}

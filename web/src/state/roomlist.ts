import { ClientEvent, KnownMembership, MatrixEventEvent, RoomEvent, RoomStateEvent, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { readEnvelope } from '../crypto/envelope';
import { whyUnreadable, type Unreadable } from '../crypto/unreadable';
import { cleanTag, languageOf } from '../lang/script';
import { awaitsKept, keptRooms, unreadNumbers } from '../wire/client';
import type { Far, FarMentions } from './farmentions';
import { isIgnored } from './ignored';
import { oneLine } from './oneline';
import { directOther, directRooms } from './people';
import { personIn, type Person } from './person';
import { isVerification } from './relations';
import { titleOf } from './roomstate';
import { keep, same } from './same';
import { Store } from './store';
import { isAnswer } from './threads';
import { sum, unreadIn } from './unread';

/** The last message of a room, in one line. */
export interface Preview {
  readonly sender: Person;
  readonly mine: boolean;
  readonly text: string;
  readonly lang: string | undefined;
  /** Why it cannot be read here; then there is no text. */
  readonly unreadable: Unreadable | undefined;
}

/** A room in the list. */
export interface RoomEntry {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  /** Whom a direct conversation is with. */
  readonly with: Person | undefined;
  /** When something last happened there, in milliseconds since 1970; 0 if never. */
  readonly at: number;
  readonly unread: number;
  /** Whether an unread message names the person at this device. */
  readonly mentioned: boolean;
  /** Whether it is not known if one does: this device has not read all that is unread. */
  readonly unsure: boolean;
  readonly preview: Preview | undefined;
}

/** A room that somebody invited this person to. */
export interface Invitation {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  readonly by: Person | undefined;
}

export interface RoomListView {
  /** Whether the list is complete as far as the server has told. */
  readonly ready: boolean;
  readonly invitations: readonly Invitation[];
  /** Newest first. */
  readonly rooms: readonly RoomEntry[];
  readonly people: readonly RoomEntry[];
}

/** The rooms this person is in, and those waiting for an answer. */
export class RoomList extends Store<RoomListView> {
  readonly #client: MatrixClient;
  readonly #far: FarMentions;
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(client: MatrixClient, far: FarMentions) {
    super({ ready: false, invitations: [], rooms: [], people: [] });
    this.#client = client;
    this.#far = far;
    far.subscribe(this.#soon);
    for (const name of changes) client.on(name as ClientEvent.Room, this.#soon);
    void keptRooms(client).then(this.#soon);
  }

  close(): void {
    for (const name of changes) this.#client.off(name as ClientEvent.Room, this.#soon);
    clearTimeout(this.#due);
  }

  // A sync brings hundreds of changes; the list is made once for all of them. Where kept rooms come in one after the other, it grows now and then.
  readonly #soon = (): void => {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.set(keepEntries(this.snapshot(), listOf(this.#client, this.#far.snapshot())));
    }, this.snapshot().ready && awaitsKept(this.#client) ? growing : 50);
  };
}

/** While kept rooms come in: to list five hundred rooms and to draw them keeps the page busier than their coming. */
const growing = 1_500;

const changes = [
  ClientEvent.Sync,
  ClientEvent.Room,
  ClientEvent.AccountData,
  RoomEvent.MyMembership,
  RoomEvent.Name,
  RoomEvent.Timeline,
  RoomEvent.Receipt,
  RoomEvent.Redaction,
  RoomStateEvent.Events,
  MatrixEventEvent.Decrypted,
] as const;

function listOf(client: MatrixClient, far: ReadonlyMap<string, Far>): RoomListView {
  const direct = directRooms(client);
  const invitations: Invitation[] = [];
  const rooms: RoomEntry[] = [];
  const people: RoomEntry[] = [];
  for (const room of client.getRooms()) {
    const membership = room.getMyMembership();
    if (membership === KnownMembership.Invite) invitations.push(...invitationsOf(client, room));
    if (membership !== KnownMembership.Join) continue;
    const other = directOther(client, room, direct);
    if (other === undefined) rooms.push(entryOf(client, room, undefined, far.get(room.roomId)));
    else people.push(entryOf(client, room, personIn(room, other), far.get(room.roomId)));
  }
  const newest = (a: RoomEntry, b: RoomEntry): number => b.at - a.at;
  return { ready: client.isInitialSyncComplete(), invitations, rooms: rooms.sort(newest), people: people.sort(newest) };
}

/** The same list, with every entry that says what it said as the object it was: it is not drawn again. */
function keepEntries(before: RoomListView, now: RoomListView): RoomListView {
  const id = (entry: { readonly id: string }): string => entry.id;
  const kept: RoomListView = {
    ready: now.ready,
    invitations: keep(before.invitations, now.invitations, id),
    rooms: keep(before.rooms, now.rooms, id),
    people: keep(before.people, now.people, id),
  };
  return same(before, kept) ? before : kept;
}

function invitationsOf(client: MatrixClient, room: Room): readonly Invitation[] {
  const by = room.getMember(client.getSafeUserId())?.events.member?.getSender();
  if (isIgnored(client, by)) return [];
  const name = titleOf(room);
  return [{ id: room.roomId, name, lang: languageOf(name), by: by === undefined ? undefined : personIn(room, by) }];
}

function entryOf(client: MatrixClient, room: Room, other: Person | undefined, far: Far | undefined): RoomEntry {
  const name = other?.name ?? titleOf(room);
  const events = room.getLiveTimeline().getEvents();
  const shown = (event: MatrixEvent): boolean => isMessage(event) && !isIgnored(client, event.getSender());
  const threads = room.getThreads().flatMap((thread) => thread.events.findLast((event) => shown(event) && isAnswer(event)) ?? []);
  const last = threads.reduce((a, b) => (a === undefined || b.getTs() > a.getTs() ? b : a), events.findLast(shown));
  const unread = sum(unreadIn(room, client.getSafeUserId(), unreadNumbers(client, room.roomId)));
  const mentioned = unread.mentioned || (far === 'named' && unread.messages > 0);
  return {
    id: room.roomId,
    name,
    lang: languageOf(name),
    with: other,
    at: (last ?? events.at(-1))?.getTs() ?? 0,
    unread: unread.messages,
    mentioned,
    unsure: !mentioned && far === 'unknown' && unread.messages > 0,
    preview: last === undefined ? undefined : previewOf(room, last, client.getSafeUserId()),
  };
}

function isMessage(event: MatrixEvent): boolean {
  return event.getType() === 'm.room.message' && !event.isRedacted() && !event.isRelation('m.replace') && !isVerification(event);
}

function previewOf(room: Room, event: MatrixEvent, me: string): Preview {
  const unreadable = whyUnreadable(event); // the SDK puts words of its own in the place of the text
  const body: unknown = unreadable === undefined ? event.getContent()['body'] : '';
  const text = typeof body === 'string' ? oneLine(body.split('\n')[0] ?? '') : '';
  const sender = event.getSender() ?? '';
  const lang = cleanTag(readEnvelope(event.getClearContent() ?? {})?.lang) ?? languageOf(text);
  return { sender: personIn(room, sender), mine: sender === me, text, lang, unreadable };
}

import { ClientEvent, EventType, KnownMembership, MatrixEventEvent, RoomEvent, RoomMemberEvent, RoomStateEvent, SyncState, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { decryptFile, TamperedFile } from '../crypto/attachment';
import { tryAgain } from '../crypto/unreadable';
import { languageOf, languageToSend } from '../lang/script';
import { FaultError } from '../wire/fault';
import { download, upload } from '../wire/media';
import type { Tokens } from '../wire/tokens';
import { redactEvent } from '../wire/client';
import { messageContent, reactionContent, type About } from './compose';
import type { Stored } from './file';
import { Members } from './members';
import type { Outbox } from './outbox';
import { inviteTo } from './people';
import { Position, type Goal } from './position';
import { readersOf, type Reader } from './readers';
import { deletedKey, relationOut } from './relations';
import { unreadIn } from './roomlist';
import { mayChange, stateValue } from './roomstate';
import { keep, same } from './same';
import { readUpTo, Seen, shareReading, sharesReading } from './seen';
import { Store } from './store';
import { itemsOf, type Message, type TimelineItem } from './timeline';
import { Uploads } from './uploads';

const firstPause = 6_000;
const longestPause = 600_000;

/** A room one is in, as its page shows it. */
export interface RoomView {
  readonly id: string;
  /** Empty where the room has no name and nobody else is in it. */
  readonly name: string;
  readonly lang: string | undefined;
  /** How many are in it, oneself included. */
  readonly people: number;
  readonly invited: number;
  readonly encrypted: boolean;
  readonly mayWrite: boolean;
  readonly mayInvite: boolean;
  readonly mayRename: boolean;
  /** What the room is about; empty where nobody said. */
  readonly topic: string;
  readonly items: readonly TimelineItem[];
  /** Whether the items begin where the room begins. */
  readonly fromStart: boolean;
  /** Whether they end with the latest. */
  readonly toEnd: boolean;
  /** The item before which stands the line between what one has read and what is new. */
  readonly newFrom: string | undefined;
  readonly goal: Goal | undefined;
  /** The message that one went to. */
  readonly marked: string | undefined;
  readonly fetching: Position['fetching'];
  /** What could not be fetched. */
  readonly failed: Position['failed'];
  /** How many messages of others one has not read. */
  readonly unread: number;
  /** Who is known to have read one's own messages, by event id. */
  readonly readers: ReadonlyMap<string, readonly Reader[]>;
  /** Whether the others may see how far one has read. */
  readonly sharesReading: boolean;
}

/** One room: what its page shows and what can be done there. It follows the client from `open` to `close`. */
export class RoomState extends Store<RoomView> {
  /** The files that are on their way out of here. */
  readonly uploads: Uploads;
  readonly #client: MatrixClient;
  readonly #room: Room;
  readonly #outbox: Outbox;
  readonly #tokens: Tokens;
  readonly #position: Position;
  readonly #seen: Seen;
  #due = false;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #pause = firstPause;
  #leave: (() => void) | undefined;

  readonly members: Members;

  constructor(client: MatrixClient, room: Room, outbox: Outbox, tokens: Tokens) {
    const me = client.getSafeUserId();
    const reading = { readUpTo: () => readUpTo(room, me), unread: () => unreadIn(room, me) };
    const position = new Position(client, room.getUnfilteredTimelineSet(), reading, () => this.#now());
    super(viewOf(client, room, outbox, position));
    this.#client = client;
    this.#room = room;
    this.#position = position;
    this.#seen = new Seen(client, room);
    this.members = new Members(client, room);
    this.#outbox = outbox;
    this.#tokens = tokens;
    // Files are encrypted in every room: where the messages are not, they are no better kept than the messages.
    this.uploads = new Uploads({
      upload: (bytes, progress, signal) => upload(client, tokens, bytes, progress, signal),
      send: (content) => outbox.add('m.room.message', content),
    });
  }

  /** Begins to follow the room. */
  open(): void {
    if (this.#leave !== undefined) return;
    const { roomId } = this.#room;
    const here = (event: MatrixEvent): void => {
      if (event.getRoomId() === roomId) this.#soon();
    };
    const soon = (): void => this.#soon();
    const came = (): void => {
      this.#position.came();
      this.#soon();
    };
    const gap = (): void => {
      this.#position.gap();
      this.#soon();
    };
    const sync = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) this.#position.again();
    };
    const room = this.#room;
    const room$ = [RoomEvent.Redaction, RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Summary, RoomEvent.Receipt, RoomEvent.AccountData, MatrixEventEvent.Replaced] as const;
    room.on(RoomEvent.Timeline, came);
    room.on(RoomEvent.TimelineReset, gap);
    this.#client.on(ClientEvent.Sync, sync);
    for (const name of room$) room.on(name as RoomEvent.Name, soon);
    this.#client.on(RoomStateEvent.Events, here);
    this.#client.on(MatrixEventEvent.Decrypted, here);
    this.#client.on(RoomMemberEvent.Name, here);
    const stop = this.#outbox.subscribe(soon);
    this.#leave = () => {
      room.off(RoomEvent.Timeline, came);
      room.off(RoomEvent.TimelineReset, gap);
      this.#client.off(ClientEvent.Sync, sync);
      for (const name of room$) room.off(name as RoomEvent.Name, soon);
      this.#client.off(RoomStateEvent.Events, here);
      this.#client.off(MatrixEventEvent.Decrypted, here);
      this.#client.off(RoomMemberEvent.Name, here);
      stop();
    };
    room.loadMembersIfNeeded().then(soon, () => undefined); // whoever reads and never writes is somebody too
    this.#position.arrive();
    this.#now();
  }

  /** Stops following the room. */
  close(): void {
    this.#leave?.();
    clearTimeout(this.#retrying);
    this.#retrying = undefined;
    this.#leave = undefined;
  }

  /** Sends a text. When it returns, the text is kept on this device, and its state is an item of the timeline. */
  readonly write = (text: string, about?: About): Promise<void> => this.#outbox.add('m.room.message', messageContent(text, about), languageToSend(text));

  /** Puts a reaction under a message. */
  readonly react = (target: string, key: string): Promise<void> => this.#outbox.add('m.reaction', reactionContent(target, key));

  /** Takes a reaction of one's own back. It throws where the server does not answer, or refuses. */
  readonly unreact = (id: string): Promise<void> => redactEvent(this.#client, this.#room.roomId, id, { [deletedKey]: 'm.annotation' });

  /** Deletes a message and every edit of it that is known here, for everybody. It throws where the server does not answer, or refuses. */
  readonly remove = async (message: Pick<Message, 'id' | 'edits'>): Promise<void> => {
    if (message.id === undefined) return;
    // The edits first: while the message stands it can be tried again.
    for (const id of message.edits) await redactEvent(this.#client, this.#room.roomId, id, { [deletedKey]: 'm.replace' });
    await redactEvent(this.#client, this.#room.roomId, message.id, {});
  };

  /** Goes to a message, wherever in the room's history it is, and marks it. It returns whether it is there. */
  readonly show = (id: string): Promise<boolean> => this.#position.show(id);

  /** Goes to the latest message. */
  readonly latest = (): void => this.#position.latest();

  /** Fetches more messages on one side of those that are here. */
  readonly more = (side: 'earlier' | 'later'): Promise<void> => this.#position.more(side);

  /** The page tells where it stands. */
  readonly stands: Position['stands'] = (at) => this.#position.stands(at);

  /** Somebody who was away looks again. */
  readonly look = (): void => this.#position.look();

  /** Fetches a file and decrypts it. It throws a fault where the server gives none, or other bytes than were sent. */
  readonly fetchFile = async (stored: Stored): Promise<ArrayBuffer> => {
    const bytes = await download(this.#tokens, stored.url);
    if (!('key' in stored)) return bytes;
    return decryptFile(bytes, stored).catch((error: unknown) => {
      throw error instanceof TamperedFile ? new FaultError({ id: 'fault.tampered', code: 'SHA256' }, error) : error;
    });
  };

  readonly retry = (key: string): void => this.#outbox.retry(key);

  readonly discard = (key: string): Promise<void> => this.#outbox.discard(key);

  /**
   * Invites a person, with a signature of this device, and gives them the keys of the messages so far. It returns
   * whether it gave them: an invitation does not fail because the past cannot be shared.
   */
  readonly invite = (userId: string): Promise<'shared' | 'notShared'> => inviteTo(this.#client, this.#tokens, this.#room.roomId, userId);

  /** Gives the room a name and a topic; what is as it was is not sent. */
  readonly describe = async (name: string, topic: string): Promise<void> => {
    const { roomId } = this.#room;
    if (name !== this.snapshot().name) await this.#client.setRoomName(roomId, name);
    if (topic !== this.snapshot().topic) await this.#client.setRoomTopic(roomId, topic);
  };

  /** Leaves the room. */
  readonly leave = async (): Promise<void> => {
    await this.#client.leave(this.#room.roomId);
  };

  /** Remembers that one has read as far as a message; at the end, everything that is here. */
  readonly seen = (id: string, atEnd: boolean): void => {
    const stretch = this.#position.stretch;
    const event = atEnd && stretch.toEnd ? stretch.events().at(-1) : this.#room.findEventById(id);
    if (event !== undefined) this.#seen.upTo(event);
  };

  /** Lets the others see how far one reads from now on, or no longer. It throws where the server does not answer. */
  readonly shareReading = (shared: boolean): Promise<void> => shareReading(this.#client, this.#room, shared);

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
    const ids = new Set(this.#room.getLiveTimeline().getEvents().flatMap((event) => event.getId() ?? []));
    this.#outbox.arrived(ids);
    const before = this.snapshot();
    const view = viewOf(this.#client, this.#room, this.#outbox, this.#position);
    this.set({ ...view, items: keep(before.items, view.items), readers: keepReaders(before.readers, view.readers) });
    this.#retryUnreadable();
  }

  // A message's key may reach the backup some seconds after the message itself, and nobody is told.
  #retryUnreadable(): void {
    if (this.#retrying !== undefined || this.#leave === undefined) return;
    const events = this.#position.stretch.events();
    if (!events.some((event) => event.isDecryptionFailure())) return;
    this.#retrying = setTimeout(() => {
      this.#pause = Math.min(this.#pause * 2, longestPause);
      void tryAgain(this.#client, events).finally(() => {
        this.#retrying = undefined;
        this.#soon();
      });
    }, this.#pause);
  }
}

function viewOf(client: MatrixClient, room: Room, outbox: Outbox, position: Position): RoomView {
  const me = client.getSafeUserId();
  const { stretch } = position;
  const events = position.blank ? [] : stretch.events();
  const known = room.getUnfilteredTimelineSet().getTimelines().flatMap((timeline) => timeline.getEvents());
  // What is on its way out will stand at the end: where the end is not on the page, only what it says about others is.
  const outgoing = stretch.toEnd ? outbox.snapshot() : outbox.snapshot().filter((out) => relationOut(out, me) !== undefined);
  const items = position.blank ? [] : itemsOf(room, me, events, outgoing, known);
  const name = room.name === room.roomId ? '' : room.name;
  return {
    id: room.roomId,
    name,
    lang: languageOf(name),
    people: room.getJoinedMemberCount(),
    invited: room.getInvitedMemberCount(),
    encrypted: room.hasEncryptionStateEvent(),
    mayWrite: room.getMyMembership() === KnownMembership.Join && room.maySendMessage(),
    mayInvite: room.canInvite(me),
    mayRename: mayChange(room, EventType.RoomName, me) && mayChange(room, EventType.RoomTopic, me),
    topic: topicOf(room),
    items,
    fromStart: stretch.fromStart,
    toEnd: stretch.toEnd,
    newFrom: newFrom(items, events, position.newAfter),
    goal: position.goal,
    marked: position.marked,
    fetching: position.fetching,
    failed: position.failed,
    unread: unreadIn(room, me),
    readers: readersOf(room, me, events),
    sharesReading: sharesReading(room),
  };
}

/** The first item of somebody else after an event; undefined where the event is not among those on the page. */
function newFrom(items: readonly TimelineItem[], events: readonly MatrixEvent[], after: string | undefined): string | undefined {
  if (after === undefined) return undefined;
  const at = events.findIndex((event) => event.getId() === after);
  const later = new Set(at < 0 ? [] : events.slice(at + 1).map((event) => event.getId()));
  return items.find((item) => item.id !== undefined && later.has(item.id) && !item.mine && item.is !== 'happening')?.key;
}

function keepReaders(before: RoomView['readers'], now: RoomView['readers']): RoomView['readers'] {
  return new Map([...now].map(([id, readers]) => [id, same(before.get(id), readers) ? (before.get(id) ?? readers) : readers]));
}

function topicOf(room: Room): string {
  const topic = stateValue(room, EventType.RoomTopic, 'topic');
  return typeof topic === 'string' ? topic : '';
}

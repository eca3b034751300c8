import { Direction, EventType, KnownMembership, MatrixEventEvent, ReceiptType, RoomEvent, RoomMemberEvent, RoomStateEvent, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
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
import { deletedKey } from './relations';
import { mayChange, stateValue } from './roomstate';
import { Store } from './store';
import { itemsOf, type Message, type TimelineItem } from './timeline';
import { Uploads } from './uploads';

const firstPause = 6_000;
const longestPause = 600_000;
/** How many pages back one goes for a message that was answered. */
const farthest = 20;

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
  readonly fetching: boolean;
}

/** One room: what its page shows and what can be done there. It follows the client from `open` to `close`. */
export class RoomState extends Store<RoomView> {
  /** The files that are on their way out of here. */
  readonly uploads: Uploads;
  readonly #client: MatrixClient;
  readonly #room: Room;
  readonly #outbox: Outbox;
  readonly #tokens: Tokens;
  #fetching = false;
  #due = false;
  #seen: string | undefined;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #pause = firstPause;
  #leave: (() => void) | undefined;

  readonly members: Members;

  constructor(client: MatrixClient, room: Room, outbox: Outbox, tokens: Tokens) {
    super(viewOf(client, room, outbox, false));
    this.#client = client;
    this.#room = room;
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
    const room = this.#room;
    const room$ = [RoomEvent.Timeline, RoomEvent.TimelineReset, RoomEvent.Redaction, RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Summary, MatrixEventEvent.Replaced] as const;
    for (const name of room$) room.on(name as RoomEvent.Name, soon);
    this.#client.on(RoomStateEvent.Events, here);
    this.#client.on(MatrixEventEvent.Decrypted, here);
    this.#client.on(RoomMemberEvent.Name, here);
    const stop = this.#outbox.subscribe(soon);
    this.#leave = () => {
      for (const name of room$) room.off(name as RoomEvent.Name, soon);
      this.#client.off(RoomStateEvent.Events, here);
      this.#client.off(MatrixEventEvent.Decrypted, here);
      this.#client.off(RoomMemberEvent.Name, here);
      stop();
    };
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

  /** Fetches earlier messages until one of them is there. It returns whether it came. */
  readonly reach = async (id: string): Promise<boolean> => {
    const there = (): boolean => this.snapshot().items.some((item) => item.id === id);
    for (let page = 0; page < farthest && !there() && !this.snapshot().fromStart; page++) await this.earlier();
    return there();
  };

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

  /** Fetches earlier messages; nothing happens at the beginning of the room or while some are being fetched. */
  readonly earlier = async (): Promise<void> => {
    if (this.#fetching || this.snapshot().fromStart) return;
    this.#fetching = true;
    this.#now();
    try {
      await this.#client.scrollback(this.#room, 50);
    } finally {
      this.#fetching = false;
      this.#now();
    }
  };

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

  /** Remembers, for oneself alone, that everything so far was seen. Without an answer it is told again next time. */
  readonly markSeen = (): void => {
    const last = this.#room.getLiveTimeline().getEvents().at(-1);
    const id = last?.getId();
    if (last === undefined || id === undefined || id === this.#seen || this.#room.getEventReadUpTo(this.#client.getSafeUserId()) === id) return;
    this.#seen = id;
    this.#client.sendReadReceipt(last, ReceiptType.ReadPrivate).catch(() => (this.#seen = undefined));
  };

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
    this.set(viewOf(this.#client, this.#room, this.#outbox, this.#fetching));
    this.#retryUnreadable();
  }

  // A message's key may reach the backup some seconds after the message itself, and nobody is told.
  #retryUnreadable(): void {
    if (this.#retrying !== undefined || this.#leave === undefined) return;
    const events = this.#room.getLiveTimeline().getEvents();
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

function viewOf(client: MatrixClient, room: Room, outbox: Outbox, fetching: boolean): RoomView {
  const me = client.getSafeUserId();
  const timeline = room.getLiveTimeline();
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
    items: itemsOf(room, me, timeline.getEvents(), outbox.snapshot()),
    fromStart: timeline.getPaginationToken(Direction.Backward) === null || timeline.getEvents()[0]?.getType() === (EventType.RoomCreate as string),
    fetching,
  };
}

function topicOf(room: Room): string {
  const topic = stateValue(room, EventType.RoomTopic, 'topic');
  return typeof topic === 'string' ? topic : '';
}

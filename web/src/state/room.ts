import { ClientEvent, MatrixEventEvent, RoomEvent, RoomMemberEvent, RoomStateEvent, SyncState, ThreadEvent, type EventTimelineSet, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import type { Content } from '../crypto/envelope';
import type { Gap } from '../delivery/gaps';
import { decryptFile, TamperedFile } from '../crypto/attachment';
import { isEncrypted } from '../crypto/encrypt';
import { judge, onTrust } from '../crypto/trust';
import { tryAgain } from '../crypto/unreadable';
import { languageToSend } from '../lang/script';
import { FaultError } from '../wire/fault';
import { eventOf } from '../wire/history';
import { download, upload } from '../wire/media';
import type { Tokens } from '../wire/tokens';
import { redactEvent, unreadNumbers } from '../wire/client';
import { putOut } from './admission';
import { messageContent, reactionContent, type About, type Where } from './compose';
import { onDelivery } from './delivery';
import type { Stored } from './file';
import { onIgnored } from './ignored';
import { Members } from './members';
import { mentionContent } from './mentions';
import { findNameable, whereIn } from './nameable';
import type { Checks } from './checks';
import type { Outbox } from './outbox';
import { inviteTo } from './people';
import type { Person } from './person';
import { Position } from './position';
import { noticed } from './readers';
import { deletedKey } from './relations';
import { removeMessage, type Removable } from './remove';
import { route } from './route';
import { viewOf, type RoomView } from './roomview';
import { RoomTrust } from './roomtrust';
import { keep, keepEach } from './same';
import { readUpTo, Seen, shareReading } from './seen';
import { Store } from './store';
import { ThreadState } from './thread';
import { ThreadList } from './threadlist';
import { answersIn } from './threads';
import { TellTyping, Typing } from './typing';
import { unreadIn } from './unread';
import { Uploads } from './uploads';

const firstPause = 6_000;
const longestPause = 600_000;

/** What the person and the network allow. */
interface Allowed {
  showTyping: () => boolean;
  reachable: () => boolean;
}

/** One room: what its page shows and what can be done there. It follows the client from `open` to `close`. */
export class RoomState extends Store<RoomView> {
  /** The files that are on their way out of here. */
  readonly uploads: Uploads;
  readonly #client: MatrixClient;
  readonly #room: Room;
  readonly #outbox: Outbox;
  readonly #checks: Checks;
  readonly #tokens: Tokens;
  readonly #reachable: () => boolean;
  readonly #position: Position;
  readonly #seen: Seen;
  readonly #threads = new Map<string, ThreadState>();
  /** Whether this device was told once that the room is encrypted. */
  #remembered = false;
  #due = false;
  /** Whether the view was of the time just before now, when it was last made. */
  #followed = false;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #pause = firstPause;
  #leave: (() => void) | undefined;

  readonly members: Members;
  readonly trust: RoomTrust;
  readonly threadList: ThreadList;
  /** Who else is writing here. */
  readonly typing: Typing;
  readonly tellTyping: TellTyping;

  constructor(client: MatrixClient, room: Room, outbox: Outbox, checks: Checks, tokens: Tokens, { showTyping, reachable }: Allowed) {
    const me = client.getSafeUserId();
    const reading = { readUpTo: () => readUpTo(room, me), unread: () => unreadIn(room, me, unreadNumbers(client, room.roomId)).main.messages };
    const position = new Position(client, room.getUnfilteredTimelineSet(), reading, () => this.#now());
    super(viewOf(client, room, outbox, checks.of(room.roomId).snapshot(), position, false));
    this.#client = client;
    this.#room = room;
    this.#position = position;
    this.#seen = new Seen(client, room);
    this.members = new Members(client, room);
    this.trust = new RoomTrust(client, room);
    this.threadList = new ThreadList(client, room);
    this.typing = new Typing(client, room);
    this.tellTyping = new TellTyping((typing, time) => client.sendTyping(room.roomId, typing, time), showTyping);
    this.#outbox = outbox;
    this.#checks = checks;
    this.#tokens = tokens;
    this.#reachable = reachable;
    this.uploads = this.#newUploads((file) => file);
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
    const gap = (_: unknown, set: EventTimelineSet): void => {
      if (set === this.#room.getUnfilteredTimelineSet()) this.#position.gap(); // not a thread's
      this.#soon();
    };
    const sync = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) this.#position.again();
    };
    const room = this.#room;
    const room$ = [RoomEvent.Redaction, RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Summary, RoomEvent.Receipt, RoomEvent.AccountData, ThreadEvent.Update, ThreadEvent.New, MatrixEventEvent.Replaced] as const;
    room.on(RoomEvent.Timeline, came);
    room.on(RoomEvent.TimelineReset, gap);
    this.#client.on(ClientEvent.Sync, sync);
    for (const name of room$) room.on(name as RoomEvent.Name, soon);
    this.#client.on(RoomStateEvent.Events, here);
    this.#client.on(MatrixEventEvent.Decrypted, here);
    this.#client.on(RoomMemberEvent.Name, here);
    const stop = this.#outbox.subscribe(soon);
    const stopChecks = this.#checks.of(roomId).subscribe(soon);
    const stopTrust = onTrust(this.#client, () => void this.#judge(true));
    const stopIgnored = onIgnored(this.#client, soon);
    const stopDelivery = onDelivery(this.#client, soon);
    this.trust.open();
    this.#leave = () => {
      room.off(RoomEvent.Timeline, came);
      room.off(RoomEvent.TimelineReset, gap);
      this.#client.off(ClientEvent.Sync, sync);
      for (const name of room$) room.off(name as RoomEvent.Name, soon);
      this.#client.off(RoomStateEvent.Events, here);
      this.#client.off(MatrixEventEvent.Decrypted, here);
      this.#client.off(RoomMemberEvent.Name, here);
      stop();
      stopChecks();
      stopTrust();
      stopIgnored();
      stopDelivery();
      this.trust.close();
    };
    isEncrypted(this.#client, roomId).then((remembered) => {
      this.#remembered = remembered;
      soon();
    }, soon);
    room.loadMembersIfNeeded().then(soon, () => undefined); // whoever reads and never writes is somebody too
    this.typing.open();
    this.#position.arrive();
    this.#now();
  }

  /** Stops following the room. */
  close(): void {
    this.#leave?.();
    this.#followed = false;
    this.#position.leave();
    this.typing.close();
    this.tellTyping.stop();
    clearTimeout(this.#retrying);
    this.#retrying = undefined;
    this.#leave = undefined;
  }

  /** How many files are on their way out of here and of its threads. */
  leaving(): number {
    return [this, ...this.#threads.values()].reduce((n, { uploads }) => n + uploads.snapshot().length, 0);
  }

  /** The connection is back: the files that it held go on. */
  uploadAgain(): void {
    for (const { uploads } of [this, ...this.#threads.values()]) uploads.again();
  }

  /** Stops following the room, and ends what files are on their way. */
  end(): void {
    for (const { uploads } of [this, ...this.#threads.values()]) uploads.close();
    this.close();
  }

  /** Sends a text. When it returns, the text is kept on this device, and its state is an item of the timeline. */
  readonly write = (text: string, about?: About): Promise<void> => this.#outbox.add('m.room.message', messageContent(text, about, this.#where()), languageToSend(text));

  /** The thread that begins with an event. */
  thread(root: string): ThreadState {
    const before = this.#threads.get(root);
    if (before !== undefined) return before;
    const where = (): Where => this.#where();
    const state = new ThreadState({ client: this.#client, room: this.#room, outbox: this.#outbox, where, uploads: (content) => this.#newUploads(content) }, root);
    this.#threads.set(root, state);
    return state;
  }

  /** Finds whom one may name here: people by name or account name, and everybody at once for who may. */
  readonly findNameable = (typed: string): Promise<readonly Person[]> => findNameable(this.#room, this.#client.getSafeUserId(), typed);

  /** Puts a reaction under a message. */
  readonly react = (target: string, key: string): Promise<void> => this.#outbox.add('m.reaction', reactionContent(target, key));

  /** Takes a reaction of one's own back. It throws where the server does not answer, or refuses. */
  readonly unreact = (id: string): Promise<void> => redactEvent(this.#client, this.#room.roomId, id, { [deletedKey]: 'm.annotation' });

  /** Deletes a message and every edit of it, for everybody. It throws where the server does not answer, or refuses; then it can be done again. */
  readonly remove = (message: Removable): Promise<void> => removeMessage(this.#client, this.#room.roomId, message);

  /** Goes to a message, wherever in the room's history or in which thread it is, and marks it. It returns whether it is there. */
  readonly show = async (id: string): Promise<boolean> => {
    const { roomId } = this.#room;
    const known = this.#room.findEventById(id) ?? (await eventOf(this.#client, roomId, id).catch(() => undefined));
    const root = known && answersIn(known);
    if (root === undefined) return this.#position.show(id);
    route.go({ at: 'room', id: roomId, thread: root, event: id });
    return true;
  };

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

  /** Asks the devices of those who have it for what is missing. It returns how many were asked, and throws where the server does not answer. */
  readonly askFor = (gap: Gap): Promise<number> => this.#checks.ask(this.#room.roomId, gap);

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
    await putOut(this.#client, this.#room.roomId, this.#client.getSafeUserId()).catch(() => undefined); // nothing keeps one from leaving
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

  #where(): Where {
    return whereIn(this.#room, this.#client.getSafeUserId());
  }

  // Files are encrypted in every room: where the messages are not, they are no better kept than the messages.
  #newUploads(content: (file: Content) => Content): Uploads {
    return new Uploads({
      reachable: this.#reachable,
      upload: (bytes, progress, signal) => upload(this.#client, this.#tokens, bytes, progress, signal),
      send: (file) => this.#outbox.add('m.room.message', content({ ...file, 'm.mentions': mentionContent([], false) })),
    });
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
    const saved = this.#outbox.snapshot().flatMap(({ state }) => (state.is === 'saved' ? state.eventId : []));
    this.#outbox.arrived(new Set(saved.filter((id) => this.#room.findEventById(id) !== undefined)));
    const before = this.snapshot();
    const view = viewOf(this.#client, this.#room, this.#outbox, this.#checks.of(this.#room.roomId).snapshot(), this.#position, this.#remembered);
    const there = new Set(before.items.map(({ id }) => id));
    const readers = noticed(before.readers, (id) => this.#followed && there.has(id), view.readers, Date.now());
    this.#followed = this.#leave !== undefined;
    this.set({ ...view, items: keep(before.items, view.items, (item) => item.key), readers, deliveries: keepEach(before.deliveries, view.deliveries) });
    this.#retryUnreadable();
    void this.#judge(false);
  }

  // What the crypto says about a message's origin is asked after it is shown: nothing waits for it.
  async #judge(again: boolean): Promise<void> {
    if (await judge(this.#client, this.#position.stretch.events(), this.snapshot().way !== 'clear', again)) this.#soon();
  }

  // A message's key may reach the backup some seconds after the message itself, and nobody is told.
  #retryUnreadable(): void {
    if (this.#retrying !== undefined || this.#leave === undefined) return;
    const events = [...this.#position.stretch.events(), ...this.#room.getThreads().flatMap((thread) => thread.events)];
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

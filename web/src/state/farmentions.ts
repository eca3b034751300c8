// Whether an unread message names the person at this device, where it lies farther back than this device has fetched.
// The server cannot tell: whom a message names stands in its ciphertext. So the messages between what is here and what was
// read are fetched in the background, read, and not kept.

import { ClientEvent, Direction, KnownMembership, MatrixEventEvent, RoomEvent, SyncState, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { awaitsKept, keptRooms, unreadNumbers } from '../wire/client';
import { limitedFor } from '../wire/fault';
import { historyOf } from '../wire/history';
import { Attention, pause } from './attention';
import { isIgnored } from './ignored';
import { namesMe } from './mentions';
import { Store } from './store';
import { answersIn } from './threads';
import { isNews, unfetchedIn, type Unfetched } from './unread';

/** What is known of the unread messages that were not here: one names the person, or nobody can say. */
export type Far = 'named' | 'unknown';

const pageSize = 100;
/** How far back it is read at most: of somebody who was away for long, it is said that it is not known. */
const mostPages = 10;
const longWait = 15_000;

/** Looks through what is unread and far. Its value is what is known, by room; a room where none names the person is not in it. */
export class FarMentions extends Store<ReadonlyMap<string, Far>> {
  readonly #client: MatrixClient;
  readonly #ending = new AbortController();
  /** What each room was looked through for, last. */
  readonly #done = new Map<string, string>();
  readonly #attention: Pick<Attention, 'quiet' | 'close'>;
  #running = false;
  #again = false;

  constructor(client: MatrixClient, attention: Pick<Attention, 'quiet' | 'close'> = new Attention()) {
    super(new Map());
    this.#client = client;
    this.#attention = attention;
    client.on(ClientEvent.Sync, this.#onSync);
    client.on(RoomEvent.Receipt, this.#look);
    void keptRooms(client).then(this.#look);
  }

  close(): void {
    this.#ending.abort();
    this.#attention.close();
    this.#client.off(ClientEvent.Sync, this.#onSync);
    this.#client.off(RoomEvent.Receipt, this.#look);
  }

  readonly #onSync = (state: SyncState): void => {
    if (state === SyncState.Syncing) this.#look();
  };

  readonly #look = (): void => {
    if (awaitsKept(this.#client)) return; // they are looked at together
    this.#again = true;
    if (!this.#running) void this.#run();
  };

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    this.#running = true;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      for (const room of this.#client.getRooms()) await this.#lookThrough(room, signal);
    }
    this.#running = false;
  }

  async #lookThrough(room: Room, signal: AbortSignal): Promise<void> {
    if (this.#over()) return;
    const joined = room.getMyMembership() === KnownMembership.Join;
    const far = joined ? unfetchedIn(room, this.#client.getSafeUserId(), unreadNumbers(this.#client, room.roomId)) : undefined;
    const from = room.getLiveTimeline().getPaginationToken(Direction.Backward);
    if (far === undefined || from === null) {
      this.#done.delete(room.roomId);
      this.#tell(room.roomId, undefined);
      return;
    }
    const asked = JSON.stringify([from, far.main, far.read, ...far.threads]);
    if (this.#done.get(room.roomId) === asked) return;
    await this.#attention.quiet(signal);
    if (this.#over()) return;
    try {
      const { is, closed } = await readBack(this.#client, room, from, far, signal);
      this.#tell(room.roomId, is);
      this.#done.set(room.roomId, asked);
      for (const event of closed) event.once(MatrixEventEvent.Decrypted, () => this.#opened(room.roomId));
    } catch (error) {
      this.#tell(room.roomId, 'unknown'); // the next answer of the server, or the end of its wait, brings the next attempt
      const wait = limitedFor(error);
      if (wait === undefined) return;
      this.#again = true;
      await pause(Math.min(wait, longWait), signal);
    }
  }

  #over(): boolean {
    return this.#ending.signal.aborted;
  }

  // A key may come late.
  #opened(roomId: string): void {
    this.#done.delete(roomId);
    this.#look();
  }

  #tell(roomId: string, far: Far | undefined): void {
    const before = this.snapshot();
    if (before.get(roomId) === far || this.#over()) return;
    const next = new Map(before);
    if (far === undefined) next.delete(roomId);
    else next.set(roomId, far);
    this.set(next);
  }
}

/** Reads back from a token through what is unread. It throws where the server does not answer. */
async function readBack(client: MatrixClient, room: Room, from: string, far: Unfetched, signal: AbortSignal): Promise<{ is: Far | undefined; closed: readonly MatrixEvent[] }> {
  const me = client.getSafeUserId();
  const threads = new Map(far.threads);
  let { main } = far;
  const closed: MatrixEvent[] = [];
  let at: string | undefined = from;
  for (let page = 0; page < mostPages && at !== undefined && (main || threads.size > 0) && !signal.aborted; page++) {
    const { events, before } = await historyOf(client, room.roomId, at, pageSize);
    for (const event of events) {
      const root = answersIn(event);
      const left = root === undefined ? undefined : threads.get(root);
      if (event.getId() === far.read) main = false;
      if (event.getSender() === me) {
        // Whoever writes has read what stands before.
        if (root === undefined) main = false;
        else threads.delete(root);
        continue;
      }
      if (root === undefined ? !main : left === undefined) continue;
      if (namesMe(room, me, event)) return { is: 'named', closed: [] };
      if (!isNews(event) || isIgnored(client, event.getSender())) continue;
      if (event.isDecryptionFailure()) closed.push(event);
      if (root !== undefined && left !== undefined && left > 1) threads.set(root, left - 1);
      else if (root !== undefined) threads.delete(root);
    }
    at = before;
  }
  const toEnd = at === undefined || (!main && threads.size === 0);
  return { is: toEnd && closed.length === 0 ? undefined : 'unknown', closed };
}

import { ClientEvent, MatrixEventEvent, RoomEvent, SyncState, ThreadEvent, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { unreadNumbers } from '../wire/client';
import { faultOf, type Fault } from '../wire/fault';
import { threadsOf } from '../wire/history';
import { onIgnored } from './ignored';
import type { Person } from './person';
import { Store } from './store';
import { summaryOf, type ThreadSummary } from './threads';
import { itemsOf } from './timeline';
import { unreadIn } from './unread';

/** A thread in the list of its room's threads. */
export interface ThreadEntry extends ThreadSummary {
  readonly sender: Person;
  /** When it was begun, in milliseconds since 1970. */
  readonly at: number;
  /** What it begins with: words or a file's name, or why there are none. */
  readonly begins: { readonly is: 'said'; readonly text: string; readonly lang: string | undefined } | { readonly is: 'deleted' | 'unreadable' };
}

export interface ThreadListView {
  /** Those with the newest answers first. */
  readonly threads: readonly ThreadEntry[];
  /** Whether the server is being asked. */
  readonly fetching: boolean;
  /** Whether there are more, older ones. */
  readonly more: boolean;
  readonly fault: Fault | undefined;
}

const changes = [RoomEvent.Timeline, RoomEvent.Redaction, RoomEvent.Receipt, ThreadEvent.New, ThreadEvent.Update, MatrixEventEvent.Replaced] as const;

/** The threads of a room: those that the server lists, and what has come since. It follows the room from `open` to `close`. */
export class ThreadList extends Store<ThreadListView> {
  readonly #client: MatrixClient;
  readonly #room: Room;
  /** The messages that threads begin with, and their newest edits, by root. */
  readonly #roots = new Map<string, readonly MatrixEvent[]>();
  /** Where the server's list goes on; undefined before it was asked, null at its end. */
  #next: string | null | undefined;
  #due = false;
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient, room: Room) {
    super({ threads: [], fetching: true, more: false, fault: undefined });
    this.#client = client;
    this.#room = room;
  }

  /** Begins to follow the room, and asks the server for its newest threads. */
  open(): void {
    if (this.#stop !== undefined) return;
    const sync = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) void this.#fetch(undefined);
    };
    for (const name of changes) this.#room.on(name as RoomEvent.Timeline, this.#soon);
    this.#client.on(MatrixEventEvent.Decrypted, this.#soon);
    this.#client.on(ClientEvent.Sync, sync);
    const stop = onIgnored(this.#client, this.#soon);
    this.#stop = () => {
      stop();
      for (const name of changes) this.#room.off(name as RoomEvent.Timeline, this.#soon);
      this.#client.off(MatrixEventEvent.Decrypted, this.#soon);
      this.#client.off(ClientEvent.Sync, sync);
    };
    this.#now({});
    void this.#fetch(undefined);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Asks for older ones; where the server did not answer, once more for the newest. */
  readonly more = (): Promise<void> => this.#fetch(this.#next ?? undefined);

  async #fetch(from: string | undefined): Promise<void> {
    this.#now({ fetching: true, fault: undefined });
    try {
      const { roots, next } = await threadsOf(this.#client, this.#room.roomId, from);
      for (const events of roots) this.#roots.set(events[0]?.getId() ?? '', events);
      // What is asked again from the top does not lose where the list went on.
      if (from !== undefined || this.#next === undefined) this.#next = next ?? null;
      this.#now({ fetching: false });
    } catch (error) {
      this.#now({ fetching: false, fault: faultOf(error) });
    }
  }

  // Many events may come at once; one list is made of them.
  readonly #soon = (): void => {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#stop !== undefined) this.#now({});
    });
  };

  #now(change: Partial<ThreadListView>): void {
    const room = this.#room;
    const unread = unreadIn(room, this.#client.getSafeUserId(), unreadNumbers(this.#client, room.roomId)).threads;
    const roots = new Set([...this.#roots.keys(), ...room.getThreads().map(({ id }) => id)]);
    const threads = [...roots].flatMap((root) => {
      // What the room itself holds of a message is followed; what was fetched apart stands as it was.
      const here = room.findEventById(root) ?? room.getThread(root)?.rootEvent;
      const events = here === undefined ? this.#roots.get(root) : [here];
      return events === undefined ? [] : this.#entry(root, events, unread.get(root));
    });
    threads.sort((a, b) => (b.last?.at ?? b.at) - (a.last?.at ?? a.at));
    this.set({ ...this.snapshot(), more: typeof this.#next === 'string', ...change, threads });
  }

  #entry(root: string, events: readonly MatrixEvent[], unread: Parameters<typeof summaryOf>[2]): readonly ThreadEntry[] {
    const [event] = events;
    const fetched = this.#roots.get(root)?.[0];
    // What the server said beside the message may be newer than what the room holds, and the other way round.
    const summaries = [event, fetched].flatMap((one) => (one === undefined ? [] : (summaryOf(this.#room, one, unread) ?? [])));
    const summary = summaries.sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0))[0];
    const item = itemsOf(this.#room, this.#client.getSafeUserId(), events.slice(0, 1), [], { known: events })[0];
    if (summary === undefined || item === undefined) return [];
    const text = item.is === 'message' ? [item.file?.name, item.body].filter(Boolean).join(' ') : '';
    const begins = item.is === 'message' ? { is: 'said' as const, text, lang: item.lang } : { is: item.is === 'deleted' ? ('deleted' as const) : ('unreadable' as const) };
    return [{ ...summary, sender: item.sender, at: item.at, begins }];
  }
}

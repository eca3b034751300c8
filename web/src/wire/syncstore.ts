// The store that the SDK keeps a sync in. On the way in we read what the SDK loses: the numbers of unread messages, because in
// encrypted rooms it counts only what it happens to decrypt, and deletions of events that it has not loaded.

import type { IJoinedRoom, IRooms } from 'matrix-js-sdk';
import { IndexedDBStore } from 'matrix-js-sdk/lib/store/indexeddb';

/** How many messages are unread in a room, as the server says. */
export interface UnreadNumbers {
  /** Outside of threads. */
  readonly main: number;
  /** In threads, by the id of the root; a thread without a number has none. */
  readonly threads: ReadonlyMap<string, number>;
}

/** An IndexedDBStore that remembers what the server said last about unread messages, and what was deleted. */
export class SyncStore extends IndexedDBStore {
  readonly #unread = new Map<string, UnreadNumbers>();
  #deleted: string[] = [];

  constructor(options: ConstructorParameters<typeof IndexedDBStore>[0]) {
    super(options);
    const { setSyncData, getSavedSync } = this;
    this.setSyncData = (data) => {
      this.#read(data.rooms);
      return setSyncData(data);
    };
    this.getSavedSync = async () => {
      const saved = await getSavedSync();
      this.#read(saved?.roomsData);
      return saved;
    };
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

  #read(rooms: Partial<IRooms> | undefined): void {
    for (const [id, room] of Object.entries(rooms?.join ?? {})) {
      this.#deleted.push(...deletedIn(room));
      const threads = Object.entries(room.unread_thread_notifications ?? {}).map(([root, { notification_count }]): [string, number] => [root, notification_count ?? 0]);
      // Of a sync that was kept the numbers may be missing, whatever the SDK's type says.
      const { notification_count } = (room as Partial<typeof room>).unread_notifications ?? {};
      this.#unread.set(id, { main: notification_count ?? 0, threads: new Map(threads) });
    }
  }
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

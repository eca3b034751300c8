// The store that the SDK keeps a sync in. On the way in we read the numbers of unread messages: in encrypted rooms the
// SDK drops them and counts only what it happens to decrypt.

import type { IRooms } from 'matrix-js-sdk';
import { IndexedDBStore } from 'matrix-js-sdk/lib/store/indexeddb';

/** How many messages are unread in a room, as the server says. */
export interface UnreadNumbers {
  /** Outside of threads. */
  readonly main: number;
  /** In threads, by the id of the root; a thread without a number has none. */
  readonly threads: ReadonlyMap<string, number>;
}

/** An IndexedDBStore that remembers what the server said last about unread messages. */
export class SyncStore extends IndexedDBStore {
  readonly #unread = new Map<string, UnreadNumbers>();

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

  #read(rooms: Partial<IRooms> | undefined): void {
    for (const [id, room] of Object.entries(rooms?.join ?? {})) {
      const threads = Object.entries(room.unread_thread_notifications ?? {}).map(([root, { notification_count }]): [string, number] => [root, notification_count ?? 0]);
      // Of a sync that was kept the numbers may be missing, whatever the SDK's type says.
      const { notification_count } = (room as Partial<typeof room>).unread_notifications ?? {};
      this.#unread.set(id, { main: notification_count ?? 0, threads: new Map(threads) });
    }
  }
}

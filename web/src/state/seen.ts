// How far one has read: what the server and one's other devices know of it, and whether others may see it.

import { ReceiptType, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';

/**
 * The room's account data in which a person keeps whether the others of this room may see how far they have read:
 * `{"shared": true}`. Anything else, and nothing at all, means that they may not.
 */
const sharingType = 'org.wardroom.receipts';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface RoomAccountDataEvents {
    [sharingType]: { shared: boolean };
  }
}

/** Whether the others in a room may see how far this person has read. */
export function sharesReading(room: Room): boolean {
  return room.getAccountData(sharingType)?.getContent()['shared'] === true;
}

/** Lets the others see how far this person reads from now on, or no longer; on all their devices. It throws where the server does not answer. */
export async function shareReading(client: MatrixClient, room: Room, shared: boolean): Promise<void> {
  await client.setRoomAccountData(room.roomId, sharingType, { shared });
}

/**
 * The event up to which this person has read, as far as is known; undefined where they never did. It may be one that
 * this device has not fetched.
 */
export function readUpTo(room: Room, me: string): string | undefined {
  const kinds = [ReceiptType.ReadPrivate, ReceiptType.Read];
  const known = kinds.flatMap((kind) => room.getReadReceiptForUserId(me, true, kind) ?? []);
  return known.sort((a, b) => room.compareEventOrdering(b.eventId, a.eventId) ?? b.data.ts - a.data.ts)[0]?.eventId;
}

/** Tells the server how far one has read in a room. */
export class Seen {
  readonly #client: MatrixClient;
  readonly #room: Room;
  #told: string | undefined;

  constructor(client: MatrixClient, room: Room) {
    this.#client = client;
    this.#room = room;
  }

  /** Remembers that everything up to an event was read; nothing happens where that was known. Without an answer it is told again next time. */
  readonly upTo = (event: MatrixEvent): void => {
    const id = event.getId();
    if (id === undefined || id === this.#told) return;
    const before = this.#told ?? readUpTo(this.#room, this.#client.getSafeUserId());
    if (before === id || (before !== undefined && (this.#room.compareEventOrdering(before, id) ?? -1) >= 0)) return;
    this.#told = id;
    void this.#tell(event, id);
  };

  async #tell(event: MatrixEvent, id: string): Promise<void> {
    const shared = sharesReading(this.#room);
    try {
      await this.#client.sendReadReceipt(event, shared ? ReceiptType.Read : ReceiptType.ReadPrivate);
      await this.#client.setRoomReadMarkersHttpRequest(this.#room.roomId, id);
    } catch {
      if (this.#told === id) this.#told = undefined;
    }
  }
}

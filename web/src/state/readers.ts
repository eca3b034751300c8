// Who has read what, of those who let it be seen. Pure.

import { KnownMembership, ReceiptType, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { personIn, type Person } from './person';

/** Somebody who has read a message. */
export interface Reader {
  readonly person: Person;
  /** By when, in milliseconds since 1970: they tell how far they have read, and this is when they last did. */
  readonly by: number;
}

/** Who has read each of one's own messages, by event id; those that nobody is known to have read are not in it. */
export function readersOf(room: Room, me: string, events: readonly MatrixEvent[]): ReadonlyMap<string, readonly Reader[]> {
  const place = new Map(events.map((event, n) => [event.getId(), n]));
  const last = events.at(-1)?.getId();
  const all = room
    .getMembersWithMembership(KnownMembership.Join)
    .flatMap(({ userId }) => {
      const receipt = userId === me ? null : room.getReadReceiptForUserId(userId, true, ReceiptType.Read);
      if (receipt === null) return [];
      const later = last !== undefined && (room.compareEventOrdering(receipt.eventId, last) ?? 0) > 0;
      const upTo = place.get(receipt.eventId) ?? (later ? events.length : -1);
      return upTo < 0 ? [] : { upTo, reader: { person: personIn(room, userId), by: receipt.data.ts } };
    })
    .sort((a, b) => a.reader.by - b.reader.by);
  const readers = new Map<string, readonly Reader[]>();
  if (all.length === 0) return readers;
  events.forEach((event, n) => {
    const id = event.getId();
    if (id === undefined || event.getSender() !== me || event.isState()) return;
    const some = all.filter(({ upTo }) => upTo >= n).map(({ reader }) => reader);
    if (some.length > 0) readers.set(id, some);
  });
  return readers;
}

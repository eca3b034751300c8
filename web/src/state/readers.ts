// Who has read what, of those who let it be seen. Pure.

import { KnownMembership, ReceiptType, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { personIn, type Person } from './person';
import { same } from './same';

/** Somebody who has read a message. */
export interface Reader {
  readonly person: Person;
  /** When this device learned of it, in milliseconds since 1970; undefined where it was so already. The server keeps no time. */
  readonly at: number | undefined;
}

/**
 * Who has read each of one's own messages, by event id; those that nobody is known to have read are not in it. The
 * receipts are those of the room, or of the thread that the events stand in.
 */
export function readersOf(room: Room, me: string, events: readonly MatrixEvent[], receipts: Pick<Room, 'getReadReceiptForUserId'> = room): ReadonlyMap<string, readonly Reader[]> {
  const place = new Map(events.map((event, n) => [event.getId(), n]));
  const last = events.at(-1)?.getId();
  const all = room.getMembersWithMembership(KnownMembership.Join).flatMap(({ userId }) => {
    const receipt = userId === me ? null : receipts.getReadReceiptForUserId(userId, true, ReceiptType.Read);
    if (receipt === null) return [];
    const later = last !== undefined && (room.compareEventOrdering(receipt.eventId, last) ?? 0) > 0;
    const upTo = place.get(receipt.eventId) ?? (later ? events.length : -1);
    return upTo < 0 ? [] : { upTo, reader: { person: personIn(room, userId), at: undefined } };
  });
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

/** The same with the time of those who were not among the readers before, of messages that were there before. */
export function noticed(before: ReadonlyMap<string, readonly Reader[]>, wasThere: (id: string) => boolean, now: ReadonlyMap<string, readonly Reader[]>, time: number): ReadonlyMap<string, readonly Reader[]> {
  const all = new Map<string, readonly Reader[]>();
  for (const [id, readers] of now) {
    const old = before.get(id) ?? [];
    const at = (person: Person): number | undefined => {
      const known = old.find((one) => one.person.id === person.id);
      return known !== undefined ? known.at : wasThere(id) ? time : undefined;
    };
    const timed = readers.map(({ person }) => ({ person, at: at(person) }));
    all.set(id, same(old, timed) ? old : timed);
  }
  return all;
}

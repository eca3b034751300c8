// Whom one may name in a room.

import { KnownMembership, type Room } from 'matrix-js-sdk';
import type { Where } from './compose';
import { everybody, mayNameEverybody } from './mentions';
import { localpart, personIn, type Person } from './person';

const mostFound = 8;

/** Everybody else in a room, or invited to it, as far as this device knows them. */
function othersIn(room: Room, me: string): readonly Person[] {
  const here = room.getMembers().filter(({ membership }) => membership === KnownMembership.Join || membership === KnownMembership.Invite);
  return here.filter(({ userId }) => userId !== me).map(({ userId }) => personIn(room, userId));
}

/** Where a text of mine is written. */
export function whereIn(room: Room, me: string): Where {
  return { people: othersIn(room, me), all: mayNameEverybody(room, me) };
}

/** Finds people by name or account name, and everybody at once for who may name them so; the best first. */
export async function findNameable(room: Room, me: string, typed: string): Promise<readonly Person[]> {
  await room.loadMembersIfNeeded().catch(() => undefined); // those that are known are offered
  const asked = fold(typed);
  const all = mayNameEverybody(room, me) ? [{ id: everybody, name: 'room', lang: undefined }] : [];
  const found = [...othersIn(room, me), ...all].flatMap((person) => {
    const words = [fold(person.name), fold(localpart(person.id))];
    const rank = words.some((one) => one.startsWith(asked)) ? 0 : words.some((one) => one.includes(asked)) ? 1 : undefined;
    return rank === undefined ? [] : [{ person, rank: person.id === everybody ? rank + 0.5 : rank }];
  });
  return found.sort((a, b) => a.rank - b.rank || a.person.name.localeCompare(b.person.name)).slice(0, mostFound).map(({ person }) => person);
}

/** Full-width letters of an input method and capitals mean the same. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

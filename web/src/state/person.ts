import type { MatrixClient, Room } from 'matrix-js-sdk';
import { languageOf } from '../lang/script';

/** Somebody, as they call themselves, with the language their name is drawn in where it can be known. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
}

/** Somebody as the people of a room see them. */
export function personIn(room: Room, id: string): Person {
  const name = room.getMember(id)?.name ?? localpart(id);
  return { id, name: name === id ? localpart(id) : name, lang: languageOf(name) };
}

/** Somebody as the server introduces them. */
export function personOf(client: MatrixClient, id: string): Person {
  const name = client.getUser(id)?.displayName ?? localpart(id);
  return { id, name, lang: languageOf(name) };
}

/** The account name inside a user id: @lin:port.example → lin. */
export function localpart(id: string): string {
  return id.replace(/^@/, '').split(':')[0] ?? id;
}

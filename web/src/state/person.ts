import type { MatrixClient, Room } from 'matrix-js-sdk';
import { languageOf } from '../lang/script';
import { oneLine } from './oneline';

/** Somebody, as they call themselves, with the language their name is drawn in where it can be known. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  /** Where this is no person: a program that is connected to the server. */
  readonly bot?: true;
}

// The server writes it into the membership of a program's account and into what a search finds of it, and of nobody else's.
const programOf = 'org.wardroom.bot';

/** Somebody as the people of a room see them. */
export function personIn(room: Room, id: string): Person {
  const member = room.getMember(id);
  return { ...named(id, member?.name), ...botOf(member?.events.member?.getContent()) };
}

/** Somebody as a search of the server finds them. */
export function personFound(found: { readonly user_id: string; readonly display_name?: string | undefined }): Person {
  return { ...named(found.user_id, found.display_name), ...botOf(found) };
}

function botOf(told: object | undefined): Pick<Person, 'bot'> {
  const is = (told as Record<string, unknown> | undefined)?.[programOf];
  return typeof is === 'string' ? { bot: true } : {};
}

/** Somebody as the server introduces them; told is a name that was asked for apart. */
export function personOf(client: MatrixClient, id: string, told?: string): Person {
  return named(id, told ?? client.getUser(id)?.displayName);
}

/** Somebody by the name that was told of them: a name that says nothing is none, and the account name takes its place. */
export function named(id: string, told: string | undefined): Person {
  // Where the SDK has heard no name it gives the id in its place.
  const clean = told === undefined || told === id ? '' : oneLine(told);
  const name = clean === '' ? localpart(id) : clean;
  return { id, name, lang: languageOf(name) };
}

/** The account name inside a user id: @lin:port.example → lin. */
export function localpart(id: string): string {
  return id.replace(/^@/, '').split(':')[0] ?? id;
}

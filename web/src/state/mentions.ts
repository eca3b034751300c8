// Mentions: whom a message names so that they are told of it. Inside the ciphertext, so that only clients can tell.
//
// Spec: client-server API, user and room mentions.

import { Direction, type MatrixEvent, type Room } from 'matrix-js-sdk';
import type { Json } from '../crypto/canonical';
import { isIgnored } from './ignored';
import { localpart, personIn, type Person } from './person';
import { isRecord } from './relations';

/** The word that names everybody in a room. */
export const everybody = '@room';
const mostPeople = 200;

/** Somebody who can be named. */
export interface Nameable {
  readonly id: string;
  readonly name: string;
}

/** Whom a message names. */
export interface Mentions {
  readonly people: readonly (Person & { readonly me: boolean })[];
  /** Everybody in the room, by somebody who may. */
  readonly all: boolean;
}

/** The pattern that finds people in a text by what stands behind an @, and who is meant by what it found. */
export interface Names {
  readonly pattern: RegExp;
  readonly ids: ReadonlyMap<string, string>;
}

/** How people can be named: @ and their name, their account name or their user id. Undefined where there is nobody. */
export function namesOf(people: readonly Nameable[]): Names | undefined {
  const ids = new Map<string, string>();
  for (const { id } of people) {
    for (const words of [id, `@${localpart(id)}`]) if (!ids.has(words)) ids.set(words, id);
  }
  for (const { id, name } of people) if (name.trim() !== '') ids.set(`@${name}`, id);
  if (ids.size === 0) return undefined;
  const longestFirst = [...ids.keys()].sort((a, b) => b.length - a.length);
  const some = longestFirst.map((words) => words.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  // Not inside an address or a longer word; Chinese and Japanese put no spaces around a name.
  return { pattern: new RegExp(`(?<![\\w.%+-])(?:${some.join('|')})(?![A-Za-z0-9_]|[-.:][A-Za-z0-9])`), ids };
}

/** The address that stands for a person in formatted text. It is never opened here. */
export function pillFor(id: string): string {
  return `https://matrix.to/#/${encodeURIComponent(id).replaceAll('%40', '@').replaceAll('%3A', ':')}`;
}

/** Whom such an address stands for: a user id, or undefined. */
export function personOfPill(address: string): string | undefined {
  const id = /^https:\/\/matrix\.to\/#\/(?:@|%40)([^?/\s]+)/i.exec(address)?.[1];
  try {
    const whole = id === undefined ? '' : `@${decodeURIComponent(id)}`;
    return /^@[^\s:]*:\S+$/.test(whole) ? whole : undefined;
  } catch {
    return undefined;
  }
}

/** The people that formatted text which was made here names. */
export function namedIn(html: string | undefined): readonly string[] {
  const found = [...(html ?? '').matchAll(/<a href="(https:\/\/matrix\.to\/#\/[^"]+)">/g)].flatMap(([, address]) => personOfPill(address ?? '') ?? []);
  return [...new Set(found)];
}

/** Whether a text names everybody; what is code names nobody. */
export function namesEverybody(text: string): boolean {
  return /(?<![\w.%+-])@room(?![A-Za-z0-9_])/.test(text.replace(/```[\s\S]*?```|`[^`\n]+`/g, ''));
}

/** What a message says about whom it names. Said even where it names nobody, or the words would be searched for names. */
export function mentionContent(ids: readonly string[], all: boolean): Json {
  return { ...(ids.length > 0 ? { user_ids: [...ids] } : {}), ...(all ? { room: true } : {}) };
}

/** Whom a decrypted content names, as its sender said. */
export function readMentions(content: Readonly<Record<string, unknown>>): { ids: readonly string[]; all: boolean } {
  const said = content['m.mentions'];
  if (!isRecord(said)) return { ids: [], all: false };
  const ids: unknown[] = Array.isArray(said['user_ids']) ? said['user_ids'] : [];
  return { ids: ids.filter((id) => typeof id === 'string').slice(0, mostPeople), all: said['room'] === true };
}

/** Whom a message of sender in a room names. Everybody can be named only by somebody who may. */
export function mentionsIn(room: Room, me: string, sender: string, content: Readonly<Record<string, unknown>>): Mentions {
  const { ids, all } = readMentions(content);
  return { people: ids.map((id) => ({ ...personIn(room, id), me: id === me })), all: all && mayNameEverybody(room, sender) };
}

/** Whether an event that was read names me: an edit does where it names me newly. */
export function namesMe(room: Room, me: string, event: MatrixEvent): boolean {
  const sender = event.getSender() ?? '';
  if (sender === me || isIgnored(room.client, sender) || event.isState() || event.isRedacted() || event.getType() !== 'm.room.message') return false;
  const { ids, all } = readMentions(event.getOriginalContent());
  return ids.includes(me) || (all && mayNameEverybody(room, sender));
}

/** Whether somebody may name everybody in a room. Spec: m.room.power_levels, notifications. */
export function mayNameEverybody(room: Room, who: string): boolean {
  return room.getLiveTimeline().getState(Direction.Forward)?.mayTriggerNotifOfType('room', who) ?? false;
}

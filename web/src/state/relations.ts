// What events say about other events: edits and reactions. Pure.

import type { MatrixEvent } from 'matrix-js-sdk';
import type { Outgoing, OutgoingState } from './outbox';

/** The word in a deletion's content that says what was deleted: of an encrypted event the server keeps nothing else. */
export const deletedKey = 'org.wardroom.deleted';

/** The word beside it that says in which thread a deleted answer stood. */
export const threadKey = 'org.wardroom.thread';

/** An edit or a reaction, come from the server or on its way there. */
export interface Relation {
  /** The event id; undefined until the server has given one. */
  readonly id: string | undefined;
  readonly rel: 'm.replace' | 'm.annotation';
  readonly target: string;
  readonly sender: string;
  readonly at: number;
  /** Its decrypted content. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Of a reaction. */
  readonly key: string;
  readonly encrypted: boolean;
  /** What it is called in the outbox, and where it stands there, while it is one's own and not yet come back. */
  readonly out: { readonly key: string; readonly state: OutgoingState } | undefined;
}

/** One key under a message, and who put it there. */
export interface Reaction {
  readonly key: string;
  /** User ids in the order in which they reacted, each once. */
  readonly who: readonly string[];
  readonly mine: Relation | undefined;
}

/** What an event that was read says about another, or undefined if it says nothing of that kind. */
export function relationOf(event: MatrixEvent): Relation | undefined {
  const about: unknown = event.getWireContent()['m.relates_to'];
  if (event.isState() || event.isRedacted() || !isRecord(about)) return undefined;
  const rel = about['rel_type'];
  const target = about['event_id'];
  if (!known(rel, event.getType()) || typeof target !== 'string') return undefined;
  const content = event.getOriginalContent<Record<string, unknown>>();
  const key = keyIn(content) ?? keyIn(event.getWireContent());
  if (rel === 'm.annotation' && key === undefined) return undefined;
  return {
    id: event.getId(),
    rel,
    target,
    sender: event.getSender() ?? '',
    at: event.getTs(),
    content,
    key: key ?? '',
    encrypted: event.isEncrypted(),
    out: undefined,
  };
}

/** The same of what is still on its way. */
export function relationOut(out: Outgoing, me: string): Relation | undefined {
  const about = out.content['m.relates_to'];
  if (!isRecord(about)) return undefined;
  const { rel_type: rel, event_id: target, key } = about;
  if (!known(rel, out.type) || typeof target !== 'string') return undefined;
  const id = out.state.is === 'saved' ? out.state.eventId : undefined;
  return { id, rel, target, sender: me, at: out.at, content: out.content, key: typeof key === 'string' ? key : '', encrypted: true, out: { key: out.id, state: out.state } };
}

/** Whether an event is about another and is not a row of its own, read or not. */
export function isAside(event: MatrixEvent): boolean {
  return event.isRelation('m.annotation') || relationOf(event) !== undefined;
}

/** Whether an event asks somebody to verify: it is a message by its type, and nothing that anybody wrote. */
export function isVerification(event: MatrixEvent): boolean {
  return event.getType() === 'm.room.message' && event.getContent()['msgtype'] === 'm.key.verification.request';
}

/** Whether what was deleted was an edit or a reaction: then no row tells of it. */
export function wasAside(event: MatrixEvent): boolean {
  const because: unknown = event.getUnsigned().redacted_because?.content;
  return isRecord(because) && (because[deletedKey] === 'm.replace' || because[deletedKey] === 'm.annotation');
}

/** The root of the thread that a deleted answer stood in, or undefined. */
export function deletedFrom(event: MatrixEvent): string | undefined {
  const because: unknown = event.getUnsigned().redacted_because?.content;
  const root = isRecord(because) && because[deletedKey] === 'm.thread' ? because[threadKey] : undefined;
  return typeof root === 'string' ? root : undefined;
}

/** All relations by the event that they are about, in their order. */
export function gather(relations: readonly Relation[]): ReadonlyMap<string, readonly Relation[]> {
  const all = new Map<string, Relation[]>();
  for (const relation of relations) all.set(relation.target, [...(all.get(relation.target) ?? []), relation]);
  return all;
}

/**
 * The edit in force: the latest by the author. An edit in clear of an encrypted message is none, or a server could put
 * words into anybody's mouth.
 *
 * Spec: client-server API, event replacements, validity.
 */
export function editInForce(relations: readonly Relation[], sender: string, encrypted: boolean): Relation | undefined {
  const valid = relations.filter((r) => r.rel === 'm.replace' && r.sender === sender && (r.encrypted || !encrypted) && isRecord(r.content['m.new_content']));
  return valid.reduce<Relation | undefined>((best, r) => (best === undefined || later(r, best) ? r : best), undefined);
}

/** The reactions to one event, one entry for each key, in the order in which the keys came. */
export function reactionsIn(relations: readonly Relation[], me: string): Reaction[] {
  const keys = new Map<string, { who: string[]; mine: Relation | undefined }>();
  for (const relation of relations) {
    if (relation.rel !== 'm.annotation') continue;
    const there = keys.get(relation.key) ?? { who: [], mine: undefined };
    keys.set(relation.key, there);
    if (!there.who.includes(relation.sender)) there.who.push(relation.sender);
    if (relation.sender === me) there.mine = relation;
  }
  return [...keys].map(([key, { who, mine }]) => ({ key, who, mine }));
}

// What somebody reacted with stands inside the ciphertext; other clients write it outside, where a server could change it.
function keyIn(content: Readonly<Record<string, unknown>>): string | undefined {
  const about = content['m.relates_to'];
  const key = isRecord(about) ? about['key'] : undefined;
  return typeof key === 'string' && key !== '' ? key : undefined;
}

// What is on its way is newer than all that came. The id settles equal times, the same everywhere.
function later(a: Relation, b: Relation): boolean {
  if ((a.out === undefined) !== (b.out === undefined)) return a.out !== undefined;
  if (a.at !== b.at) return a.at > b.at;
  return (a.id ?? '') >= (b.id ?? '');
}

function known(rel: unknown, type: string): rel is Relation['rel'] {
  return (rel === 'm.replace' && type === 'm.room.message') || (rel === 'm.annotation' && type === 'm.reaction');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

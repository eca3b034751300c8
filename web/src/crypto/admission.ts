// Who is in a room because somebody who was in it let them in. The server says who is a member; whether that is so, the
// signatures here say (docs/decisions/listener.md). Nothing in this file asks anybody.

import { canonicalJson, type Json } from './canonical';

/** The field of a create event that puts its room under these rules. In version 12 a room's id is that event's hash. */
export const clientsKey = 'org.wardroom.clients';
/** The state in which each member keeps whom they let in and put out, under their own user id. */
export const admissionsType = 'org.wardroom.admissions';

/** What a create event says under clientsKey. */
export interface Founding {
  readonly v: 1;
  /** Who made the room, and their public master key. */
  readonly by: string;
  readonly master: string;
  /** Whether nobody gets keys whom nobody let in. Otherwise it is only said. */
  readonly only: boolean;
}

/** A person with one identity: whoever begins anew has another. */
export interface Somebody {
  readonly user: string;
  /** Their public master key, in unpadded base64. */
  readonly master: string;
}

/** One thing that a member says about who is in. */
export type Entry =
  /** They let somebody in, with the identity they have. */
  | { readonly user: string; readonly at: number; readonly master: string }
  /** They let somebody in who has no identity yet. It counts for nothing until a later one names it. */
  | { readonly user: string; readonly at: number }
  /** They put somebody out. `said` is the signature of what that person last said here: what they say afterwards does not count. */
  | { readonly user: string; readonly at: number; readonly out: true; readonly said: string };

/** What a member says about who is in a room, signed by a device of theirs. It carries the proof that the device is theirs. */
export interface Statement {
  readonly v: 1;
  readonly room: string;
  readonly by: string;
  readonly master: string;
  readonly device: string;
  readonly of: readonly Entry[];
  /** The device's keys, signed by the self-signing key, and that, signed by the master key. */
  readonly cert: { readonly device: Json; readonly self: Json };
  /** What the same person said before they began a new identity. */
  readonly before?: Statement;
  /** The device's Ed25519 signature, in unpadded base64. */
  readonly sig: string;
}

/** A statement whose signatures are right, with those of the statements that it stands in. */
export interface Checked {
  readonly statement: Statement;
  readonly held: readonly string[];
}

/** What a device signs: the canonical JSON without the signature, behind words that no other signature has. */
export function textOf(statement: Omit<Statement, 'sig'>): string {
  return `wardroom/admissions/v1\0${canonicalJson({ ...statement, sig: undefined } as unknown as Json)}`;
}

const mostBefore = 8;

/** The statements in a piece of state, the newest first, as far as they are of this room and person and rightly signed. */
export async function check(content: unknown, room: string, by: string): Promise<readonly Checked[]> {
  const found: Checked[] = [];
  let one = content;
  while (found.length < mostBefore && isStatement(one) && one.room === room && one.by === by && (await isSigned(one).catch(() => false))) {
    found.push({ statement: one, held: [...(found.at(-1)?.held ?? []), one.sig] });
    one = one.before;
  }
  return found;
}

/** What holds of somebody with an identity. */
export type Verdict =
  | { readonly is: 'in' }
  /** Nobody who was in let them in. */
  | { readonly is: 'nobody' }
  /** They were let in with another identity. */
  | { readonly is: 'otherKey' }
  /** They were put out after they were let in. */
  | { readonly is: 'out'; readonly by: string };

// A clock that goes far ahead could say something that nobody can take back.
const ahead = 86_400_000;

/** Who is in a room. */
export interface Weighed {
  readonly of: (who: Somebody) => Verdict;
  readonly inside: readonly Somebody[];
}

/**
 * Who is in a room: the first ones, and whom somebody let in who was in then. `me` is whose device asks: what they say themself counts
 * for them. What is said counts in the order of its times, which grow with what the sayer had heard. Nobody lets themself in.
 * Whoever was put out lets nobody in any more, also not with a time from before.
 */
export function weigh(first: readonly Somebody[], me: Somebody, said: readonly Checked[], now: number): Weighed {
  let left = said;
  for (;;) {
    const found = walk([...first, me], me, left, now);
    const counting = left.filter((one) => mayStillSpeak(found, me, one));
    if (counting.length === left.length) {
      const of = (who: Somebody): Verdict => (isSame(who, me) ? { is: 'in' } : verdict(found, who));
      const all = [...found.inside].flatMap(([user, masters]) => [...masters.keys()].map((master) => ({ user, master })));
      return { of, inside: all.filter((who) => of(who).is === 'in') };
    }
    left = counting;
  }
}

/** Whether somebody was not put out, or said this before. */
function mayStillSpeak({ out }: Found, me: Somebody, { statement, held }: Checked): boolean {
  const put = out.get(statement.by);
  return put === undefined || held.includes(put.said) || isSame({ user: statement.by, master: statement.master }, me);
}

interface Found {
  /** When each identity of each person was let in last. */
  readonly inside: Map<string, Map<string, number>>;
  readonly out: Map<string, { by: string; at: number; said: string }>;
  readonly lastOut: Map<string, { by: string; at: number }>;
}

function walk(first: readonly Somebody[], me: Somebody, said: readonly Checked[], now: number): Found {
  const found: Found = { inside: new Map(), out: new Map(), lastOut: new Map() };
  const letIn = ({ user, master }: Somebody, at: number): void => {
    found.inside.set(user, (found.inside.get(user) ?? new Map<string, number>()).set(master, at));
    found.out.delete(user);
  };
  for (const who of first) letIn(who, -1);
  const entries = said
    .flatMap((one) => one.statement.of.map((entry) => ({ ...one, entry })))
    .filter(({ entry }) => entry.at <= now + ahead)
    .sort((a, b) => a.entry.at - b.entry.at || Number('out' in a.entry) - Number('out' in b.entry));
  for (const { entry, ...one } of entries) {
    const { statement } = one;
    if (found.inside.get(statement.by)?.has(statement.master) !== true || !mayStillSpeak(found, me, one)) continue;
    if ('out' in entry) {
      found.out.set(entry.user, { by: statement.by, at: entry.at, said: entry.said });
      found.lastOut.set(entry.user, { by: statement.by, at: entry.at });
    } else if ('master' in entry && entry.user !== statement.by) letIn(entry, entry.at);
  }
  return found;
}

function verdict(found: Found, { user, master }: Somebody): Verdict {
  const at = found.inside.get(user)?.get(master);
  const out = found.lastOut.get(user);
  if (at !== undefined && (out === undefined || at > out.at)) return { is: 'in' };
  if (out !== undefined && found.out.has(user)) return { is: 'out', by: out.by };
  return { is: found.inside.has(user) ? 'otherKey' : 'nobody' };
}

function isSame(a: Somebody, b: Somebody): boolean {
  return a.user === b.user && a.master === b.master;
}

/**
 * A person's statement with one more entry, unsigned. What they said before stays: whom somebody let in who was put out since is
 * still in. The time of the entry is later than everything that was said here so far, whatever the clock says.
 */
export function withEntry(to: Omit<Statement, 'sig' | 'of'>, before: Statement | undefined, all: readonly Checked[], entry: { user: string; master?: string | undefined; out?: true }, now: number): Omit<Statement, 'sig'> {
  const times = [...all.map(({ statement }) => statement), ...(before === undefined ? [] : [before])].flatMap(({ of }) => of.map(({ at }) => at)).filter((at) => at <= now + ahead);
  const at = Math.max(now, ...times.map((time) => time + 1));
  const said = all.find(({ statement, held }) => statement.by === entry.user && held.length === 1)?.statement.sig ?? '';
  const same = before?.master === to.master;
  const kept = (same ? before.of : []).filter((one) => one.user !== entry.user || 'master' in one || 'out' in one);
  const next: Entry = entry.out === true ? { user: entry.user, at, out: true, said } : { user: entry.user, at, ...(entry.master === undefined ? {} : { master: entry.master }) };
  const older = same ? before.before : before;
  return { ...to, of: [...kept, next], ...(older === undefined ? {} : { before: older }) };
}

/** What a create event says about these rules, or undefined where it says nothing that is known here. */
export function foundingOf(content: Readonly<Record<string, unknown>>): Founding | undefined {
  const said = content[clientsKey];
  if (!isObject(said) || said['v'] !== 1 || typeof said['by'] !== 'string' || typeof said['master'] !== 'string') return undefined;
  return { v: 1, by: said['by'], master: said['master'], only: said['only'] === true };
}

/**
 * The id of the room that an event makes, where rooms are named after it (version 12 and later): its reference hash. A create event
 * is the first of its room, so all that a client is not told of it is known.
 *
 * Spec: rooms, version 12; server-server API, calculating the reference hash for an event.
 */
export async function roomIdOf(create: { sender: string; at: number; content: Json }): Promise<string> {
  const event = { type: 'm.room.create', state_key: '', sender: create.sender, origin_server_ts: create.at, content: create.content, depth: 1, prev_events: [], auth_events: [] };
  const hash = base64(await sha256(canonicalJson(event)));
  const id = base64(await sha256(canonicalJson({ ...event, hashes: { sha256: hash } })));
  return `!${id.replaceAll('+', '-').replaceAll('/', '_')}`;
}

/** Whether a room's id is a hash and says who made it. */
export function isHash(roomId: string): boolean {
  return /^![A-Za-z0-9_-]{43}$/.test(roomId);
}

async function isSigned(statement: Statement): Promise<boolean> {
  const { by, master, device, cert } = statement;
  const selfKey = oneKey(cert.self);
  const deviceKey = keysOf(cert.device)[`ed25519:${device}`];
  if (!isObject(cert.self) || cert.self['user_id'] !== by || !(Array.isArray(cert.self['usage']) && cert.self['usage'].includes('self_signing')) || selfKey === undefined) return false;
  if (!isObject(cert.device) || cert.device['user_id'] !== by || cert.device['device_id'] !== device || typeof deviceKey !== 'string') return false;
  return (
    (await verifies(master, bare(cert.self), signatureIn(cert.self, by, master))) &&
    (await verifies(selfKey, bare(cert.device), signatureIn(cert.device, by, selfKey))) &&
    (await verifies(deviceKey, textOf(statement), statement.sig))
  );
}

/** The one public key of a cross-signing key as the server gives it. */
export function oneKey(value: unknown): string | undefined {
  const [key, ...more] = Object.values(keysOf(value));
  return typeof key === 'string' && more.length === 0 ? key : undefined;
}

function keysOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) && isObject(value['keys']) ? value['keys'] : {};
}

function signatureIn(object: Readonly<Record<string, unknown>>, by: string, key: string): unknown {
  const all = object['signatures'];
  const theirs = isObject(all) ? all[by] : undefined;
  return isObject(theirs) ? theirs[`ed25519:${key}`] : undefined;
}

/** What is signed of an object: all but the signatures and what the server adds. */
function bare(object: Readonly<Record<string, unknown>>): string {
  return canonicalJson({ ...(object as Readonly<Record<string, Json>>), signatures: undefined, unsigned: undefined });
}

async function verifies(key: string, text: string, sig: unknown): Promise<boolean> {
  if (typeof sig !== 'string') return false;
  const by = await crypto.subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', by, bytes(sig), new TextEncoder().encode(text));
}

function isStatement(value: unknown): value is Statement {
  if (!isObject(value) || value['v'] !== 1 || !Array.isArray(value['of']) || !isObject(value['cert'])) return false;
  return ['room', 'by', 'master', 'device', 'sig'].every((key) => typeof value[key] === 'string') && value['of'].every(isEntry);
}

function isEntry(value: unknown): boolean {
  if (!isObject(value) || typeof value['user'] !== 'string' || !Number.isSafeInteger(value['at'])) return false;
  return 'out' in value ? value['out'] === true && typeof value['said'] === 'string' && !('master' in value) : !('master' in value) || typeof value['master'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

function base64(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data)).replace(/=+$/, '');
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// Keys go only to whom somebody let in: what admission.ts weighs, read from a client's rooms, said by this device, and held
// where keys leave (docs/decisions/listener.md).

import { RoomId, UserId } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Direction, EventType, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { admissionsType, check, clientsKey, foundingOf, isHash, oneKey, roomIdOf, textOf, weigh, withEntry, type Checked, type Founding, type Somebody, type Statement, type Weighed } from './admission';
import type { Json } from './canonical';
import { cryptoOf, machineOf } from './machine';
import { signText } from './sign';
import { learnIdentity, NoIdentity } from './trust';

/** Why somebody who is said to be in a room is not taken to be. */
export type Why =
  /** Nobody who was in let them in. */
  | 'nobody'
  /** They were let in with another identity. */
  | 'otherKey'
  /** They were put out. */
  | 'out'
  /** The server does not say what the room's maker said. */
  | 'forged'
  /** This browser cannot check signatures. */
  | 'unable';

/** Somebody whom nobody let in. */
export interface Outside {
  readonly userId: string;
  readonly why: Why;
  /** Who put them out. */
  readonly by?: string;
}

/** What holds in a room that is under these rules. */
export interface Guard {
  /** Whether those outside get no keys. Otherwise it is only said. */
  readonly only: boolean;
  readonly outside: readonly Outside[];
}

/** Thrown where somebody's identity changed while keys were made for them. Nothing has left; it can be tried again. */
export class IdentityMoved extends Error {}

/** What a room's create event says, made by this person, so that keys go only to whom members let in. Undefined where they have no identity. */
export async function founding(client: MatrixClient): Promise<Record<typeof clientsKey, Founding> | undefined> {
  const by = client.getSafeUserId();
  const master = (await cryptoOf(client).getCrossSigningKeyId()) ?? (await masterOf(client, by));
  return master === undefined ? undefined : { [clientsKey]: { v: 1, by, master, only: true } };
}

/**
 * Which of some people are outside of a room. Undefined where the room is not under these rules: whoever the server says is in it is.
 * Of people without an identity nothing is said; they get no keys anywhere.
 */
export async function guardOf(client: MatrixClient, room: Room, userIds: readonly string[]): Promise<Guard | undefined> {
  const facts = await factsOf(client, room);
  if (facts === undefined) return undefined;
  const outside: Outside[] = [];
  for (const userId of userIds) {
    const master = userId === client.getSafeUserId() ? undefined : await masterOf(client, userId);
    const found = master === undefined ? undefined : await facts.outside({ user: userId, master });
    if (found !== undefined) outside.push({ userId, ...found });
  }
  return { only: facts.only, outside };
}

/**
 * Has keys of rooms go only to whom somebody let in, from now on, whatever asks for it: everything that gives a room's key to
 * its members comes through here. Whom the crypto library itself refuses is left to it, so that it says so.
 */
export function onlyAdmitted(client: MatrixClient): void {
  const { olmMachine } = machineOf(client);
  const share = olmMachine.shareRoomKey.bind(olmMachine);
  olmMachine.shareRoomKey = async (roomId, users, settings) => {
    const id = roomId.toString();
    const room = client.getRoom(id);
    if (room === null) throw new Error(`who is in ${id} is not known`);
    const facts = await factsOf(client, room);
    if (facts?.only !== true) return share(roomId, users, settings);
    const among = users.map((user) => user.toString());
    const before = await Promise.all(among.map((user) => masterOf(client, user)));
    const may = await Promise.all(among.map(async (user, n) => mayHave(client, facts, user, before[n])));
    const those = among.filter((_, n) => may[n]);
    const requests = await share(roomId, those.map((user) => new UserId(user)), settings);
    // Nothing has left yet. Where an answer of the server came in between, it was made for somebody who was not looked at.
    for (const [n, user] of among.entries()) {
      if (may[n] !== true || (await masterOf(client, user)) === before[n]) continue;
      await olmMachine.invalidateGroupSession(new RoomId(id));
      throw new IdentityMoved(`the identity of ${user} changed`);
    }
    return requests;
  };
}

async function mayHave(client: MatrixClient, facts: Facts, user: string, master: string | undefined): Promise<boolean> {
  if (user === client.getSafeUserId()) return true;
  if (master === undefined) return false;
  return (await facts.outside({ user, master })) === undefined || (await isRefused(client, user));
}

/**
 * Says, signed by this device, that somebody was let into a room or put out of it; put gives it to the server. In rooms that are not under
 * these rules nothing is said. When it returns, it holds here, and for the others once the server has told them.
 */
export function sayAdmission(client: MatrixClient, roomId: string, about: { user: string; out?: true }, put: (content: object) => Promise<void>): Promise<void> {
  const mine = memoryOf(client);
  const work = mine.turn.then(async () => {
    const room = client.getRoom(roomId);
    const facts = room === null ? undefined : await factsOf(client, room);
    if (room !== null && facts === undefined) return;
    if (room === null && foundingOf((await client.getStateEvent(roomId, EventType.RoomCreate, '')) as Record<string, unknown>) === undefined) return;
    const master = about.out === true ? undefined : await masterLearnt(client, about.user);
    if (master !== undefined && facts !== undefined && (await facts.outside({ user: about.user, master })) === undefined) return;
    const all = facts?.said ?? (await ownLast(client, roomId));
    const statement = await signed(client, roomId, ownIn(client, all), all, { ...about, master });
    await put(statement);
    mine.last.set(roomId, statement);
  });
  mine.turn = work.catch(() => undefined);
  return work;
}

/** Of whom this person let in before they had an identity: those who have one now. */
export async function waitingFor(client: MatrixClient, room: Room): Promise<readonly string[]> {
  const facts = await factsOf(client, room);
  const waiting = ownIn(client, facts?.said ?? [])?.of.flatMap((entry) => ('out' in entry || 'master' in entry ? [] : entry.user)) ?? [];
  const masters = await Promise.all(waiting.map((user) => masterOf(client, user)));
  return waiting.filter((_, n) => masters[n] !== undefined);
}

interface Facts {
  readonly only: boolean;
  readonly said: readonly Checked[];
  readonly inside: readonly Somebody[];
  readonly outside: (who: Somebody) => Promise<Omit<Outside, 'userId'> | undefined>;
}

// How many rooms back it is looked who came over from a room that was replaced.
const farthest = 3;

async function factsOf(client: MatrixClient, room: Room, far = 0): Promise<Facts | undefined> {
  const state = room.getLiveTimeline().getState(Direction.Forward);
  const create = state?.getStateEvents(EventType.RoomCreate, '');
  const sender = create?.getSender();
  if (create === undefined || create === null || sender === undefined) return undefined;
  const content = create.getContent<Record<string, Json>>();
  if (isHash(room.roomId) && (await roomIdOf({ sender, at: create.getTs(), content })) !== room.roomId) {
    return { only: true, said: [], inside: [], outside: () => Promise.resolve({ why: 'forged' }) };
  }
  const before = far < farthest ? await factsBefore(client, content, far) : undefined;
  const found = foundingOf(content);
  if (found === undefined && before === undefined) return undefined;
  const said = [...(await Promise.all((state?.getStateEvents(admissionsType) ?? []).map((event) => checkedIn(event, room.roomId)))).flat(), ...(await ownLast(client, room.roomId))];
  const me = { user: client.getSafeUserId(), master: (await masterOf(client, client.getSafeUserId())) ?? '' };
  const weighed = weigh(await firstIn(client, sender, found, before), me, said, Date.now());
  return { only: found?.only === true || before?.only === true, said, inside: weighed.inside, outside: (who) => outsideBy(weighed, who) };
}

/** The maker of a room; where it replaces another one, also those who were in that one, if the maker was. */
async function firstIn(client: MatrixClient, sender: string, found: Founding | undefined, before: Facts | undefined): Promise<readonly Somebody[]> {
  const master = found?.by === sender ? found.master : await masterOf(client, sender);
  const maker = master === undefined ? [] : [{ user: sender, master }];
  if (before === undefined || !before.inside.some(({ user }) => user === sender)) return maker;
  return [...maker, ...before.inside];
}

async function factsBefore(client: MatrixClient, content: Readonly<Record<string, Json>>, far: number): Promise<Facts | undefined> {
  const id = (content['predecessor'] as { room_id?: unknown } | null | undefined)?.room_id;
  const room = typeof id === 'string' ? client.getRoom(id) : null;
  return room === null ? undefined : factsOf(client, room, far + 1);
}

async function outsideBy(weighed: Weighed, who: Somebody): Promise<Omit<Outside, 'userId'> | undefined> {
  const found = weighed.of(who);
  if (found.is === 'in') return undefined;
  if (!(await canCheck())) return { why: 'unable' };
  return found.is === 'out' ? { why: 'out', by: found.by } : { why: found.is };
}

// What is checked once of an event stays so: its content does not change, but for a deletion.
const checks = new WeakMap<MatrixEvent, Promise<readonly Checked[]>>();

function checkedIn(event: MatrixEvent, roomId: string): Promise<readonly Checked[]> {
  const by = event.getSender();
  if (event.isRedacted() || by === undefined || event.getStateKey() !== by) return Promise.resolve([]);
  const before = checks.get(event);
  if (before !== undefined) return before;
  const now = check(event.getContent(), roomId, by);
  checks.set(event, now);
  return now;
}

let able: Promise<boolean> | undefined;

function canCheck(): Promise<boolean> {
  able ??= crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  );
  return able;
}

/** Somebody's public master key as this device has heard of it last, or undefined. */
async function masterOf(client: MatrixClient, userId: string): Promise<string | undefined> {
  const identity = await machineOf(client).olmMachine.getIdentity(new UserId(userId));
  if (identity === undefined) return undefined;
  const key = oneKey(JSON.parse(identity.masterKey));
  identity.free();
  return key;
}

/** The same, asked for where this device has heard of none: nobody may have written to them yet. */
async function masterLearnt(client: MatrixClient, userId: string): Promise<string | undefined> {
  const before = await masterOf(client, userId);
  if (before !== undefined) return before;
  await learnIdentity(client, userId).catch((error: unknown) => {
    if (!(error instanceof NoIdentity)) throw error;
  });
  return masterOf(client, userId);
}

/** Whether the crypto library itself gives somebody nothing, since they were verified and have another identity now. */
async function isRefused(client: MatrixClient, userId: string): Promise<boolean> {
  const identity = await machineOf(client).olmMachine.getIdentity(new UserId(userId));
  const refused = identity !== undefined && 'hasVerificationViolation' in identity && identity.hasVerificationViolation();
  identity?.free();
  return refused;
}

interface Memory {
  /** What this device said last in each room, which the server may not have told yet. */
  readonly last: Map<string, Statement>;
  turn: Promise<void>;
}

const memories = new WeakMap<MatrixClient, Memory>();

function memoryOf(client: MatrixClient): Memory {
  const before = memories.get(client);
  if (before !== undefined) return before;
  const now = { last: new Map<string, Statement>(), turn: Promise.resolve() };
  memories.set(client, now);
  return now;
}

async function ownLast(client: MatrixClient, roomId: string): Promise<readonly Checked[]> {
  const last = memoryOf(client).last.get(roomId);
  return last === undefined ? [] : check(last, roomId, client.getSafeUserId());
}

// Another device of this person may have said something later than this one.
function ownIn(client: MatrixClient, all: readonly Checked[]): Statement | undefined {
  const own = all.flatMap(({ statement, held }) => (statement.by === client.getSafeUserId() && held.length === 1 ? statement : []));
  const last = ({ of }: Statement): number => Math.max(...of.map(({ at }) => at));
  return own.sort((a, b) => last(b) - last(a))[0];
}

async function signed(client: MatrixClient, room: string, own: Statement | undefined, all: readonly Checked[], entry: { user: string; master?: string | undefined; out?: true }): Promise<Statement> {
  const by = client.getSafeUserId();
  const device = client.getDeviceId() ?? '';
  const master = await masterOf(client, by);
  if (master === undefined) throw new Error('this account has no identity');
  const statement = withEntry({ v: 1, room, by, master, device, cert: await certOf(client, by, device) }, own, all, entry, Date.now());
  const made = { ...statement, sig: await signText(client, textOf(statement)) };
  if ((await check(made, room, by))[0]?.statement.sig !== made.sig) throw new Error('others could not check what this device signs');
  return made;
}

// The proof that this device is its owner's, for people who meet it when it is long gone.
async function certOf(client: MatrixClient, me: string, deviceId: string): Promise<Statement['cert']> {
  const { device_keys: devices, self_signing_keys: selves } = await client.downloadKeysForUsers([me]);
  const device = devices[me]?.[deviceId] as Json | undefined;
  const self = selves?.[me] as Json | undefined;
  if (device === undefined || self === undefined) throw new Error('this device is not signed');
  return { device: without(device), self: without(self) };
}

function without(object: Json): Json {
  const rest = { ...(object as Record<string, Json>) };
  delete rest['unsigned'];
  return rest;
}

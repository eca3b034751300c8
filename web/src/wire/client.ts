// The Matrix client that everything else listens to: matrix-js-sdk, given our tokens, our store and our callbacks.

import { ClientEvent, Direction, HttpApiEvent, MatrixClient, Method, PendingEventOrdering, RoomEvent, RoomNameType, SyncState, type ICreateClientOpts, type Room, type RoomNameState } from 'matrix-js-sdk';
import { logger, type Logger } from 'matrix-js-sdk/lib/logger';
import type { Vault } from '../keep/vault';
import { Arrival, giverOf } from './arrival';
import { at, home } from './home';
import { Opening } from './opening';
import { SyncStore, type ToldEvents, type UnreadNumbers } from './syncstore';
import type { Tokens } from './tokens';

// The SDK's lines name rooms, people and devices, and a console is easily photographed: silence (5 in the loglevel
// package, whose method the SDK's own type hides).
// eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of the SDK write to this one
const shared = logger as unknown as Logger & { setLevel: (level: number, keep: boolean) => void };
shared.setLevel(import.meta.env.DEV ? 3 : 5, false);
const nothing = (): void => undefined;
const silence: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => silence };

// What brings in the kept rooms of a client after its first screen.
const arrivals = new WeakMap<MatrixClient, Arrival>();

/**
 * Makes the client of a sign-in, which keeps what it hears in the vault. It asks nothing of the server before it is started.
 * Of the kept rooms the wanted ones are among the first that are there.
 */
export function makeClient(tokens: Tokens, vault: Vault, cryptoCallbacks: NonNullable<ICreateClientOpts['cryptoCallbacks']>, wanted: readonly string[]): MatrixClient {
  const { userId, deviceId, accessToken } = tokens.login;
  const opening = new Opening(tokens.fetch);
  const store = new SyncStore(vault, wanted);
  const arrival = new Arrival(store);
  const syncing = arrival.holding(opening.fetch);
  const client = new MatrixClient({
    baseUrl: home(),
    userId,
    deviceId,
    accessToken,
    cryptoCallbacks,
    fetchFn: (input, init) => (isVersions(input) ? withTimeout(tokens.fetch, input, init) : syncing(input, init)),
    logger: import.meta.env.DEV ? shared : silence,
    store,
    timelineSupport: true,
    disableVoip: true,
    verificationMethods: ['m.sas.v1'],
    roomNameGenerator: nameOfRoom,
  });
  arrivals.set(client, arrival);
  tokens.renewed = (token) => client.setAccessToken(token); // uploads with progress do not go through fetch
  return client;
}

const versions = '/_matrix/client/versions';
const patience = 5_000;

function isVersions(input: RequestInfo | URL): boolean {
  return (input instanceof Request ? input.url : String(input)).endsWith(versions);
}

// Before the client shows what is kept here, it asks for the versions: a server that takes the question and never answers
// must not keep that from the person.
async function withTimeout(fetch: Tokens['fetch'], input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  init.signal?.addEventListener('abort', stop);
  const timer = setTimeout(stop, patience);
  try {
    return await fetch(input, { ...init, signal: ending.signal });
  } finally {
    clearTimeout(timer);
    init.signal?.removeEventListener('abort', stop);
  }
}

/**
 * Whether the server answers just now. An answer by something between does not count.
 *
 * Spec: client-server API, GET /_matrix/client/versions.
 */
export async function serverAnswers(): Promise<boolean> {
  try {
    const answer = await withTimeout((input, init) => fetch(input, init), at(versions), { cache: 'no-store' });
    return answer.ok && Array.isArray(((await answer.json()) as { versions?: unknown }).versions);
  } catch {
    return false;
  }
}

const between = 3_000;

/**
 * Keeps what the server told, a little after it told it, and at once when the page goes out of sight: with it the client opens
 * without a network. The SDK alone would keep it every five minutes.
 */
function keepNews(client: MatrixClient): void {
  let due: ReturnType<typeof setTimeout> | undefined;
  const keep = (): void => {
    clearTimeout(due);
    due = undefined;
    client.store.save(true).catch(() => undefined); // a full disk: the server still has it all
  };
  const hidden = (): void => {
    if (document.visibilityState === 'hidden' && due !== undefined) keep();
  };
  document.addEventListener('visibilitychange', hidden);
  client.on(ClientEvent.Sync, (state) => {
    if (state === SyncState.Syncing) due ??= setTimeout(keep, between);
    else if (state === SyncState.Stopped) {
      clearTimeout(due);
      due = undefined;
      document.removeEventListener('visibilitychange', hidden);
    }
  });
}

/** Reads what is kept from last time and begins to ask the server for news, for ever. */
export async function startClient(client: MatrixClient): Promise<void> {
  await client.store.startup();
  keepNews(client);
  await client.startClient({
    lazyLoadMembers: true,
    disablePresence: true,
    pendingEventOrdering: PendingEventOrdering.Detached,
    threadSupport: true,
  });
  void firstSync(client).then(() => arrivals.get(client)?.run(giverOf(client), () => client.clientRunning));
}

/** Has some rooms, if they are kept and not there yet, come before others. It returns when they are there. */
export async function wantRooms(client: MatrixClient, ids: readonly string[]): Promise<void> {
  await arrivals.get(client)?.want(ids);
}

/** How many messages the server called unread in a room, last; undefined if it said nothing. */
export function unreadNumbers(client: MatrixClient, roomId: string): UnreadNumbers | undefined {
  return client.store instanceof SyncStore ? client.store.unread(roomId) : undefined;
}

/**
 * Fetches the end of a room once more, in the place of what is here of it: the server gives more than it did. It throws where
 * the server does not answer; then what was said is fetched where one scrolls up.
 */
export async function fetchAnew(client: MatrixClient, room: Room): Promise<void> {
  room.resetLiveTimeline(client.store.getSyncToken(), null);
  const live = room.getLiveTimeline();
  await client.paginateEventTimeline(live, { backwards: true, limit: 30 });
  if (client.store instanceof SyncStore) await client.store.replace(room.roomId, live.getEvents(), live.getPaginationToken(Direction.Backward));
  await client.store.save(true).catch(() => undefined); // a full disk: the next start shows what it showed before
  for (const thread of room.getThreads()) {
    thread.timelineSet.resetLiveTimeline();
    await client.paginateEventTimeline(thread.liveTimeline, { backwards: true, limit: 50 });
    thread.emit(RoomEvent.TimelineReset, room, thread.timelineSet, true);
  }
}

/** The ids of the events that were deleted, in whatever room, since this was last asked: also of those that are not loaded. */
export function deletedSince(client: MatrixClient): readonly string[] {
  return client.store instanceof SyncStore ? client.store.deleted() : [];
}

/** What the server told of the rooms that one is in, in its order, since this was last asked. */
export function toldSince(client: MatrixClient): readonly ToldEvents[] {
  return client.store instanceof SyncStore ? client.store.told() : [];
}

/**
 * Puts an event into a room and returns its id. The same transaction id again is the same event, so a request whose
 * answer was lost may be repeated.
 *
 * Spec: client-server API, PUT /rooms/{roomId}/send/{eventType}/{txnId}.
 */
export async function putEvent(client: MatrixClient, roomId: string, type: string, transaction: string, content: object): Promise<string> {
  const path = `/rooms/${[roomId, 'send', type, transaction].map(encodeURIComponent).join('/')}`;
  const answer = await client.http.authedRequest<{ event_id: string }>(Method.Put, path, undefined, content, { localTimeoutMs: 30_000 });
  return answer.event_id;
}

/**
 * Removes what an event says, for everybody. What content says is kept by the server beside the removed event.
 *
 * Spec: client-server API, PUT /rooms/{roomId}/redact/{eventId}/{txnId}.
 */
export async function redactEvent(client: MatrixClient, roomId: string, eventId: string, content: object): Promise<void> {
  const path = `/rooms/${[roomId, 'redact', eventId, crypto.randomUUID()].map(encodeURIComponent).join('/')}`;
  await client.http.authedRequest(Method.Put, path, undefined, content, { localTimeoutMs: 30_000 });
}

/**
 * Invites somebody with content of our own beside what Matrix asks for.
 *
 * Spec: client-server API, PUT /rooms/{roomId}/state/{eventType}/{stateKey}.
 */
export async function putInvitation(client: MatrixClient, roomId: string, userId: string, extra: object): Promise<void> {
  const path = `/rooms/${[roomId, 'state', 'm.room.member', userId].map(encodeURIComponent).join('/')}`;
  await client.http.authedRequest(Method.Put, path, undefined, { membership: 'invite', ...extra });
}

/**
 * Sets a piece of a room's state under this person's own user id, which nobody else can set.
 *
 * Spec: client-server API, PUT /rooms/{roomId}/state/{eventType}/{stateKey}.
 */
export async function putOwnState(client: MatrixClient, roomId: string, type: string, content: object): Promise<void> {
  const path = `/rooms/${[roomId, 'state', type, client.getSafeUserId()].map(encodeURIComponent).join('/')}`;
  await client.http.authedRequest(Method.Put, path, undefined, { ...content });
}

/** Calls back once when the server says that this device is signed in no longer; soft: and that it may keep its keys and come back. */
export function onSignedOut(client: MatrixClient, listener: (soft: boolean) => void): void {
  client.once(HttpApiEvent.SessionLoggedOut, (error) => listener(error.data['soft_logout'] === true));
}

/** Whether the server has told of all rooms. Those of a new sign-in come one after the other, the newest first. */
export function wasToldAllRooms(client: MatrixClient): boolean {
  return !(client.store instanceof SyncStore && client.store.partial);
}

/** Resolves when all rooms are there that are kept from last time; some come after the first screen. */
export async function keptRooms(client: MatrixClient): Promise<void> {
  if (client.store instanceof SyncStore) await client.store.allGiven();
}

/** Whether what is kept of a room from last time is just coming in: that is not new. */
export function isArriving(client: MatrixClient, roomId: string): boolean {
  return client.store instanceof SyncStore && client.store.isArriving(roomId);
}

/** Whether some rooms that are kept from last time are not there yet. */
export function awaitsKept(client: MatrixClient): boolean {
  return client.store instanceof SyncStore && client.store.left.size > 0;
}

/** Resolves when all rooms are there: those that are kept, and those that the server tells of. */
export async function allRooms(client: MatrixClient): Promise<void> {
  while (!wasToldAllRooms(client)) await new Promise((resolve) => client.once(ClientEvent.Sync, resolve));
  await keptRooms(client);
}

/** Resolves when the first answer of the server, or what was kept of the last one, is in place. It may not tell of all rooms yet. */
export function firstSync(client: MatrixClient): Promise<void> {
  if (client.isInitialSyncComplete()) return Promise.resolve();
  return new Promise((resolve) => {
    const listener = (): void => {
      if (!client.isInitialSyncComplete()) return;
      client.off(ClientEvent.Sync, listener);
      resolve();
    };
    client.on(ClientEvent.Sync, listener);
  });
}

// A room without a name is called after the people in it; of those whose name is not known the SDK gives the id. Words around the names depend on the language in force and
// are added where the name is shown: here an unnamed, empty room stays without a name.
function nameOfRoom(_roomId: string, state: RoomNameState): string | null {
  switch (state.type) {
    case RoomNameType.Actual:
      return state.name;
    case RoomNameType.Generated:
      return state.names.map((name) => /^@([^:]+):/.exec(name)?.[1] ?? name).join(', ');
    case RoomNameType.EmptyRoom:
      return state.oldName ?? '';
    default:
      return null;
  }
}

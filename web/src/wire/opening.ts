// How a new sign-in learns of its rooms: those in which something happened last come first, over sliding sync, so that they are
// there after the same time whether there are twenty rooms or a thousand. The others follow while the first ones are shown.
// matrix-js-sdk asks for a sync and is answered with one; what comes afterwards it follows over /sync.

import type { IRooms, ISyncResponse } from 'matrix-js-sdk';
import { home } from './home';

type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/** Set in an answer that does not tell of all rooms yet. */
export const more = 'org.wardroom.more';

const sync = '/_matrix/client/v3/sync';
const slidingSync = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
const unread = 'org.wardroom.unread';
const rooms = { first: 20, then: 100 };
const messages = 20;

interface Numbers {
  notification_count: number;
  highlight_count: number;
  unread_thread_notifications?: object;
  [unread]?: object;
}

// Spec: MSC4186, "Response Body".
interface Told extends Partial<Numbers> {
  membership: string;
  initial?: boolean;
  heroes?: readonly { user_id: string }[];
  joined_count?: number;
  invited_count?: number;
  required_state?: readonly object[];
  timeline?: readonly object[];
  limited?: boolean;
  prev_batch?: string;
  stripped_state?: readonly object[];
}
interface Slide {
  pos: string;
  lists: { all: { count: number } };
  rooms: Record<string, Told>;
  extensions: {
    to_device: { next_batch: string; events: object[] };
    e2ee: object & { device_lists?: object; device_one_time_keys_count: object; device_unused_fallback_key_types: string[] };
    account_data?: { global: object[]; rooms: Record<string, object[]> };
    receipts?: { rooms: Record<string, object> };
    typing?: { rooms: Record<string, object> };
  };
}

/** How far the server has told. */
interface Place {
  /** What the next request continues; nothing at the beginning, and where the server does not remember any more what it told. */
  pos: string | undefined;
  toDevice: string | undefined;
  /** How many rooms are asked for. */
  rooms: number;
  /** Where /sync is to go on; the end of the last answer if there is none. */
  since: string | undefined;
  /** The rooms that were told, and how much was unread there last. */
  known: Map<string, Numbers | undefined>;
}

export class Opening {
  readonly #fetch: Fetch;
  #place: Place | undefined;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** As the fetch that was given, but a device's first sync is several that follow each other, those with `more` among them not whole. */
  readonly fetch: Fetch = (input, init = {}) => {
    const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input, location.origin);
    if (pathname !== sync) return this.#fetch(input, init);
    if (!searchParams.has('since')) this.#place = { pos: undefined, toDevice: undefined, rooms: rooms.first, since: undefined, known: new Map() };
    return this.#place === undefined ? this.#fetch(input, init) : this.#next(this.#place, init);
  };

  // Spec: MSC4186.
  async #next(place: Place, init: RequestInit): Promise<Response> {
    const query = place.pos === undefined ? '' : `?${new URLSearchParams({ pos: place.pos }).toString()}`;
    const headers = new Headers(init.headers);
    headers.set('Content-Type', 'application/json');
    const answer = await this.#fetch(`${home()}${slidingSync}${query}`, { ...init, method: 'POST', headers, body: JSON.stringify(asked(place)) });
    if (place.pos !== undefined && answer.status === 400 && (await errcode(answer)) === 'M_UNKNOWN_POS') {
      // Who came and left meanwhile is told by /sync, if it goes on where this was lost.
      place.since ??= tokenOf(place.pos);
      place.pos = undefined;
      return this.#next(place, init);
    }
    if (!answer.ok) return answer;
    const slide = (await answer.json()) as Slide;
    const token = tokenOf(slide.pos);
    const whole = place.rooms >= slide.lists.all.count && slide.extensions.to_device.next_batch === token;
    const told = syncOf(slide, place, whole ? (place.since ?? token) : token);
    place.pos = slide.pos;
    place.toDevice = slide.extensions.to_device.next_batch;
    if (place.rooms < slide.lists.all.count) place.rooms += rooms.then;
    if (whole && this.#place === place) this.#place = undefined;
    return new Response(JSON.stringify(whole ? told : { ...told, [more]: true }), { headers: { 'Content-Type': 'application/json' } });
  }
}

// Up to its dot a position is a token of /sync.
function tokenOf(pos: string): string {
  return pos.replace(/\..*$/, '');
}

async function errcode(answer: Response): Promise<unknown> {
  return ((await answer.clone().json().catch(() => ({}))) as { errcode?: unknown }).errcode;
}

function asked({ toDevice, rooms, since }: Place): object {
  // Who was told a room before is told of all its members when that begins anew: some may have left.
  const state = since === undefined ? [['*', '*'], ['m.room.member', '$ME'], ['m.room.member', '$LAZY']] : [['*', '*']];
  const on = { enabled: true };
  return {
    conn_id: 'opening',
    lists: { all: { ranges: [[0, rooms - 1]], timeline_limit: messages, required_state: state } },
    extensions: { to_device: { ...on, since: toDevice }, e2ee: on, account_data: on, receipts: on, typing: on, [unread]: on },
  };
}

/** What /sync would say in the place of slide. */
function syncOf(slide: Slide, place: Place, next_batch: string): ISyncResponse {
  const { to_device, e2ee, account_data, receipts, typing } = slide.extensions;
  const told: Record<keyof IRooms, Record<string, object>> = { join: {}, invite: {}, knock: {}, leave: {} };
  const ids = new Set([slide.rooms, account_data?.rooms, receipts?.rooms, typing?.rooms].flatMap((part) => Object.keys(part ?? {})));
  for (const id of ids) {
    const room = slide.rooms[id];
    const known = place.known.has(id);
    const stripped = { events: room?.stripped_state ?? [] };
    const said = {
      timeline: { events: room?.timeline ?? [], limited: room?.limited === true || (known && room?.initial === true), prev_batch: room?.prev_batch ?? next_batch },
      'org.matrix.msc4222.state_after': { events: room?.required_state ?? [] },
      account_data: { events: account_data?.rooms[id] ?? [] },
    };
    const numbers = room?.membership === 'join' ? numbersOf(room) : place.known.get(id);
    if (room === undefined ? numbers !== undefined : room.membership === 'join') {
      const ephemeral = { events: [receipts?.rooms[id], typing?.rooms[id]].filter((event) => event !== undefined) };
      told.join[id] = { ...said, ephemeral, ...summaryOf(room), ...unreadOf(numbers) };
      place.known.set(id, numbers);
    } else if (room?.membership === 'invite' || room?.membership === 'knock') {
      if (room.membership === 'invite') told.invite[id] = { invite_state: stripped };
      else told.knock[id] = { knock_state: stripped };
      place.known.set(id, undefined);
    } else if (room !== undefined && known) { // of those that were left before nothing is told at first
      told.leave[id] = said;
      place.known.set(id, undefined);
    }
  }
  return { next_batch, rooms: told, account_data: { events: account_data?.global ?? [] }, to_device: { events: to_device.events }, ...e2ee } as unknown as ISyncResponse;
}

function numbersOf({ notification_count = 0, highlight_count = 0, unread_thread_notifications, [unread]: all }: Told): Numbers {
  return { notification_count, highlight_count, ...(unread_thread_notifications && { unread_thread_notifications }), ...(all && { [unread]: all }) };
}

function unreadOf(numbers: Numbers | undefined): object {
  if (numbers === undefined) return {};
  const { notification_count, highlight_count, ...apart } = numbers;
  return { unread_notifications: { notification_count, highlight_count }, ...apart };
}

function summaryOf(room: Told | undefined): object {
  if (room?.joined_count === undefined) return {};
  const heroes = room.heroes && { 'm.heroes': room.heroes.map(({ user_id }) => user_id) };
  return { summary: { 'm.joined_member_count': room.joined_count, 'm.invited_member_count': room.invited_count ?? 0, ...heroes } };
}

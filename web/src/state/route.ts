// Where in the client one is. It stands after the '#', which a browser sends to no server.

import { Store } from './store';

export type Route =
  | { at: 'rooms' }
  /** A room, or, with the root of one, a thread in it; at one of its messages where it names an event. */
  | { at: 'room'; id: string; thread?: string; event?: string }
  /** A room beside the list of its threads. */
  | { at: 'room'; id: string; threads: true; thread?: undefined; event?: undefined }
  | { at: 'settings'; section: Section }
  /** The cases, or one of them. */
  | { at: 'cases'; number?: number }
  /** The public record. */
  | { at: 'record' }
  /** What was decided about oneself. */
  | { at: 'decided' }
  /** The officers' desk: a warrant on it, or one that is asked for, of what is to be ended. */
  | { at: 'desk'; hash?: string; ask?: Asking; of?: string }
  /** The search; in one room where it has an id. What is looked for stands in no address. */
  | { at: 'search'; id?: string }
  /** The link in a letter: it shows that somebody reads mail at an address. */
  | { at: 'mail'; sid: string; token: string }
  /** Where one asks for a new password. */
  | { at: 'forgot' }
  /** The one-time link with which somebody signs up. */
  | { at: 'invite'; token: string };

/** The pages of the settings, in their order. */
export const sections = ['profile', 'notifications', 'privacy', 'ignored', 'devices', 'invitations'] as const;
export type Section = (typeof sections)[number];

/** What can be asked for. */
export const askings = ['suspend', 'restore', 'appoint', 'dismiss'] as const;
export type Asking = (typeof askings)[number];

function parse(hash: string): Route {
  const [, first, second, ...more] = hash.replace(/^#/, '').split('/');
  const rest = decode(second ?? '');
  if (first === 'invite' && rest !== '') return { at: 'invite', token: rest };
  if (first === 'mail' && rest !== '') return { at: 'mail', sid: rest, token: decode(more[0] ?? '') };
  if (first === 'forgot') return { at: 'forgot' };
  if (first === 'room' && rest !== '') return { at: 'room', id: rest, ...placeIn(more.map(decode)) };
  if (first === 'settings') return { at: 'settings', section: sections.find((one) => one === rest) ?? sections[0] };
  if (first === 'cases') return /^\d{1,15}$/.test(rest) ? { at: 'cases', number: Number(rest) } : { at: 'cases' };
  if (first === 'record') return { at: 'record' };
  if (first === 'decided') return { at: 'decided' };
  if (first === 'desk') return { at: 'desk', ...onDesk(rest, more.map(decode)) };
  if (first === 'search') return rest === '' ? { at: 'search' } : { at: 'search', id: rest };
  return { at: 'rooms' };
}

// Event ids begin with $, so that 'thread' is none.
function placeIn([first, ...rest]: readonly string[]): { thread?: string; event?: string } | { threads: true } {
  if (first === 'threads') return { threads: true };
  if (first === 'thread' && rest[0]) return { thread: rest[0], ...placeIn(rest.slice(1)) };
  return first?.startsWith('$') ? { event: first } : {};
}

// Hashes are longer than 'ask'.
function onDesk(first: string, [what, of]: readonly string[]): { hash?: string; ask?: Asking; of?: string } {
  const ask = askings.find((one) => one === what);
  if (first === 'ask' && ask !== undefined) return of ? { ask, of } : { ask };
  return first === '' || first === 'ask' ? {} : { hash: first };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** The address of a route, for links. */
export function hrefOf(route: Route): string {
  switch (route.at) {
    case 'rooms':
      return '#/';
    case 'room':
      if ('threads' in route) return `#/room/${encodeURIComponent(route.id)}/threads`;
      return `#/room/${encodeURIComponent(route.id)}${route.thread === undefined ? '' : `/thread/${encodeURIComponent(route.thread)}`}${route.event === undefined ? '' : `/${encodeURIComponent(route.event)}`}`;
    case 'settings':
      return `#/settings/${route.section}`;
    case 'cases':
      return route.number === undefined ? '#/cases' : `#/cases/${route.number}`;
    case 'record':
      return '#/record';
    case 'decided':
      return '#/decided';
    case 'desk':
      if (route.ask !== undefined) return `#/desk/ask/${route.ask}${route.of === undefined ? '' : `/${encodeURIComponent(route.of)}`}`;
      return route.hash === undefined ? '#/desk' : `#/desk/${encodeURIComponent(route.hash)}`;
    case 'search':
      return route.id === undefined ? '#/search' : `#/search/${encodeURIComponent(route.id)}`;
    case 'mail':
      return `#/mail/${encodeURIComponent(route.sid)}/${encodeURIComponent(route.token)}`;
    case 'forgot':
      return '#/forgot';
    case 'invite':
      return `#/invite/${encodeURIComponent(route.token)}`;
  }
}

class RouteStore extends Store<Route> {
  constructor() {
    super(parse(location.hash));
    addEventListener('hashchange', () => this.set(parse(location.hash)));
  }

  /** Goes somewhere; the browser's back button comes back. */
  readonly go = (to: Route): void => {
    location.hash = hrefOf(to);
  };

  /** Goes somewhere and leaves no trace of where one was: a used invitation stays in no history. */
  readonly replace = (to: Route): void => {
    history.replaceState(null, '', hrefOf(to));
    this.set(to);
  };
}

export const route = new RouteStore();

/** Goes to a room. */
export function goTo(roomId: string): void {
  route.go({ at: 'room', id: roomId });
}

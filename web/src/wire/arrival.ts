// How the kept rooms that the first screen does not need come in after it: few at a time, so that the page stays quick whether
// there are twenty or a thousand. What the server tells of a room waits until what was kept of it is in.

import type { IRooms, ISyncResponse, MatrixClient } from 'matrix-js-sdk';
import type { SyncStore } from './syncstore';

type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
/** Gives the SDK what was kept of some rooms. */
export type Give = (rooms: IRooms) => Promise<void>;

const sync = '/_matrix/client/v3/sync';
const atOnce = 1;

export class Arrival {
  readonly #store: Pick<SyncStore, 'left' | 'arrive'>;
  readonly #wanted = new Set<string>();
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(store: Pick<SyncStore, 'left' | 'arrive'>) {
    this.#store = store;
  }

  /** As the fetch that is given, but an answer that tells of rooms that are left comes when they are in. */
  readonly holding = (fetch: Fetch): Fetch => async (input, init) => {
    const answer = await fetch(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.origin);
    if (this.#store.left.size === 0 || pathname !== sync || !answer.ok) return answer;
    const { rooms = {} } = (await answer.clone().json().catch(() => ({}))) as Partial<ISyncResponse>;
    await this.want(Object.values(rooms).flatMap((kind) => Object.keys(kind as object)));
    return answer;
  };

  /** Has some rooms come before others; it returns when they are in, or the client is stopped. */
  async want(ids: readonly string[]): Promise<void> {
    for (const id of ids) if (this.#store.left.has(id)) this.#wanted.add(id);
    while (!this.#ended && ids.some((id) => this.#store.left.has(id))) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Gives all that is left, from the first screen on, until `goesOn` says no. */
  async run(give: Give, goesOn: () => boolean): Promise<void> {
    while (goesOn() && this.#store.left.size > 0) {
      await breath(this.#wanted.size > 0);
      if (!goesOn()) break;
      const next = [...new Set([...this.#wanted, ...this.#store.left])].slice(0, atOnce);
      await this.#store.arrive(next, give);
      for (const id of next) this.#wanted.delete(id);
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** What somebody does in the page, and its drawing, come first; what is waited for comes before what is not. */
function breath(wanted: boolean): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { postTask?: (task: () => void, options: { priority: string }) => Promise<void> } };
  if (scheduler?.postTask !== undefined) return scheduler.postTask(() => undefined, { priority: wanted ? 'user-visible' : 'background' });
  return new Promise((resolve) => {
    // A timer would be let run once a second where the page is out of sight.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** What of matrix-js-sdk is beside its published interface: it takes a sync as one that was kept. An update of it is checked against this. */
interface Syncing {
  syncApi?: { processSyncResponse: (about: { fromCache: true; catchingUp: boolean; nextSyncToken?: string }, data: Partial<ISyncResponse>) => Promise<void> };
}

/** Gives a client what was kept of some rooms, as it takes what was kept when it starts. */
export function giverOf(client: MatrixClient): Give {
  return async (rooms) => {
    await (client as unknown as Syncing).syncApi?.processSyncResponse({ fromCache: true, catchingUp: false }, { rooms });
  };
}

import { ClientEvent, SyncState, type MatrixClient, type SyncStateData } from 'matrix-js-sdk';
import { serverAnswers } from '../wire/client';
import { Store } from './store';

/** What is known about the way to the server. */
export interface ConnectionState {
  readonly is:
    /** Nothing has been heard of the server yet. */
    | 'connecting'
    /** The server answered last time it was asked. */
    | 'connected'
    /** The server did not answer, and the device itself says that it has no network. */
    | 'offline'
    /** The server did not answer, although the device has a network, or thinks so. */
    | 'noServer'
    /** The server answers again; what was missed is being fetched. */
    | 'reconnecting';
  /** For offline and noServer: when the answers ended, in milliseconds since 1970; undefined where none came since the start. */
  readonly since: number | undefined;
}

const signs = ['online', 'offline'] as const;

/** The way to the server, told as it is: by answers and their absence. What the device says of its network only names the cause. */
export class Connection extends Store<ConnectionState> {
  #heard: 'nothing' | 'answer' | 'again' | 'silence' = 'nothing';
  #since: number | undefined;
  #asking = false;
  readonly #client: MatrixClient;
  readonly #ask: () => Promise<boolean>;

  constructor(client: MatrixClient, ask: () => Promise<boolean> = serverAnswers) {
    super({ is: 'connecting', since: undefined });
    this.#client = client;
    this.#ask = ask;
    client.on(ClientEvent.Sync, this.#onSync);
    for (const sign of signs) addEventListener(sign, this.again);
    document.addEventListener('visibilitychange', this.#onSight);
  }

  close(): void {
    this.#client.off(ClientEvent.Sync, this.#onSync);
    for (const sign of signs) removeEventListener(sign, this.again);
    document.removeEventListener('visibilitychange', this.#onSight);
  }

  /** Asks the server now, whatever the device says of its network. */
  readonly again = (): void => {
    if (this.#asking) return;
    this.#asking = true;
    void this.#ask().then((answered) => {
      this.#asking = false;
      if (!answered) this.#hear('silence');
      // Where the client was waiting to try again, it has news to fetch first; otherwise it was never cut off.
      else if (this.#heard === 'silence') this.#hear(this.#client.retryImmediately() ? 'again' : 'answer');
    });
  };

  readonly #onSight = (): void => {
    if (document.visibilityState === 'visible' && this.#heard === 'silence') this.again();
  };

  readonly #onSync = (state: SyncState, _before: SyncState | null, data?: SyncStateData): void => {
    if (state === SyncState.Error || state === SyncState.Reconnecting) this.#hear('silence');
    else if (state === SyncState.Catchup) this.#hear('again');
    else if (state !== SyncState.Stopped && data?.fromCache !== true) this.#hear('answer');
  };

  #hear(what: 'answer' | 'again' | 'silence'): void {
    if (what === 'silence' && this.#heard === 'answer') this.#since = Date.now();
    this.#heard = what;
    const is = what === 'answer' ? 'connected' : what === 'again' ? 'reconnecting' : navigator.onLine ? 'noServer' : 'offline';
    const before = this.snapshot();
    const since = what === 'silence' ? this.#since : undefined;
    if (before.is !== is || before.since !== since) this.set({ is, since });
  }
}

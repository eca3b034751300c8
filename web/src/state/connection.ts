import { ClientEvent, SyncState, type MatrixClient, type SyncStateData } from 'matrix-js-sdk';
import { Store } from './store';

/** What is known about the way to the server. */
export type ConnectionState =
  /** Nothing has been heard of the server yet. */
  | 'connecting'
  /** The server answered last time it was asked. */
  | 'connected'
  /** The device itself says that it has no network. */
  | 'offline'
  /** The device has a network and the server does not answer. */
  | 'noServer';

/** The way to the server, told as it is. */
export class Connection extends Store<ConnectionState> {
  #heard: 'nothing' | 'answer' | 'silence' = 'nothing';
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super(navigator.onLine ? 'connecting' : 'offline');
    this.#client = client;
    client.on(ClientEvent.Sync, this.#onSync);
    addEventListener('online', this.#onLine);
    addEventListener('offline', this.#onLine);
  }

  close(): void {
    this.#client.off(ClientEvent.Sync, this.#onSync);
    removeEventListener('online', this.#onLine);
    removeEventListener('offline', this.#onLine);
  }

  readonly #onSync = (state: SyncState, _before: SyncState | null, data?: SyncStateData): void => {
    if (state === SyncState.Error || state === SyncState.Reconnecting) this.#heard = 'silence';
    else if (state !== SyncState.Stopped && data?.fromCache !== true) this.#heard = 'answer';
    this.#tell();
  };

  readonly #onLine = (): void => {
    if (navigator.onLine) {
      if (this.#heard === 'answer') this.#heard = 'nothing';
      this.#client.retryImmediately();
    }
    this.#tell();
  };

  #tell(): void {
    if (!navigator.onLine) this.set('offline');
    else this.set(this.#heard === 'answer' ? 'connected' : this.#heard === 'silence' ? 'noServer' : 'connecting');
  }
}

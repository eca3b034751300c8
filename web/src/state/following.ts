import { ClientEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { followsThread, followThread } from '../wire/following';
import { Store } from './store';

/** Whether the person at this device follows a thread; undefined until the server has said so. */
export class Following extends Store<boolean | undefined> {
  readonly #client: MatrixClient;
  readonly #room: string;
  readonly #root: string;
  /** How often it was asked or changed: an earlier answer does not stand for a later one. */
  #times = 0;
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient, room: string, root: string) {
    super(undefined);
    this.#client = client;
    this.#room = room;
    this.#root = root;
  }

  /** Asks the server, and again whenever it answers after a silence: another device may have changed it. */
  open(): void {
    if (this.#stop !== undefined) return;
    const sync = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) void this.#ask();
    };
    this.#client.on(ClientEvent.Sync, sync);
    this.#stop = () => void this.#client.off(ClientEvent.Sync, sync);
    void this.#ask();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Follows the thread from now on, or no longer. It throws where the server does not answer, or refuses. */
  readonly follow = async (on: boolean): Promise<void> => {
    this.#times++;
    await followThread(this.#client, this.#room, this.#root, on);
    this.#times++;
    this.set(on);
  };

  async #ask(): Promise<void> {
    const time = ++this.#times;
    // Without an answer what was known stands; it is asked again.
    const is = await followsThread(this.#client, this.#room, this.#root).catch(() => this.snapshot());
    if (time === this.#times) this.set(is);
  }
}

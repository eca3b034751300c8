import { ClientEvent, type MatrixClient } from 'matrix-js-sdk';
import { Store } from './store';

/** The account data in which the server says that the password was reset by mail. No client can write it. */
const resetType = 'org.wardroom.password_reset';
const kept = 'wardroom.reset.seen';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface AccountDataEvents {
    [resetType]: { on?: string; id?: string };
  }
}

/** The day on which the password was last reset by mail, until it was read on this device; undefined where there is nothing to be said. */
export class Resets extends Store<Date | undefined> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super(undefined);
    this.#client = client;
    client.on(ClientEvent.AccountData, this.#look);
    client.on(ClientEvent.Sync, this.#look);
  }

  close(): void {
    this.#client.off(ClientEvent.AccountData, this.#look);
    this.#client.off(ClientEvent.Sync, this.#look);
  }

  /** It was read here. */
  readonly seen = (): void => {
    const { id } = this.#told();
    if (id !== undefined) localStorage.setItem(kept, id);
    this.#look();
  };

  #told(): { on?: string; id?: string } {
    const { on, id }: { on?: unknown; id?: unknown } = this.#client.getAccountData(resetType)?.getContent() ?? {};
    return typeof on === 'string' && typeof id === 'string' ? { on, id } : {};
  }

  readonly #look = (): void => {
    const { on, id } = this.#told();
    const day = on === undefined || id === localStorage.getItem(kept) ? undefined : new Date(`${on}T12:00:00Z`);
    if (day?.getTime() !== this.snapshot()?.getTime()) this.set(day);
  };
}

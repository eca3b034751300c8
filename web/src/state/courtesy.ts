import { ClientEvent, type MatrixClient } from 'matrix-js-sdk';
import { Store } from './store';

/**
 * The account data in which a person keeps whether others may see that they are writing: `{"shown": false}` where they
 * may not. Nothing at all means that they may.
 */
const typingType = 'org.wardroom.typing';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface AccountDataEvents {
    [typingType]: { shown: boolean };
  }
}

/** What others are shown of what one is doing, on all of one's devices alike. */
export interface Shown {
  readonly typing: boolean;
}

export class Courtesy extends Store<Shown> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super({ typing: typingOf(client) });
    this.#client = client;
    client.on(ClientEvent.AccountData, this.#look);
    client.on(ClientEvent.Sync, this.#look);
  }

  close(): void {
    this.#client.off(ClientEvent.AccountData, this.#look);
    this.#client.off(ClientEvent.Sync, this.#look);
  }

  /** Lets others see that one is writing, or no longer. It throws where the server does not answer. */
  readonly showTyping = async (shown: boolean): Promise<void> => {
    await this.#client.setAccountData(typingType, { shown });
  };

  readonly #look = (): void => {
    const typing = typingOf(this.#client);
    if (typing !== this.snapshot().typing) this.set({ typing });
  };
}

function typingOf(client: MatrixClient): boolean {
  return client.getAccountData(typingType)?.getContent()['shown'] !== false;
}

import type { MatrixClient } from 'matrix-js-sdk';
import { faultOf, type Fault } from '../wire/fault';
import { addPasskey, namePasskey, ownPasskeys, passkeysWork, removePasskey, type OwnPasskey } from '../wire/passkey';
import { Store } from './store';

export { passkeysWork, type OwnPasskey };

/** The passkeys, or why they are not known; both absent while the server is asked for the first time. */
export interface Kept {
  readonly list?: readonly OwnPasskey[];
  readonly fault?: Fault;
}

/** This person's passkeys. */
export class Passkeys extends Store<Kept> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super({});
    this.#client = client;
  }

  /** Asks the server for them. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      this.set({ list: await ownPasskeys(this.#client) });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** Adds one. It throws fault.password and fault.passkeyNotMade. */
  readonly add = async (name: string, password: string): Promise<void> => {
    await addPasskey(this.#client, password, name.trim());
    await this.look();
  };

  readonly rename = async (id: string, name: string): Promise<void> => {
    await namePasskey(this.#client, id, name.trim());
    await this.look();
  };

  /** Removes one. It throws fault.password. Where it was removed elsewhere meanwhile, it only leaves the list. */
  readonly remove = async (id: string, password: string): Promise<void> => {
    try {
      await removePasskey(this.#client, id, password);
    } catch (error) {
      if (faultOf(error).id !== 'fault.notFound') throw error;
    }
    await this.look();
  };
}

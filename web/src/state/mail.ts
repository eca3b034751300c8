import type { MatrixClient } from 'matrix-js-sdk';
import { currentLanguage } from '../lang/lang';
import { faultOf, type Fault } from '../wire/fault';
import { addAddress, askToAdd, ownAddress, removeAddress, type AskedByMail } from '../wire/mail';
import { Store } from './store';

export interface MailKept {
  /** Whether this server sends mail; undefined while it is asked for the first time. */
  readonly works?: boolean;
  /** The address that the account has. */
  readonly address?: string | undefined;
  /** The address that a link was sent to, which waits to be added. */
  readonly asked?: string | undefined;
  readonly fault?: Fault | undefined;
}

/** The mail address of one's own account, for a forgotten password. */
export class OwnMail extends Store<MailKept> {
  readonly #client: MatrixClient;
  #asked: AskedByMail | undefined;

  constructor(client: MatrixClient) {
    super({});
    this.#client = client;
  }

  /** Asks the server for it. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      this.set({ asked: this.snapshot().asked, ...(await ownAddress(this.#client)) });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** Has a link sent to an address. */
  readonly ask = async (address: string): Promise<void> => {
    this.#asked = await askToAdd(this.#client, address.trim(), currentLanguage());
    this.set({ ...this.snapshot(), asked: address.trim() });
  };

  /** Adds the address, once the link was opened. It throws fault.linkNotOpened and fault.password. */
  readonly add = async (password: string): Promise<void> => {
    if (this.#asked === undefined) return;
    await addAddress(this.#client, this.#asked, password);
    this.forget();
    await this.look();
  };

  /** Goes back to before a link was sent. */
  readonly forget = (): void => {
    this.#asked = undefined;
    this.set({ ...this.snapshot(), asked: undefined });
  };

  readonly remove = async (): Promise<void> => {
    const { address } = this.snapshot();
    if (address === undefined) return;
    await removeAddress(this.#client, address);
    await this.look();
  };
}

import type { MatrixClient } from 'matrix-js-sdk';
import { FaultError, faultOf, limitedFor, type Fault } from '../wire/fault';
import { makeInvitation, openInvitations, takeBackInvitation, type MadeInvitation, type OpenInvitation } from '../wire/invitations';
import { Store } from './store';

export type { MadeInvitation };

/** The invitations, or why they are not known; both absent while the server is asked for the first time. */
export interface OwnInvitations {
  readonly list?: readonly OpenInvitation[];
  readonly fault?: Fault;
}

// How long a refusal may tell one to wait before it is about the day and not about haste, in milliseconds.
const haste = 60_000;

/** The invitations to sign up that this person has made and nobody has used yet. */
export class Invitations extends Store<OwnInvitations> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super({});
    this.#client = client;
  }

  /** Asks the server for them. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      this.set({ list: await openInvitations(this.#client) });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** Makes one for one person. Its link is kept nowhere. It throws fault.invitationsToday where there were enough for a day. */
  readonly make = async (note: string): Promise<MadeInvitation> => {
    try {
      const made = await makeInvitation(this.#client, note.trim());
      await this.look();
      return made;
    } catch (error) {
      if ((limitedFor(error) ?? 0) > haste) throw new FaultError({ id: 'fault.invitationsToday', code: 'M_LIMIT_EXCEEDED' }, error);
      throw error;
    }
  };

  /** Takes one back. Where it was used or taken back meanwhile, it only leaves the list. */
  readonly takeBack = async (id: string): Promise<void> => {
    try {
      await takeBackInvitation(this.#client, id);
    } catch (error) {
      if (faultOf(error).id !== 'fault.notFound') throw error;
    }
    await this.look();
  };
}

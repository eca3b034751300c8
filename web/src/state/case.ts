import { ClientEvent, SyncState, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';
import { actIn, caseOf, type Act, type Case, type Outcome } from '../wire/cases';
import { faultOf, type Fault } from '../wire/fault';
import type { ShownCase } from './cases';
import { Store } from './store';

/** The account data by which the server tells when a case of this person's changed last. */
export const toldType = 'org.wardroom.cases';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface AccountDataEvents {
    [toldType]: { changed: number };
  }
}

/** One case, or why it is not shown; both absent while the server is asked for the first time. */
export interface OneCaseView {
  readonly is?: ShownCase;
  readonly fault?: Fault;
}

/** What a case needs of the list that it is in. */
interface List {
  shown: (one: Case) => Promise<ShownCase>;
  /** Does something in it. */
  doing: (work: () => Promise<Case>) => Promise<ShownCase>;
}

/** One case with all that was done in it. It follows the server from `open` to `close`. */
export class OneCase extends Store<OneCaseView> {
  readonly number: number;
  readonly #client: MatrixClient;
  readonly #list: List;
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient, number: number, list: List) {
    super({});
    this.number = number;
    this.#client = client;
    this.#list = list;
  }

  open(): void {
    if (this.#stop !== undefined) return;
    this.#stop = follow(this.#client, () => void this.look());
    void this.look();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Asks the server. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      this.#put(await this.#list.shown(await caseOf(this.#client, this.number)));
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** Does something in it. It throws where the server refuses, in its words. */
  readonly act = async (act: Act, text: string, outcome?: Outcome): Promise<void> => {
    this.#put(await this.#list.doing(() => actIn(this.#client, this.number, act, text.trim(), outcome)));
  };

  // An answer from before something was done may come after it.
  #put(one: ShownCase): void {
    if (one.steps.length >= (this.snapshot().is?.steps.length ?? 0)) this.set({ is: one });
  }
}

/** Calls back whenever a case may have changed: the server told so, or answers again after a silence. The answer ends that. */
export function follow(client: MatrixClient, listener: () => void): () => void {
  const data = (event: MatrixEvent): void => {
    if (event.getType() === toldType) listener();
  };
  const sync = (state: SyncState, before: SyncState | null): void => {
    if (state === SyncState.Syncing && before !== SyncState.Syncing) listener();
  };
  client.on(ClientEvent.AccountData, data);
  client.on(ClientEvent.Sync, sync);
  return () => {
    client.off(ClientEvent.AccountData, data);
    client.off(ClientEvent.Sync, sync);
  };
}

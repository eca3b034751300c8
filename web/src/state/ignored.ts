// Whose messages the person at this device does not want to see: the account's list, which its clients share. The server leaves
// out what these people write from then on; what is here already, or comes with history, is left out here.
//
// Spec: client-server API, ignoring users.

import { ClientEvent, EventType, SyncState, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import type { Vault } from '../keep/vault';
import { allRooms } from '../wire/client';
import { personOf, type Person } from './person';
import { isRecord } from './relations';
import { Store } from './store';

const list = EventType.IgnoredUserList;
type Users = Record<string, Record<string, never>>;
/** Those who are heard again and whose words were not fetched yet. It outlasts the page. */
const kept = 'ignored/heard';
const nobody: ReadonlySet<string> = new Set();
// Every change of the list is another event.
const read = new WeakMap<MatrixEvent, ReadonlySet<string>>();

/** Whether the person at this device ignores somebody. */
export function isIgnored(client: MatrixClient, userId: string | undefined): boolean {
  return userId !== undefined && ignoredBy(client).has(userId);
}

/** Whom the person at this device ignores. */
export function ignoredBy(client: MatrixClient): ReadonlySet<string> {
  const event = client.getAccountData(list);
  if (event === undefined) return nobody;
  const before = read.get(event);
  if (before !== undefined) return before;
  const ids = new Set(Object.keys(usersIn(event)));
  ids.delete(client.getUserId() ?? '');
  read.set(event, ids);
  return ids;
}

/** Calls back whenever the list has changed; the answer ends that. */
export function onIgnored(client: MatrixClient, listener: () => void): () => void {
  const look = (event: MatrixEvent): void => {
    if (event.getType() === list) listener();
  };
  client.on(ClientEvent.AccountData, look);
  return () => void client.off(ClientEvent.AccountData, look);
}

/** The people whom the person at this device ignores, by name. */
export class Ignoring extends Store<readonly Person[]> {
  readonly #client: MatrixClient;
  readonly #anew: (room: Room) => Promise<void>;
  readonly #stop: () => void;
  #before: ReadonlySet<string>;
  #heard: readonly string[] = [];
  readonly #vault: Pick<Vault, 'get' | 'put'>;
  readonly #names = new Map<string, string>();

  /** anew fetches once more what was said in a room: what somebody wrote there while they were ignored never came. */
  constructor(client: MatrixClient, vault: Pick<Vault, 'get' | 'put'>, anew: (room: Room) => Promise<void>) {
    super(peopleOf(client));
    this.#client = client;
    this.#vault = vault;
    this.#anew = anew;
    void vault.get<readonly string[]>(kept).then((before = []) => (this.#heard = [...this.#heard, ...before]), () => undefined);
    this.#before = ignoredBy(client);
    const stop = onIgnored(client, this.#look);
    client.on(ClientEvent.Sync, this.#onSync);
    this.#stop = () => {
      stop();
      client.off(ClientEvent.Sync, this.#onSync);
    };
  }

  close(): void {
    this.#stop();
  }

  /** Ignores somebody from now on, on all of this person's devices. They are not told. It throws where the server does not answer. */
  readonly ignore = (userId: string): Promise<void> => this.#change((users) => ({ ...users, [userId]: {} }));

  /** Ignores somebody no longer. */
  readonly hear = (userId: string): Promise<void> => this.#change((users) => Object.fromEntries(Object.entries(users).filter(([id]) => id !== userId)));

  /** Asks the server how they are called: of somebody who is ignored a client hears little. */
  readonly learnNames = async (): Promise<void> => {
    for (const id of ignoredBy(this.#client)) {
      const { displayname } = await this.#client.getProfileInfo(id, 'displayname');
      if (displayname !== undefined) this.#names.set(id, displayname);
    }
    this.set(peopleOf(this.#client, this.#names));
  };

  async #change(change: (users: Users) => Users): Promise<void> {
    const now = usersIn(this.#client.getAccountData(list));
    await this.#client.setAccountData(list, { ignored_users: change(now) });
  }

  readonly #look = (): void => {
    const now = ignoredBy(this.#client);
    const heard = [...this.#before].filter((id) => !now.has(id));
    if (heard.length > 0) this.#keep([...this.#heard, ...heard]);
    this.#before = now;
    this.set(peopleOf(this.#client, this.#names));
  };

  // The answer of the server in which the list has changed must be in place before anything is fetched.
  readonly #onSync = (state: SyncState): void => {
    const heard = this.#heard;
    if (state !== SyncState.Syncing || heard.length === 0) return;
    this.#heard = [];
    // Who is heard meanwhile stays for the next time.
    void this.#fetch(heard).then(() => this.#keep(this.#heard));
  };

  #keep(heard: readonly string[]): void {
    this.#heard = heard;
    this.#vault.put(kept, heard).catch(() => undefined); // a full disk: it is not made up for after the page was closed
  }

  async #fetch(heard: readonly string[]): Promise<void> {
    await allRooms(this.#client);
    for (const room of this.#client.getRooms()) {
      await room.loadMembersIfNeeded().catch(() => undefined);
      // What cannot be fetched now is fetched where one scrolls up.
      if (heard.some((id) => room.getMember(id) !== null)) await this.#anew(room).catch(() => undefined);
    }
  }
}

// Another client may have written anything.
function usersIn(event: MatrixEvent | undefined): Users {
  const users: unknown = event?.getContent()['ignored_users'];
  return isRecord(users) ? (users as Users) : {};
}

function peopleOf(client: MatrixClient, names: ReadonlyMap<string, string> = new Map()): readonly Person[] {
  return [...ignoredBy(client)].map((id) => personOf(client, id, names.get(id))).sort((a, b) => a.name.localeCompare(b.name));
}

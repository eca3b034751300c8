// What the server told of the rooms, as it is kept from one start to the next: each room sealed by itself, and one record that says which there
// are and in which something happened last. So a start opens the rooms that it shows at first, and what is sealed again is what changed.

import { Category, SyncAccumulator, type IRooms, type ISyncResponse } from 'matrix-js-sdk';
import type { Vault } from '../keep/vault';

export type Keep = Pick<Vault, 'get' | 'text' | 'put' | 'putAll' | 'delete'>;
type AccountData = ISyncResponse['account_data']['events'];

/** What says what is kept. Its rooms are numbered: the names of what is sealed are not, and do not name them. */
interface Index {
  /** Up to where the server has told. */
  token: string;
  accountData: AccountData;
  /** When something happened there last is in milliseconds since 1970. */
  rooms: [id: string, number: number, at: number][];
}

interface KeptRoom {
  readonly number: number;
  at: number;
  /** What is kept; read, but not looked into before it is needed. */
  text?: string | undefined;
  /** The same, and what was told since. */
  sync?: SyncAccumulator | undefined;
}

const keptIndex = 'sync/rooms';
const nameOf = (number: number): string => `sync/room/${number}`;
/** What earlier versions kept: all rooms together. */
const keptBefore = 'sync';

const kinds = [Category.Invite, Category.Knock, Category.Join, Category.Leave] as const;
/** What waits for an answer comes before all that happened. */
const waits = Number.MAX_SAFE_INTEGER;

export class KeptRooms {
  readonly #vault: Keep;
  readonly #rooms = new Map<string, KeptRoom>();
  #account = new SyncAccumulator();
  /** The rooms that are not kept as they are now. */
  readonly #changed = new Set<string>();
  #numbers = 0;
  #before = false;
  #broken = false;

  constructor(vault: Keep) {
    this.#vault = vault;
  }

  /** Learns which rooms are kept. Nothing is where that cannot be opened. */
  async open(): Promise<void> {
    const index = await this.#vault.get<Index>(keptIndex);
    if (index === undefined) return this.#openBefore();
    this.#tell(index.token, index.accountData);
    for (const [id, number, at] of index.rooms) {
      this.#rooms.set(id, { number, at });
      this.#numbers = Math.max(this.#numbers, number + 1);
    }
  }

  async #openBefore(): Promise<void> {
    const text = await this.#vault.text(keptBefore);
    if (text === undefined) return;
    const { nextBatch, roomsData, accountData } = JSON.parse(text) as ReturnType<SyncAccumulator['getJSON']>;
    this.#tell(nextBatch, accountData);
    this.#before = true;
    for (const kind of kinds) {
      for (const [id, room] of Object.entries(roomsData[kind])) {
        const rooms: Partial<IRooms> = { [kind]: { [id]: room as unknown } };
        this.#rooms.set(id, { number: this.#numbers++, at: lastIn(rooms), text: JSON.stringify(rooms) });
        this.#changed.add(id);
      }
    }
  }

  /** Up to where the server has told; null before it has. */
  get token(): string | null {
    // Before the first answer of the server there is none, whatever the SDK's type says.
    const token: string | null = this.#account.getNextBatchToken();
    return token;
  }

  get accountData(): AccountData {
    return structuredClone(this.#account.getJSON().accountData);
  }

  /** The rooms, those in which something happened last first. */
  get ids(): readonly string[] {
    return [...this.#rooms].sort(([, a], [, b]) => b.at - a.at).map(([id]) => id);
  }

  /** How many wait for an answer of the person; they are the first. */
  get waiting(): number {
    return [...this.#rooms.values()].filter(({ at }) => at === waits).length;
  }

  /** What the server told of some rooms, for the SDK, which changes what it is given. It throws as ready does. */
  async of(ids: readonly string[]): Promise<IRooms> {
    await this.ready(ids);
    const rooms: IRooms = { join: {}, invite: {}, knock: {}, leave: {} };
    for (const id of ids) {
      const room = this.#rooms.get(id);
      if (room === undefined) continue;
      const told = room.sync === undefined ? opened(room.text).getJSON().roomsData : structuredClone(room.sync.getJSON().roomsData);
      for (const kind of kinds) Object.assign(rooms[kind], told[kind]);
    }
    leaveOutOld(rooms);
    return rooms;
  }

  /** Takes in what the server has told. */
  async told(data: ISyncResponse): Promise<void> {
    // An answer may leave out what it has nothing of, whatever the SDK's type says.
    const rooms = (data as Partial<ISyncResponse>).rooms ?? ({} as Partial<IRooms>);
    const ids = kinds.flatMap((kind) => Object.keys(rooms[kind] ?? {}));
    // A room that cannot be opened begins with what is told now: to throw would end the sync for good. Nothing of all this is kept any more.
    await this.ready(ids).catch(() => undefined);
    this.#tell(data.next_batch, (data as Partial<ISyncResponse>).account_data?.events ?? []);
    for (const kind of kinds) {
      for (const [id, room] of Object.entries(rooms[kind] ?? {})) {
        const kept = this.#rooms.get(id) ?? { number: this.#numbers++, at: 0 };
        kept.sync ??= opened(kept.text);
        kept.text = undefined;
        kept.sync.accumulate({ next_batch: data.next_batch, rooms: { [kind]: { [id]: room as unknown } } } as unknown as ISyncResponse);
        this.#rooms.set(id, kept);
        this.#changed.add(id);
      }
    }
  }

  /** Seals what has changed: all of it or, where it throws, nothing. */
  async keep(): Promise<void> {
    if (this.#broken || this.token === null) return;
    const changed = [...this.#changed];
    const gone = new Set<string>();
    const values = new Map<string, unknown>();
    for (const id of changed) {
      const room = this.#rooms.get(id);
      if (room === undefined) continue;
      const told = (room.sync ?? opened(room.text)).getJSON(true).roomsData;
      leaveOutOld(told);
      room.at = lastIn(told);
      const empty = kinds.every((kind) => Object.keys(told[kind]).length === 0);
      if (empty) gone.add(id);
      values.set(nameOf(room.number), empty ? undefined : told);
    }
    const rooms = [...this.#rooms].filter(([id]) => !gone.has(id)).map(([id, { number, at }]): Index['rooms'][number] => [id, number, at]);
    values.set(keptIndex, { token: this.token, accountData: this.#account.getJSON(true).accountData, rooms } satisfies Index);
    if (this.#before) values.set(keptBefore, undefined);
    // What comes while it is being sealed is to be sealed after it.
    this.#changed.clear();
    try {
      await this.#vault.putAll(values);
    } catch (error) {
      for (const id of changed) this.#changed.add(id);
      throw error;
    }
    this.#before = false;
    for (const id of gone) if (!this.#changed.has(id)) this.#rooms.delete(id);
  }

  /** Forgets everything, here and in the vault. */
  async clear(): Promise<void> {
    const names = [keptIndex, keptBefore, ...[...this.#rooms.values()].map(({ number }) => nameOf(number))];
    this.#rooms.clear();
    this.#changed.clear();
    this.#account = new SyncAccumulator();
    await this.#vault.putAll(new Map(names.map((name) => [name, undefined])));
  }

  /** Opens some of the rooms. It throws where one cannot be opened: then the next start asks the server for all. */
  async ready(ids: readonly string[]): Promise<void> {
    try {
      await Promise.all(ids.map(async (id) => {
        const room = this.#rooms.get(id);
        if (room === undefined || room.text !== undefined || room.sync !== undefined) return;
        const text = await this.#vault.text(nameOf(room.number));
        if (text === undefined) throw new Error('a room is not kept any more');
        room.text ??= text;
      }));
    } catch (error) {
      await this.distrust();
      throw error;
    }
  }

  /** Has the next start ask the server for everything: without one room what follows is no whole either, and the server still has it all. */
  async distrust(): Promise<void> {
    this.#broken = true;
    await this.#vault.delete(keptIndex).catch(() => undefined);
  }

  #tell(token: string, events: AccountData): void {
    this.#account.accumulate({ next_batch: token, account_data: { events } } as unknown as ISyncResponse, true);
  }
}

// The state before what is kept of the timeline is the other half of each room. Beside the state after it the SDK does not use it.
function leaveOutOld({ join }: IRooms): void {
  for (const room of Object.values(join)) delete (room as Partial<typeof room>).state;
}

function opened(text: string | undefined): SyncAccumulator {
  const sync = new SyncAccumulator();
  if (text !== undefined) sync.accumulate({ next_batch: '', rooms: JSON.parse(text) as IRooms } as ISyncResponse, true);
  return sync;
}

/** When something was last said in a room; where nothing is, when anything happened. */
function lastIn(rooms: Partial<IRooms>): number {
  if (Object.keys({ ...rooms.invite, ...rooms.knock }).length > 0) return waits;
  const events = Object.values(rooms.join ?? {}).flatMap(({ timeline }) => timeline.events);
  const said = events.findLast(({ type }) => type === 'm.room.encrypted' || type === 'm.room.message');
  return (said ?? events.at(-1))?.origin_server_ts ?? 0;
}

// Rooms that somebody else took this person out of: they are told, until they say that they have read it.

import { KnownMembership, RoomEvent, type MatrixClient, type Room } from 'matrix-js-sdk';
import type { Vault } from '../keep/vault';
import { languageOf } from '../lang/script';
import { oneLine } from './oneline';
import { personIn, type Person } from './person';
import { titleOf } from './roomstate';
import { Store } from './store';

const kept = 'removals';

/** That somebody took this person out of a room. */
export interface Removal {
  readonly room: string;
  readonly name: string;
  readonly lang: string | undefined;
  readonly by: Person;
  /** What was given as the reason; empty where nothing was. */
  readonly reason: string;
}

/** What this person has not yet put away. It is kept on this device: the server tells it once. */
export class Removals extends Store<readonly Removal[]> {
  readonly #vault: Vault;

  private constructor(client: MatrixClient, vault: Vault, before: readonly Removal[]) {
    super(before);
    this.#vault = vault;
    client.on(RoomEvent.MyMembership, (room, now, was) => {
      const removal = was === KnownMembership.Join ? removalFrom(room, client.getSafeUserId()) : undefined;
      if (removal !== undefined) this.#change([removal, ...this.#others(room.roomId)]);
      else if (now === KnownMembership.Join) this.dismiss(room.roomId);
    });
  }

  static async open(client: MatrixClient, vault: Vault): Promise<Removals> {
    return new Removals(client, vault, (await vault.get<Removal[]>(kept)) ?? []);
  }

  /** Puts one away. */
  readonly dismiss = (room: string): void => {
    const left = this.#others(room);
    if (left.length < this.snapshot().length) this.#change(left);
  };

  #others(room: string): readonly Removal[] {
    return this.snapshot().filter((one) => one.room !== room);
  }

  #change(removals: readonly Removal[]): void {
    this.set(removals);
    this.#vault.put(kept, removals).catch(() => undefined); // it stays on the screen
  }
}

function removalFrom(room: Room, me: string): Removal | undefined {
  const event = room.getMember(me)?.events.member;
  const by = event?.getSender();
  const reason: unknown = event?.getContent()['reason'];
  if (by === undefined || by === me) return undefined;
  const name = titleOf(room);
  return { room: room.roomId, name, lang: languageOf(name), by: personIn(room, by), reason: typeof reason === 'string' ? oneLine(reason) : '' };
}

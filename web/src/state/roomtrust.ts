import { KnownMembership, RoomStateEvent, type MatrixClient, type MatrixEvent, type Room, type RoomMember } from 'matrix-js-sdk';
import { admissionsType } from '../crypto/admission';
import { guardOf, type Why } from '../crypto/admit';
import { unprovenOf } from '../crypto/proven';
import { acceptIdentity, devicesOf, learnIdentity, NoIdentity, onTrust, standingOf, type Device, type Standing } from '../crypto/trust';
import { letIn, letWaitingIn, putOut } from './admission';
import { personIn, type Person } from './person';
import { mayChange, stateValue } from './roomstate';
import { Store } from './store';

export type { Device, Doubt, Standing } from '../crypto/trust';

/** Of how many people of one room the server is asked. */
const mostAsked = 20;

const concerning: readonly string[] = ['m.room.member', 'm.room.power_levels', admissionsType];

/** What is known of who the people of a room are. */
export interface RoomTrustView {
  readonly standing: ReadonlyMap<string, Standing>;
  /** Those who were verified and have another identity now: nothing is sent here until that is settled. */
  readonly changed: readonly Person[];
  /** Those whose identity is not in the public record: nothing is sent here while that is so. */
  readonly unproven: readonly Person[];
  /** Those who have another identity than was first seen, and were never verified. */
  readonly renewed: readonly Person[];
  /** How many others are in the room whom nobody here has verified. */
  readonly unverified: number;
  /** Who is outside, where the room is under the rule that members let each other in. */
  readonly guard: RoomGuard | undefined;
}

/** What holds in a room whose members let each other in. */
export interface RoomGuard {
  /** Whether those outside get no keys of what is written here. Otherwise they do, and it is said. */
  readonly only: boolean;
  readonly outside: readonly Outsider[];
  /** Whether one may let them in. */
  readonly mayLetIn: boolean;
}

/** Somebody who is in the room by the server's word alone. */
export interface Outsider {
  readonly person: Person;
  readonly why: Why;
  /** Who put them out. */
  readonly by: Person | undefined;
  readonly mayRemove: boolean;
}

/** Who the people of a room are, as far as this device knows. It follows the room from `open` to `close`. */
export class RoomTrust extends Store<RoomTrustView> {
  readonly #client: MatrixClient;
  readonly #room: Room;
  readonly #standing = new Map<string, Standing>();
  readonly #asked = new Set<string>();
  #unproven: readonly string[] = [];
  #guarded: RoomGuard | undefined;
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient, room: Room) {
    super({ standing: new Map(), changed: [], unproven: [], renewed: [], unverified: 0, guard: undefined });
    this.#client = client;
    this.#room = room;
  }

  /** Begins to follow the people of the room. */
  open(): void {
    if (this.#stop !== undefined) return;
    const client = this.#client;
    const members = (event: MatrixEvent): void => {
      if (event.getRoomId() === this.#room.roomId && concerning.includes(event.getType())) void this.#look(undefined);
    };
    const stopTrust = onTrust(client, (userIds) => void this.#look(userIds));
    // The client tells of a piece of state before it has worked out who is in the room because of it.
    const told = [RoomStateEvent.Events, RoomStateEvent.Members] as const;
    for (const what of told) client.on(what, members);
    this.#stop = () => {
      stopTrust();
      for (const what of told) client.off(what, members);
    };
    this.#room.loadMembersIfNeeded().then(
      () => this.#look(undefined),
      () => undefined, // what is known is shown; the header says offline
    );
    void this.#look(undefined);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Somebody's devices, as the server lists them and this device judges them. It throws where the server does not answer. */
  readonly devicesOf = async (userId: string): Promise<readonly Device[]> => {
    await this.#learn(userId);
    return devicesOf(this.#client, userId);
  };

  /** Takes somebody's new identity as theirs without verifying it. Who was verified before is also let into this room with it. */
  readonly accept = async (userId: string): Promise<void> => {
    const before = this.#standing.get(userId);
    await acceptIdentity(this.#client, userId);
    if (before === 'changed') await letIn(this.#client, this.#room.roomId, userId);
    await this.#look([userId]);
  };

  /** Lets somebody in for all members: they are given keys from now on. It throws where the server does not answer. */
  readonly letIn = async (userId: string): Promise<void> => {
    await letIn(this.#client, this.#room.roomId, userId);
    await this.#look(undefined);
  };

  /** Removes somebody who is outside. It throws where the server does not answer, or refuses. */
  readonly remove = async (userId: string): Promise<void> => {
    await putOut(this.#client, this.#room.roomId, userId);
    await this.#client.kick(this.#room.roomId, userId);
  };

  /** Looks anew whether everybody's identity is in the public record. */
  readonly proveAgain = async (): Promise<void> => {
    for (const userId of this.#unproven) await this.#learn(userId);
    await this.#prove();
  };

  async #learn(userId: string): Promise<void> {
    await learnIdentity(this.#client, userId).catch((error: unknown) => {
      if (!(error instanceof NoIdentity)) throw error;
    });
  }

  async #prove(): Promise<void> {
    try {
      this.#unproven = await unprovenOf(this.#client, this.#here().map((one) => one.userId));
    } catch {
      return; // it cannot be found out now; nothing is sent until it is
    }
    this.#show();
  }

  #here(): readonly RoomMember[] {
    const me = this.#client.getSafeUserId();
    return this.#room.getMembers().filter((one) => one.userId !== me && (one.membership === KnownMembership.Join || one.membership === KnownMembership.Invite));
  }

  async #look(only: readonly string[] | undefined): Promise<void> {
    const here = this.#here();
    for (const { userId } of here) {
      if (only?.includes(userId) ?? true) this.#standing.set(userId, await standingOf(this.#client, userId));
    }
    // The crypto follows who is in a room. Of somebody who was only invited it may have heard nothing, which is not to say
    // that there is nothing: the server is asked, once.
    for (const { userId, membership } of here) {
      if (membership !== KnownMembership.Invite || this.#standing.get(userId) !== 'none' || this.#asked.has(userId) || this.#asked.size >= mostAsked) continue;
      this.#asked.add(userId);
      learnIdentity(this.#client, userId).then(
        () => this.#look([userId]),
        () => undefined, // they have none, or there is no answer: it stays as it is
      );
    }
    this.#guarded = await this.#guard(here.map(({ userId }) => userId));
    this.#show();
    await this.#prove();
  }

  #show(): void {
    const here = this.#here();
    const with_ = (standing: Standing): readonly Person[] => here.filter((one) => this.#standing.get(one.userId) === standing).map((one) => personIn(this.#room, one.userId));
    this.set({
      guard: this.#guarded,
      standing: new Map(this.#standing),
      changed: with_('changed'),
      unproven: here.filter((one) => this.#unproven.includes(one.userId)).map((one) => personIn(this.#room, one.userId)),
      renewed: with_('renewed'),
      unverified: here.filter((one) => one.membership === KnownMembership.Join && this.#standing.get(one.userId) !== 'verified').length,
    });
  }

  async #guard(others: readonly string[]): Promise<RoomGuard | undefined> {
    const room = this.#room;
    letWaitingIn(this.#client, room).catch(() => undefined); // the next look tries again
    const found = await guardOf(this.#client, room, others);
    if (found === undefined) return undefined;
    const me = room.getMember(this.#client.getSafeUserId());
    const kick = stateValue(room, 'm.room.power_levels', 'kick');
    const mayRemove = (userId: string): boolean => {
      const mine = me?.powerLevel ?? 0;
      return mine > (room.getMember(userId)?.powerLevel ?? 0) && mine >= (typeof kick === 'number' ? kick : 50);
    };
    const outside = found.outside
      .filter(({ userId }) => this.#standing.get(userId) !== 'changed') // nothing is sent at all until that is settled
      .map(({ userId, why, by }) => ({ person: personIn(room, userId), why, by: by === undefined ? undefined : personIn(room, by), mayRemove: mayRemove(userId) }));
    return { only: found.only, outside, mayLetIn: mayChange(room, admissionsType, this.#client.getSafeUserId()) };
  }
}

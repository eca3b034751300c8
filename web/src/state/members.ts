import { EventType, KnownMembership, RoomStateEvent, type MatrixClient, type MatrixEvent, type Room, type RoomMember } from 'matrix-js-sdk';
import { putOut } from './admission';
import { isIgnored, onIgnored } from './ignored';
import { personIn, type Person } from './person';
import { mayChange, stateValue } from './roomstate';
import { Store } from './store';

/** What somebody may do in a room: everything, keep order, or take part. */
export type Role = 'owner' | 'moderator' | 'member';

/** Somebody in a room, or invited to it, and what one may do about it. */
export interface Member {
  readonly person: Person;
  readonly me: boolean;
  readonly invited: boolean;
  /** Whether the person at this device ignores them. */
  readonly ignored: boolean;
  readonly role: Role;
  readonly mayRemove: boolean;
  /** The roles that one may give this member; empty where none. */
  readonly mayBecome: readonly Role[];
  /** Whether one could take ownership from this member again: only who is above every owner can, the maker of a newer room. */
  readonly mayUnmake: boolean;
}

/** The power level of each role. */
export const levels: Readonly<Record<Role, number>> = { owner: 100, moderator: 50, member: 0 };

/** Who is in a room. It follows the room from `open` to `close`. */
export class Members extends Store<readonly Member[]> {
  readonly #client: MatrixClient;
  readonly #room: Room;
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient, room: Room) {
    super(membersOf(client, room));
    this.#client = client;
    this.#room = room;
  }

  /** Begins to follow the room, and fetches the members that this device does not know. */
  open(): void {
    if (this.#stop !== undefined) return;
    const look = (): void => this.set(membersOf(this.#client, this.#room));
    const here = (event: MatrixEvent): void => {
      if (event.getRoomId() === this.#room.roomId) look();
    };
    // The client tells of a piece of state before it has worked out who is in the room because of it, and what each may do.
    const told = [RoomStateEvent.Events, RoomStateEvent.Members] as const;
    for (const what of told) this.#client.on(what, here);
    const stop = onIgnored(this.#client, look);
    this.#stop = () => {
      stop();
      for (const what of told) this.#client.off(what, here);
    };
    this.#room.loadMembersIfNeeded().then(look, () => undefined); // what is known is shown; the header says offline
    look();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Removes somebody, or takes back their invitation. They can be invited again. */
  readonly remove = async (userId: string): Promise<void> => {
    await putOut(this.#client, this.#room.roomId, userId);
    await this.#client.kick(this.#room.roomId, userId);
  };

  /** Gives somebody a role. */
  readonly give = async (userId: string, role: Role): Promise<void> => {
    await this.#client.setPowerLevel(this.#room.roomId, userId, levels[role]);
  };
}

function membersOf(client: MatrixClient, room: Room): readonly Member[] {
  const self = room.getMember(client.getSafeUserId());
  const all = room.getMembers().filter((one) => one.membership === KnownMembership.Join || one.membership === KnownMembership.Invite);
  const members = all.map((one) => memberOf(room, one, self));
  const place = (m: Member): number => Number(m.invited) * 1000 - levels[m.role];
  return members.sort((a, b) => place(a) - place(b) || a.person.name.localeCompare(b.person.name));
}

function memberOf(room: Room, one: RoomMember, self: RoomMember | null): Member {
  const me = one.userId === self?.userId;
  const mine = self?.powerLevel ?? 0;
  const toRemove = stateValue(room, EventType.RoomPowerLevels, 'kick');
  const above = mine > one.powerLevel;
  const mayGive = mayChange(room, EventType.RoomPowerLevels, self?.userId ?? '') && Number.isFinite(one.powerLevel);
  return {
    person: personIn(room, one.userId),
    me,
    invited: one.membership === KnownMembership.Invite,
    ignored: isIgnored(room.client, one.userId),
    role: one.powerLevel >= 100 ? 'owner' : one.powerLevel >= 50 ? 'moderator' : 'member',
    mayRemove: !me && above && mine >= (typeof toRemove === 'number' ? toRemove : 50),
    mayBecome: mayGive && !me && above ? (['owner', 'moderator', 'member'] as const).filter((role) => levels[role] <= mine) : [],
    mayUnmake: mine > levels.owner,
  };
}

import { RoomMemberEvent, type MatrixClient, type MatrixEvent, type Room, type RoomMember } from 'matrix-js-sdk';
import { isIgnored } from './ignored';
import { personIn, type Person } from './person';
import { same } from './same';
import { Store } from './store';

/** How often it is said again that one is writing, and how long the server believes it, in milliseconds. */
const again = 4_000;
const believed = 10_000;

/** How typing is told; a test gives something else. */
export type Tell = (typing: boolean, forMilliseconds: number) => Promise<unknown>;

/** Tells that one is writing, now and then while one is, and that one has stopped. */
export class TellTyping {
  readonly #tell: Tell;
  readonly #allowed: () => boolean;
  #last: number | undefined;

  constructor(tell: Tell, allowed: () => boolean) {
    this.#tell = tell;
    this.#allowed = allowed;
  }

  /** Something was typed; with an empty field one writes no longer. */
  readonly typed = (empty: boolean): void => {
    const now = Date.now();
    if (empty || !this.#allowed()) this.stop();
    else if (this.#last === undefined || now - this.#last >= again) {
      this.#last = now;
      this.#say(true);
    }
  };

  /** It was sent, or one does something else. */
  readonly stop = (): void => {
    if (this.#last === undefined) return;
    // The server has stopped believing it by itself.
    if (Date.now() - this.#last < believed) this.#say(false);
    this.#last = undefined;
  };

  // It is said in passing: whether it arrives does not matter.
  #say(typing: boolean): void {
    this.#tell(typing, believed).catch(() => undefined);
  }
}

/** Who else is writing in a room. It follows the room from `open` to `close`. */
export class Typing extends Store<readonly Person[]> {
  readonly #client: MatrixClient;
  readonly #room: Room;

  constructor(client: MatrixClient, room: Room) {
    super([]);
    this.#client = client;
    this.#room = room;
  }

  open(): void {
    this.#client.on(RoomMemberEvent.Typing, this.#look);
    this.#look();
  }

  close(): void {
    this.#client.off(RoomMemberEvent.Typing, this.#look);
  }

  // The news of who is typing does not name its room, but the member does.
  readonly #look = (_event?: MatrixEvent, member?: RoomMember): void => {
    if (member !== undefined && member.roomId !== this.#room.roomId) return;
    const me = this.#client.getSafeUserId();
    const now = this.#room.getJoinedMembers().filter((one) => one.typing && one.userId !== me && !isIgnored(this.#client, one.userId)).map((one) => personIn(this.#room, one.userId));
    if (!same(now, this.snapshot())) this.set(now);
  };
}

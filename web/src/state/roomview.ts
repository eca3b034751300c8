// What the page of a room shows, from what is known of it. Pure.

import { EventType, KnownMembership, type MatrixClient, type Room } from 'matrix-js-sdk';
import { wayIn, type Way } from '../crypto/way';
import { languageOf } from '../lang/script';
import { unreadNumbers } from '../wire/client';
import type { Gap } from '../delivery/gaps';
import { withGaps } from './gap';
import { deliveriesIn, type Delivery } from './delivery';
import { isIgnored } from './ignored';
import { levels } from './members';
import type { Outbox } from './outbox';
import { directOther } from './people';
import { personIn, type Person } from './person';
import type { Goal, Position } from './position';
import { readersOf, type Reader } from './readers';
import { relationOut } from './relations';
import { mayChange, titleOf, topicOf } from './roomstate';
import { sharesReading } from './seen';
import { itemsOf, newFrom, type TimelineItem } from './timeline';
import { unreadIn, type UnreadIn } from './unread';

/** A room one is in, as its page shows it. */
export interface RoomView {
  readonly id: string;
  /** Empty where the room has no name and nobody else is in it. */
  readonly name: string;
  readonly lang: string | undefined;
  /** How many are in it, oneself included. */
  readonly people: number;
  readonly invited: number;
  /** Whom it is a direct conversation with. */
  readonly with: Person | undefined;
  /** Whether the person at this device ignores them. */
  readonly ignored: boolean;
  /** Whether nobody would be left who may do everything here, but others would. */
  readonly lastOwner: boolean;
  /** Whether one is in it: of a room that one has left or was removed from, who is there now is not known. */
  readonly joined: boolean;
  /** How what one writes goes out. */
  readonly way: Way;
  readonly mayWrite: boolean;
  readonly mayInvite: boolean;
  readonly mayRename: boolean;
  /** What the room is about; empty where nobody said. */
  readonly topic: string;
  readonly items: readonly TimelineItem[];
  /** Whether the items begin where the room begins. */
  readonly fromStart: boolean;
  /** Whether they end with the latest. */
  readonly toEnd: boolean;
  /** The item before which stands the line between what one has read and what is new. */
  readonly newFrom: string | undefined;
  readonly goal: Goal | undefined;
  /** The message that one went to. */
  readonly marked: string | undefined;
  readonly fetching: Position['fetching'];
  /** What could not be fetched. */
  readonly failed: Position['failed'];
  /** How many messages of others one has not read. */
  readonly unread: number;
  /** Who is known to have read one's own messages, by event id. */
  readonly readers: ReadonlyMap<string, readonly Reader[]>;
  /** Whose devices are known to have one's own messages, by event id. */
  readonly deliveries: ReadonlyMap<string, Delivery>;
  /** Whether the others may see how far one has read. */
  readonly sharesReading: boolean;
  /** How many answers are unread in threads, and the root of the thread with the newest of them. */
  readonly unreadThreads: { readonly answers: number; readonly newest: string } | undefined;
}

export function viewOf(client: MatrixClient, room: Room, outbox: Outbox, gaps: readonly Gap[], position: Position, remembered: boolean): RoomView {
  const me = client.getSafeUserId();
  const { stretch } = position;
  const unread = unreadIn(room, me, unreadNumbers(client, room.roomId));
  const events = position.blank ? [] : stretch.events();
  const known = room.getUnfilteredTimelineSet().getTimelines().flatMap((timeline) => timeline.getEvents());
  // What is on its way out will stand at the end: where the end is not on the page, only what it says about others is.
  const outgoing = stretch.toEnd ? outbox.snapshot() : outbox.snapshot().filter((out) => relationOut(out, me) !== undefined);
  const said = position.blank ? [] : itemsOf(room, me, events, outgoing, { known, unread });
  const items = withGaps(room, said, gaps, stretch);
  const other = directOther(client, room);
  const name = titleOf(room);
  return {
    id: room.roomId,
    name,
    lang: languageOf(name),
    people: room.getJoinedMemberCount(),
    invited: room.getInvitedMemberCount(),
    with: other === undefined ? undefined : personIn(room, other),
    ignored: isIgnored(client, other),
    lastOwner: isLastOwner(room, me),
    joined: room.getMyMembership() === KnownMembership.Join,
    way: wayIn(client, room.roomId, remembered),
    mayWrite: room.getMyMembership() === KnownMembership.Join && room.maySendMessage(),
    mayInvite: other === undefined && room.canInvite(me), // what two have written stays with them
    mayRename: mayChange(room, EventType.RoomName, me) && mayChange(room, EventType.RoomTopic, me),
    topic: topicOf(room),
    items,
    fromStart: stretch.fromStart,
    toEnd: stretch.toEnd,
    newFrom: newFrom(items, events, position.newAfter),
    goal: position.goal,
    marked: position.marked,
    fetching: position.fetching,
    failed: position.failed,
    unread: unread.main.messages,
    unreadThreads: unreadThreads(room, unread),
    readers: readersOf(room, me, events),
    deliveries: deliveriesIn(client, room, items),
    sharesReading: sharesReading(room),
  };
}

function isLastOwner(room: Room, me: string): boolean {
  const here = room.getMembers().filter(({ membership }) => membership === KnownMembership.Join || membership === KnownMembership.Invite);
  const owners = here.filter(({ powerLevel }) => powerLevel >= levels.owner);
  return here.length > 1 && owners.length === 1 && owners[0]?.userId === me;
}

function unreadThreads(room: Room, { threads }: UnreadIn): RoomView['unreadThreads'] {
  const newest = [...threads.keys()].sort((a, b) => lastIn(room, b) - lastIn(room, a))[0];
  return newest === undefined ? undefined : { answers: [...threads.values()].reduce((n, { messages }) => n + messages, 0), newest };
}

function lastIn(room: Room, root: string): number {
  return room.getThread(root)?.events.at(-1)?.getTs() ?? 0;
}

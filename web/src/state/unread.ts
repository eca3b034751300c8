// What is unread in a room and in its threads. Pure.
//
// What this device has fetched it counts itself, from the end back to what was last read. Where that lies farther back
// than it has fetched, it takes the server's word for the number.

import { Direction, ReceiptType, type MatrixEvent, type Room, type Thread } from 'matrix-js-sdk';
import type { UnreadNumbers } from '../wire/syncstore';
import { isIgnored } from './ignored';
import { namesMe } from './mentions';
import { readUpTo } from './seen';
import { isAnswer } from './threads';

export interface Unread {
  readonly messages: number;
  /** Whether one of them names the person at this device. */
  readonly mentioned: boolean;
}

/** What is unread in a room: outside of its threads, and in each thread by its root. */
export interface UnreadIn {
  readonly main: Unread;
  readonly threads: ReadonlyMap<string, Unread>;
}

const nothing: Unread = { messages: 0, mentioned: false };

/** Counts what is unread in a room; told is what the server said, if it said anything. */
export function unreadIn(room: Room, me: string, told: UnreadNumbers | undefined): UnreadIn {
  const read = readUpTo(room, me);
  const main = back(room, me, room.getLiveTimeline().getEvents(), read === undefined ? [] : [read], told?.main);
  const threads = new Map<string, Unread>();
  for (const [root, messages] of told?.threads ?? []) threads.set(root, { messages, mentioned: false });
  for (const thread of room.getThreads()) threads.set(thread.id, inThread(room, me, thread, told?.threads.get(thread.id)));
  return { main, threads: new Map([...threads].filter(([, unread]) => unread.messages > 0)) };
}

/** All of a room together. */
export function sum({ main, threads }: UnreadIn): Unread {
  return [...threads.values()].reduce((all, one) => ({ messages: all.messages + one.messages, mentioned: all.mentioned || one.mentioned }), main);
}

/** Unread messages that this device has not fetched. */
export interface Unfetched {
  /** Whether there are some outside of threads, and the event up to which one has read. */
  readonly main: boolean;
  readonly read: string | undefined;
  /** How many answers there are of each thread, by its root. */
  readonly threads: ReadonlyMap<string, number>;
}

/** What is unread of a room and was not fetched, or undefined where all of it is here. */
export function unfetchedIn(room: Room, me: string, told: UnreadNumbers | undefined): Unfetched | undefined {
  if (told === undefined) return undefined;
  const read = readUpTo(room, me);
  const timeline = room.getLiveTimeline();
  const whole = timeline.getPaginationToken(Direction.Backward) === null;
  const main = told.main > 0 && !whole && !timeline.getEvents().some((event) => event.getId() === read || event.getSender() === me);
  const threads = [...told.threads].flatMap(([root, messages]): [string, number][] => {
    const thread = room.getThread(root);
    const answers = thread?.events.filter((event) => event.getId() !== root) ?? [];
    const seen = thread === null ? [] : readInThread(thread, me);
    if (answers.some((event) => seen.includes(event.getId() ?? '') || event.getSender() === me)) return [];
    const left = messages - answers.filter((event) => isNews(event) && !isIgnored(room.client, event.getSender())).length;
    return left > 0 ? [[root, left]] : [];
  });
  return main || threads.length > 0 ? { main, read, threads: new Map(threads) } : undefined;
}

/** The events that receipts of a person in a thread name: all before the later one was read. */
export function readInThread(thread: Thread, who: string): readonly string[] {
  return [ReceiptType.Read, ReceiptType.ReadPrivate].flatMap((type) => thread.getReadReceiptForUserId(who, false, type)?.eventId ?? []);
}

function inThread(room: Room, me: string, thread: Thread, told: number | undefined): Unread {
  const answers = thread.events.filter((event) => event.getId() !== thread.id);
  // Before its answers are here, only the server knows.
  if (!answers.some(isAnswer)) return { messages: told ?? 0, mentioned: false };
  return back(room, me, answers, readInThread(thread, me), told);
}

function back(room: Room, me: string, events: readonly MatrixEvent[], read: readonly string[], told: number | undefined): Unread {
  let { messages, mentioned } = nothing;
  for (const event of events.toReversed()) {
    if (read.includes(event.getId() ?? '') || event.getSender() === me) return { messages, mentioned };
    if (isNews(event) && !isIgnored(room.client, event.getSender())) messages++;
    mentioned ||= namesMe(room, me, event);
  }
  return { messages: told ?? messages, mentioned: mentioned && (told ?? messages) > 0 };
}

/** Whether an event is something that one reads: a message, no reaction and no edit. */
export function isNews(event: MatrixEvent): boolean {
  if (event.isState() || event.isRedacted() || event.isRelation('m.replace') || event.isRelation('m.annotation')) return false;
  return event.getType() === 'm.room.message' || event.isDecryptionFailure();
}

// What is known of threads, from the SDK's model of them. Pure.
//
// Spec: client-server API, threading.

import { Direction, type IThreadBundledRelationship, type MatrixEvent, type Room, type Thread } from 'matrix-js-sdk';
import type { Content } from '../crypto/envelope';
import { isIgnored } from './ignored';
import { personIn, type Person } from './person';
import { deletedFrom, isRecord } from './relations';
import type { Unread } from './unread';

const relation = 'm.thread';

/** A thread, as the message it begins with shows it. */
export interface ThreadSummary {
  readonly root: string;
  /** How many answers there are. */
  readonly answers: number;
  /** By whom the last answer is, and of when in milliseconds since 1970. */
  readonly last: { readonly by: Person; readonly at: number } | undefined;
  readonly unread: number;
  /** Whether an unread answer names the person at this device. */
  readonly mentioned: boolean;
}

/** Whether an event is an answer in a thread, read or not. Reactions and edits in it are none. */
export function isAnswer(event: MatrixEvent): boolean {
  return event.isRelation(relation) && !event.isState() && !event.isRedacted();
}

/** The root of the thread that something on its way out belongs to, or undefined. */
export function threadOf(content: Content): string | undefined {
  const about = content['m.relates_to'];
  return isRecord(about) && about['rel_type'] === relation && typeof about['event_id'] === 'string' ? about['event_id'] : undefined;
}

/** The root of the thread that an event is an answer in, or undefined. */
export function answersIn(event: MatrixEvent): string | undefined {
  return event.isRelation(relation) && !event.isState() ? event.relationEventId : undefined;
}

/** Whether everything of a thread is here, from its root on. */
export function isWhole(thread: Thread): boolean {
  return thread.initialEventsFetched && thread.liveTimeline.getPaginationToken(Direction.Backward) === null;
}

/** The thread that begins with an event, or undefined while nobody has answered there. */
export function summaryOf(room: Room, root: MatrixEvent, unread: Unread | undefined): ThreadSummary | undefined {
  const id = root.getId() ?? '';
  const thread = room.getThread(id);
  const bundle = root.getServerAggregatedRelation<IThreadBundledRelationship>(relation);
  const here = thread?.events.filter((event) => isAnswer(event) && !isIgnored(room.client, event.getSender())) ?? [];
  const answers = thread !== null && isWhole(thread) ? here.length : Math.max(here.length, thread?.length ?? 0, bundle?.count ?? 0);
  if (answers === 0) return undefined;
  const last = here.at(-1);
  const by = last?.getSender() ?? bundle?.latest_event.sender;
  const at = last?.getTs() ?? bundle?.latest_event.origin_server_ts ?? 0;
  return { root: id, answers, last: by === undefined || isIgnored(room.client, by) ? undefined : { by: personIn(room, by), at }, unread: unread?.messages ?? 0, mentioned: unread?.mentioned ?? false };
}

/**
 * The events of a thread with those that were deleted in their places: the SDK moves them to the room's own timeline.
 * events is a stretch of the thread, and fromStart whether it begins with the root.
 */
export function withDeleted(room: Room, root: string, events: readonly MatrixEvent[], fromStart: boolean): readonly MatrixEvent[] {
  const from = fromStart ? 0 : (events[0]?.getTs() ?? Infinity);
  const deleted = allOf(room).filter((event) => event.isRedacted() && deletedFrom(event) === root && event.getTs() >= from);
  if (deleted.length === 0) return events;
  const begin = events.filter((event) => event.getId() === root);
  return [...begin, ...[...events.filter((event) => event.getId() !== root), ...deleted].sort((a, b) => a.getTs() - b.getTs())];
}

/** All that this device has fetched about the events of a thread, each once: what is about the root stands in the room. */
export function aboutThread(room: Room, root: string, events: readonly MatrixEvent[]): readonly MatrixEvent[] {
  const thread = room.getThread(root)?.timelineSet.getTimelines().flatMap((timeline) => timeline.getEvents()) ?? [];
  const all = [...allOf(room).filter((event) => event.relationEventId === root), ...thread, ...events];
  return [...new Map(all.map((event) => [event.getId(), event])).values()];
}

function allOf(room: Room): readonly MatrixEvent[] {
  return room.getUnfilteredTimelineSet().getTimelines().flatMap((timeline) => timeline.getEvents());
}

// What rooms said before, asked for outside of the timeline that the client keeps.

import { Direction, MatrixEvent, Method, type IEvent, type MatrixClient } from 'matrix-js-sdk';

export interface HistoryPage {
  /** The newest first, decrypted as far as this device can. */
  readonly events: readonly MatrixEvent[];
  /** The token of what lies before; undefined where the room begins. */
  readonly before: string | undefined;
}

/** A page of a room's history from a token towards the past. */
export async function historyOf(client: MatrixClient, roomId: string, from: string, limit: number): Promise<HistoryPage> {
  const { chunk, end } = await client.createMessagesRequest(roomId, from, limit, Direction.Backward);
  return { events: await Promise.all(chunk.map((raw) => decrypted(client, roomId, raw))), before: end };
}

/** An event of a room, decrypted as far as this device can. It throws where the server does not give it. */
export async function eventOf(client: MatrixClient, roomId: string, eventId: string): Promise<MatrixEvent> {
  return decrypted(client, roomId, await client.fetchRoomEvent(roomId, eventId));
}

/** An event, and the edit that the server says is its newest. */
export async function eventAndEdit(client: MatrixClient, roomId: string, eventId: string): Promise<MatrixEvent[]> {
  return withEdit(client, roomId, await client.fetchRoomEvent(roomId, eventId));
}

/**
 * An event and what stands around it, the oldest first, each followed by its newest edit.
 *
 * Spec: client-server API, GET /rooms/{roomId}/context/{eventId}.
 */
export async function contextOf(client: MatrixClient, roomId: string, eventId: string, limit: number): Promise<MatrixEvent[]> {
  const path = `/rooms/${encodeURIComponent(roomId)}/context/${encodeURIComponent(eventId)}`;
  const answer = await client.http.authedRequest<{ event: IEvent; events_before?: IEvent[]; events_after?: IEvent[] }>(Method.Get, path, { limit: String(limit) });
  const raw = [...(answer.events_before ?? []).reverse(), answer.event, ...(answer.events_after ?? [])];
  return (await Promise.all(raw.map((one) => withEdit(client, roomId, one)))).flat();
}

/**
 * A page of a room's threads, those with the newest answers first: the message that each begins with, followed by its
 * newest edit, and where the list goes on.
 *
 * Spec: client-server API, GET /rooms/{roomId}/threads.
 */
export async function threadsOf(client: MatrixClient, roomId: string, from: string | undefined): Promise<{ roots: readonly (readonly MatrixEvent[])[]; next: string | undefined }> {
  const path = `/rooms/${encodeURIComponent(roomId)}/threads`;
  const query = { include: 'all', limit: '50', ...(from === undefined ? {} : { from }) };
  const { chunk, next_batch } = await client.http.authedRequest<{ chunk: IEvent[]; next_batch?: string }>(Method.Get, path, query, undefined, { prefix: '/_matrix/client/v1' });
  return { roots: await Promise.all(chunk.map((raw) => withEdit(client, roomId, raw))), next: next_batch };
}

/**
 * The ids of all edits of an event by one person, loaded or not. It throws where the server does not answer.
 *
 * Spec: client-server API, GET /rooms/{roomId}/relations/{eventId}/{relType}.
 */
export async function editsOf(client: MatrixClient, roomId: string, eventId: string, sender: string): Promise<string[]> {
  const ids: string[] = [];
  let from: string | undefined;
  do {
    const { chunk, next_batch } = await client.fetchRelations(roomId, eventId, 'm.replace', null, { limit: 100, ...(from === undefined ? {} : { from }) });
    ids.push(...chunk.flatMap((edit) => (edit.sender === sender ? edit.event_id : [])));
    from = next_batch === undefined || next_batch === from ? undefined : next_batch;
  } while (from !== undefined);
  return ids;
}

async function withEdit(client: MatrixClient, roomId: string, raw: Partial<IEvent>): Promise<MatrixEvent[]> {
  const event = await decrypted(client, roomId, raw);
  const edit = event.getServerAggregatedRelation<IEvent>('m.replace');
  return edit?.event_id === undefined ? [event] : [event, await decrypted(client, roomId, edit)];
}

async function decrypted(client: MatrixClient, roomId: string, raw: Partial<IEvent>): Promise<MatrixEvent> {
  const event = new MatrixEvent({ ...raw, room_id: roomId });
  await client.decryptEventIfNeeded(event);
  return event;
}

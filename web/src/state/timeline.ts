// From Matrix events to what stands in a timeline. Pure: the same events give the same items.

import { Direction, MsgType, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { readEnvelope } from '../crypto/envelope';
import { doubtOf, type Doubt } from '../crypto/trust';
import type { Gap } from '../delivery/gaps';
import { whyUnreadable, type Unreadable } from '../crypto/unreadable';
import type { Place as Written } from '../delivery/acks';
import { cleanTag, languageOf } from '../lang/script';
import { captionOf, fileOf, type MessageFile } from './file';
import { toldOf, type Told } from './happening';
import { isIgnored } from './ignored';
import type { Outgoing, OutgoingState } from './outbox';
import { mentionsIn, type Mentions } from './mentions';
import { straight } from './oneline';
import { personIn, type Person } from './person';
import { deletedFrom, editInForce, gather, isAside, isRecord, isVerification, reactionsIn, relationOf, relationOut, wasAside, type Relation } from './relations';
import { answersIn, summaryOf, threadOf, type ThreadSummary } from './threads';
import type { UnreadIn } from './unread';

interface Common {
  /** The same for one message from the moment it is written to the end. */
  readonly key: string;
  /** The event id, once the server has given one. */
  readonly id: string | undefined;
  readonly sender: Person;
  readonly mine: boolean;
  /** When it was sent, in milliseconds since 1970. */
  readonly at: number;
}

/** A message: words, or a file and perhaps words beside it. */
export interface Message extends Common {
  readonly is: 'message';
  /** Empty where there is a file alone. */
  readonly body: string;
  readonly file: MessageFile | undefined;
  /** The same with marks, as its author sent it: nothing to be shown without richtext.ts. */
  readonly html: string | undefined;
  readonly lang: string | undefined;
  readonly edited: boolean;
  /** Where one's own message, or its last edit, is; others' are here, so there is nothing to say. */
  readonly state: OutgoingState | undefined;
  /** What that is called in the outbox. */
  readonly outKey: string;
  /** The message that it answers. */
  readonly quote: Quote | undefined;
  readonly reactions: readonly ShownReaction[];
  /** The events that edited it. */
  readonly edits: readonly string[];
  readonly mayDelete: boolean;
  /** Whom it names. */
  readonly mentions?: Mentions;
  /** The root of the thread that it is an answer in. */
  readonly within?: string | undefined;
  /** The thread that begins with it; not said inside of that thread. */
  readonly thread?: ThreadSummary | undefined;
  /** Why one should look twice at it, or at the edit in force. */
  readonly doubt?: Doubt | undefined;
  /** Where one's own message, or its last edit, stands in what its device wrote here, and when that was. */
  readonly place?: (Written & { readonly at: number }) | undefined;
}

/** What is shown of the message that another one answers. */
export interface Quote {
  readonly id: string;
  /** Undefined while this device has not fetched it, or cannot read it. */
  readonly of: { readonly sender: Person; readonly text: string; readonly lang: string | undefined } | undefined;
  /** Set where it is by somebody whom the person at this device ignores. */
  readonly ignored?: true;
}

/** One key under a message. */
export interface ShownReaction {
  readonly key: string;
  readonly who: readonly Person[];
  /** One's own among them: its event if it is on the server, its name in the outbox if it is not back from there. */
  readonly mine: { readonly id: string | undefined; readonly out: Relation['out'] } | undefined;
}

/** Something that happened in the room. */
export interface Happening extends Common {
  readonly is: 'happening';
  readonly say: Told;
}

/** Something that others saw and this device did not, or that contradicts itself. */
export interface MissingItem extends Common {
  readonly is: 'gap';
  readonly gap: Gap;
  /** What was handed on of it, if anything was. */
  readonly handed: readonly HandedMessage[];
}

/** A message that somebody handed on. */
export interface HandedMessage {
  readonly id: string;
  readonly by: Person;
  readonly sender: Person;
  readonly at: number;
  /** Empty where it is no message that can be shown here. */
  readonly body: string;
  readonly lang: string | undefined;
  readonly checked: boolean;
}

export type TimelineItem =
  | Message
  | Happening
  /** Its key is being looked for. */
  | (Common & { readonly is: 'opening' })
  | (Common & { readonly is: 'unreadable'; readonly why: Unreadable })
  | MissingItem
  | (Common & { readonly is: 'deleted'; readonly thread?: ThreadSummary | undefined })
  | (Common & { readonly is: 'unsupported' });

/** Where items are made: the room, and what was said about each event. */
interface Place {
  readonly room: Room;
  readonly me: string;
  readonly about: ReadonlyMap<string, readonly Relation[]>;
  /** The root of the thread that the items are of; undefined for the room's own timeline. */
  readonly thread: string | undefined;
  readonly unread: UnreadIn | undefined;
}

/** What is known beside the events. */
interface Beside {
  /** All that this device has fetched of the room: what was said about a message may stand far from it. */
  readonly known?: readonly MatrixEvent[];
  /** The root of the thread that the events are of; undefined for the room's own timeline. */
  readonly thread?: string;
  /** What is unread, to be told at the roots of threads. */
  readonly unread?: UnreadIn;
}

/** The items of a room, or of a thread in it: what the server has given so far, then what is still on its way out. */
export function itemsOf(room: Room, me: string, events: readonly MatrixEvent[], outgoing: readonly Outgoing[], { known = events, thread, unread }: Beside = {}): TimelineItem[] {
  const there = new Set(known.map((event) => event.getId()));
  // A sync may be faster than the answer to what was sent: then the transaction id tells that it is there.
  const came = new Set(known.map((event): unknown => event.getUnsigned()['transaction_id']));
  const leaving = outgoing.filter((out) => !came.has(out.id) && (out.state.is !== 'saved' || !there.has(out.state.eventId)));
  const bundled = events.flatMap((event) => event.replacingEvent() ?? []).filter((event) => !there.has(event.getId()));
  const about = gather([...[...known, ...bundled].flatMap((event) => (isIgnored(room.client, event.getSender()) ? [] : (relationOf(event) ?? []))), ...leaving.flatMap((out) => relationOut(out, me) ?? [])]);
  const place: Place = { room, me, about, thread, unread };
  const items = events.flatMap((event) => itemOf(place, event) ?? []);
  for (const out of leaving) {
    if (out.type === 'm.room.message' && relationOut(out, me) === undefined && threadOf(out.content) === thread) items.push(outItem(place, out));
  }
  return withQuotes(place, items);
}

function outItem({ room, me }: Place, out: Outgoing): Message {
  const file = fileOf(out.content);
  return {
    is: 'message',
    file,
    key: out.id,
    id: out.state.is === 'saved' ? out.state.eventId : undefined,
    sender: personIn(room, me),
    mine: true,
    at: out.at,
    body: file === undefined ? straight(text(out.content['body'])) : captionOf(out.content),
    html: htmlIn(out.content),
    lang: out.lang,
    edited: false,
    state: out.state,
    outKey: out.id,
    quote: quoteIn(out.content),
    reactions: [],
    edits: [],
    mayDelete: false,
    mentions: mentionsIn(room, me, me, out.content),
    within: threadOf(out.content),
  };
}

function itemOf(place: Place, event: MatrixEvent): TimelineItem | undefined {
  const { room, me } = place;
  const sender = event.getSender();
  const id = event.getId();
  if (sender === undefined || id === undefined) return undefined;
  if (!event.isState() && isIgnored(room.client, sender)) return undefined;
  const transaction: unknown = event.getUnsigned()['transaction_id'];
  const common = {
    key: typeof transaction === 'string' ? transaction : id,
    id,
    sender: personIn(room, sender),
    mine: sender === me,
    at: event.getTs(),
  };
  if (event.isState()) {
    const told = toldOf(room, event);
    return told && { ...common, is: 'happening', say: told };
  }
  if (event.isRedacted()) return deleted(place, event, common);
  if (isAside(event)) return undefined;
  if (isVerification(event)) return { ...common, is: 'happening', say: { id: 'happening.verifying', args: { name: common.sender } } };
  const why = whyUnreadable(event);
  if (why !== undefined) return { ...common, is: 'unreadable', why };
  if (event.isBeingDecrypted() || event.shouldAttemptDecryption()) return event.isRelation('m.replace') ? undefined : { ...common, is: 'opening' };
  if (event.isRelation('m.replace') || event.getType() !== 'm.room.message') return undefined;
  return message(place, event, common);
}

function deleted({ room, thread, unread }: Place, event: MatrixEvent, common: Common & { id: string }): TimelineItem | undefined {
  if (wasAside(event) || !['m.room.message', 'm.room.encrypted'].includes(event.getType())) return undefined;
  if (common.id === thread) return { ...common, is: 'deleted' };
  if (deletedFrom(event) !== thread) return undefined;
  return { ...common, is: 'deleted', thread: thread === undefined ? summaryOf(room, event, unread?.threads.get(common.id)) : undefined };
}

function message({ room, me, about, thread, unread }: Place, event: MatrixEvent, common: Common & { id: string }): TimelineItem {
  const relations = about.get(common.id) ?? [];
  const original = event.getOriginalContent<Record<string, unknown>>();
  const edit = editInForce(relations, common.sender.id, event.isEncrypted());
  const replaced = edit?.content['m.new_content'];
  const content = isRecord(replaced) ? replaced : original;
  const readable: unknown[] = [MsgType.Text, MsgType.Notice, MsgType.Emote];
  const file = fileOf(content);
  if (file === undefined && !readable.includes(content['msgtype'])) return { ...common, is: 'unsupported' };
  const quote = quoteIn(original);
  const said = file === undefined ? straight(text(content['body'])) : captionOf(content);
  const body = quote === undefined ? said : withoutFallback(said);
  // An edit's envelope stands beside the new content, in the event that brought it.
  const envelope = readEnvelope(edit?.content ?? original);
  const sent = edit?.id === undefined ? undefined : room.findEventById(edit.id);
  return {
    ...common,
    is: 'message',
    body,
    file,
    html: htmlIn(content),
    lang: cleanTag(envelope?.lang) ?? languageOf(body),
    edited: edit !== undefined,
    state: common.mine ? (edit?.out?.state ?? { is: 'saved', eventId: common.id }) : undefined,
    outKey: edit?.out?.key ?? common.key,
    quote,
    reactions: reactionsIn(relations, me).map(({ key, who, mine }) => ({ key, who: who.map((id) => personIn(room, id)), mine })),
    edits: relations.flatMap((r) => (r.rel === 'm.replace' && r.sender === common.sender.id ? (r.id ?? []) : [])),
    doubt: doubtOf(sent ?? event) ?? doubtOf(event),
    mayDelete: room.getLiveTimeline().getState(Direction.Forward)?.maySendRedactionForEvent(event, me) ?? false,
    mentions: mentionsIn(room, me, common.sender.id, content),
    within: answersIn(event),
    thread: thread === undefined ? summaryOf(room, event, unread?.threads.get(common.id)) : undefined,
    place: common.mine && event.isEncrypted() && envelope?.run !== undefined ? { device: envelope.device, run: envelope.run, n: envelope.n, at: sent?.getTs() ?? common.at } : undefined,
  };
}

function htmlIn(content: Readonly<Record<string, unknown>>): string | undefined {
  const html = content['format'] === 'org.matrix.custom.html' ? text(content['formatted_body']) : '';
  return html === '' ? undefined : html;
}

function quoteIn(content: Readonly<Record<string, unknown>>): Quote | undefined {
  const about = content['m.relates_to'];
  const reply = isRecord(about) && about['is_falling_back'] !== true ? about['m.in_reply_to'] : undefined;
  const id = isRecord(reply) ? reply['event_id'] : undefined;
  return typeof id === 'string' ? { id, of: undefined } : undefined;
}

function withQuotes(place: Place, items: readonly TimelineItem[]): TimelineItem[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return items.map((item) => {
    if (item.is !== 'message' || item.quote === undefined) return item;
    const { id } = item.quote;
    const away = byId.has(id) ? undefined : place.room.findEventById(id);
    if (isIgnored(place.room.client, away?.getSender())) return { ...item, quote: { ...item.quote, ignored: true } };
    const of = away === undefined ? byId.get(id) : itemOf(place, away);
    return of?.is === 'message' ? { ...item, quote: { ...item.quote, of: { sender: of.sender, text: of.body, lang: of.lang } } } : item;
  });
}

// Older clients repeat what they answer at the head of the text.
function withoutFallback(body: string): string {
  return body.replace(/^(?:> .*\n)+\n/, '');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The first item of somebody else after an event; undefined where the event is not among those on the page. */
export function newFrom(items: readonly TimelineItem[], events: readonly MatrixEvent[], after: string | undefined): string | undefined {
  if (after === undefined) return undefined;
  const at = events.findIndex((event) => event.getId() === after);
  const later = new Set(at < 0 ? [] : events.slice(at + 1).map((event) => event.getId()));
  return items.find((item) => item.id !== undefined && later.has(item.id) && !item.mine && item.is !== 'happening')?.key;
}

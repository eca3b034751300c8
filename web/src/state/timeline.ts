// From Matrix events to what stands in a timeline. Pure: the same events give the same items.

import { EventType, KnownMembership, MsgType, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { readEnvelope } from '../crypto/envelope';
import { whyUnreadable, type Unreadable } from '../crypto/unreadable';
import type { ArgsOf, SentenceId } from '../lang/lang';
import { cleanTag, languageOf } from '../lang/script';
import { captionOf, fileOf, type MessageFile } from './file';
import type { Outgoing, OutgoingState } from './outbox';
import { personIn, type Person } from './person';

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
  readonly lang: string | undefined;
  readonly edited: boolean;
  /** Where one's own message is; others' are here, so there is nothing to say. */
  readonly state: OutgoingState | undefined;
}

/** Something that happened in the room: a sentence of lang/ and the people it names. */
export interface Happening extends Common {
  readonly is: 'happening';
  readonly say: { [Id in HappeningId]: { id: Id; args: { [Name in keyof ArgsOf<Id>]: Person | string } } }[HappeningId];
}
type HappeningId = Extract<
  SentenceId,
  'timeline.created' | 'timeline.invited' | 'timeline.joined' | 'timeline.left' | 'timeline.removed' | 'timeline.declined' | 'timeline.renamed'
>;

export type TimelineItem =
  | Message
  | Happening
  /** Its key is being looked for. */
  | (Common & { readonly is: 'opening' })
  | (Common & { readonly is: 'unreadable'; readonly why: Unreadable })
  | (Common & { readonly is: 'deleted' })
  | (Common & { readonly is: 'unsupported' });

/** The items of a room: what the server has given so far, then what is still on its way out. */
export function itemsOf(room: Room, me: string, events: readonly MatrixEvent[], outgoing: readonly Outgoing[]): TimelineItem[] {
  const items = events.flatMap((event) => itemOf(room, me, event) ?? []);
  const there = new Set(events.map((event) => event.getId()));
  const self = personIn(room, me);
  for (const out of outgoing) {
    if (out.type !== 'm.room.message' || (out.state.is === 'saved' && there.has(out.state.eventId))) continue;
    const file = fileOf(out.content);
    items.push({
      is: 'message',
      key: out.id,
      id: out.state.is === 'saved' ? out.state.eventId : undefined,
      sender: self,
      mine: true,
      at: out.at,
      body: file === undefined ? text(out.content['body']) : captionOf(out.content),
      file,
      lang: out.lang,
      edited: false,
      state: out.state,
    });
  }
  return items;
}

function itemOf(room: Room, me: string, event: MatrixEvent): TimelineItem | undefined {
  const sender = event.getSender();
  const id = event.getId();
  if (sender === undefined || id === undefined) return undefined;
  const transaction: unknown = event.getUnsigned()['transaction_id'];
  const common: Common = {
    key: typeof transaction === 'string' ? transaction : id,
    id,
    sender: personIn(room, sender),
    mine: sender === me,
    at: event.getTs(),
  };
  if (event.isState()) return happening(room, event, common);
  if (event.isRedacted()) return event.isRelation() ? undefined : { ...common, is: 'deleted' };
  const why = whyUnreadable(event);
  if (why !== undefined) return { ...common, is: 'unreadable', why };
  if (event.isBeingDecrypted() || event.shouldAttemptDecryption()) return { ...common, is: 'opening' };
  if (event.isRelation('m.replace') || event.getType() !== 'm.room.message') return undefined;
  return message(event, common);
}

function message(event: MatrixEvent, common: Common): TimelineItem {
  const content = event.getContent<Record<string, unknown>>();
  const readable: unknown[] = [MsgType.Text, MsgType.Notice, MsgType.Emote];
  const file = fileOf(content);
  if (file === undefined && !readable.includes(content['msgtype'])) return { ...common, is: 'unsupported' };
  const body = file === undefined ? text(content['body']) : captionOf(content);
  // An edit's envelope stands beside the new content, in the event that brought it.
  const source = event.replacingEvent() ?? event;
  const envelope = readEnvelope(source.getClearContent() ?? source.getOriginalContent());
  return {
    ...common,
    is: 'message',
    body,
    file,
    lang: cleanTag(envelope?.lang) ?? languageOf(body),
    edited: event.replacingEvent() !== null,
    state: common.mine && common.id !== undefined ? { is: 'saved', eventId: common.id } : undefined,
  };
}

function happening(room: Room, event: MatrixEvent, common: Common): TimelineItem | undefined {
  const name = common.sender;
  const tell = (say: Happening['say']): Happening => ({ ...common, is: 'happening', say });
  switch (event.getType() as EventType) {
    case EventType.RoomCreate:
      return tell({ id: 'timeline.created', args: { name } });
    case EventType.RoomName: {
      const title = text(event.getContent()['name']);
      return title === '' ? undefined : tell({ id: 'timeline.renamed', args: { name, room: title } });
    }
    case EventType.RoomMember:
      return member(room, event, name, tell);
    default:
      return undefined;
  }
}

function member(room: Room, event: MatrixEvent, name: Person, tell: (say: Happening['say']) => Happening): TimelineItem | undefined {
  const who = personIn(room, event.getStateKey() ?? '');
  const now: unknown = event.getContent()['membership'];
  const before: unknown = event.getPrevContent()['membership'];
  const own = event.getStateKey() === event.getSender();
  if (now === before) return undefined; // a new name or picture
  switch (now) {
    case KnownMembership.Invite:
      return tell({ id: 'timeline.invited', args: { name, who } });
    case KnownMembership.Join:
      return tell({ id: 'timeline.joined', args: { name: who } });
    case KnownMembership.Leave:
      if (!own) return tell({ id: 'timeline.removed', args: { name, who } });
      return tell({ id: before === KnownMembership.Invite ? 'timeline.declined' : 'timeline.left', args: { name: who } });
    case KnownMembership.Ban:
      return tell({ id: 'timeline.removed', args: { name, who } });
    default:
      return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

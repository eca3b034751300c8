// What happens to a room beside what is said in it: one sentence each, with the people it names.

import { EventType, KnownMembership, type MatrixEvent, type Room } from 'matrix-js-sdk';
import type { ArgsOf, SentenceId } from '../lang/lang';
import { oneLine } from './oneline';
import { personIn, type Person } from './person';
import { isRecord } from './relations';

type HappeningId = Extract<SentenceId, `happening.${string}`>;

/** A sentence of lang/, and whom and what it names. */
export type Told = { [Id in HappeningId]: { readonly id: Id; readonly args: { readonly [Name in keyof ArgsOf<Id>]: Person | string } } }[HappeningId];

/** What a piece of state tells the people of the room, or undefined where it tells them nothing. */
export function toldOf(room: Room, event: MatrixEvent): Told | undefined {
  const name = personIn(room, event.getSender() ?? '');
  switch (event.getType() as EventType) {
    case EventType.RoomCreate:
      return { id: 'happening.created', args: { name } };
    case EventType.RoomName: {
      const title = oneLine(text(event.getContent()['name']));
      return title === '' ? undefined : { id: 'happening.renamed', args: { name, room: title } };
    }
    case EventType.RoomTopic: {
      const topic = oneLine(text(event.getContent()['topic']));
      return topic === '' ? undefined : { id: 'happening.topic', args: { name, topic } };
    }
    case EventType.RoomPowerLevels:
      return levels(room, event, name);
    case EventType.RoomMember:
      return member(room, event, name);
    default:
      return undefined;
  }
}

function member(room: Room, event: MatrixEvent, name: Person): Told | undefined {
  const subject = event.getStateKey() ?? '';
  const who = personIn(room, subject);
  const now: unknown = event.getContent()['membership'];
  const before: unknown = event.getPrevContent()['membership'];
  const own = subject === event.getSender();
  if (now === before) return undefined; // a new name or picture
  switch (now) {
    case KnownMembership.Invite:
      return { id: 'happening.invited', args: { name, who } };
    case KnownMembership.Join:
      // That the maker of a room is in it goes without saying.
      return before === undefined && subject === room.getCreator() ? undefined : { id: 'happening.joined', args: { name: who } };
    case KnownMembership.Leave:
      if (before === KnownMembership.Invite) return own ? { id: 'happening.declined', args: { name: who } } : { id: 'happening.uninvited', args: { name, who } };
      if (before === KnownMembership.Ban) return { id: 'happening.unbanned', args: { name, who } };
      return own ? { id: 'happening.left', args: { name: who } } : { id: 'happening.removed', args: { name, who } };
    case KnownMembership.Ban:
      return { id: 'happening.banned', args: { name, who } };
    default:
      return undefined;
  }
}

// Who may do what is told each time it changes: whoever got power here did not get it unseen.
function levels(room: Room, event: MatrixEvent, name: Person): Told | undefined {
  const before = event.getPrevContent();
  if (Object.keys(before).length === 0) return undefined; // the room was made with these
  const was = levelsIn(before);
  const is = levelsIn(event.getContent());
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter((id) => was.get(id) !== is.get(id));
  const [one] = changed;
  if (one === undefined || changed.length > 1) return { id: 'happening.rules', args: { name } };
  const level = is.get(one) ?? 0;
  return { id: level >= 100 ? 'happening.owner' : level >= 50 ? 'happening.moderator' : 'happening.member', args: { name, who: personIn(room, one) } };
}

function levelsIn(content: Readonly<Record<string, unknown>>): Map<string, number> {
  const users = content['users'];
  const all = isRecord(users) ? Object.entries(users) : [];
  const common = typeof content['users_default'] === 'number' ? content['users_default'] : 0;
  return new Map(all.flatMap(([id, level]): [string, number][] => (typeof level === 'number' && level !== common ? [[id, level]] : [])));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

// Whom one's own messages have reached, as far as devices have said so, for the page of a room or of a thread.

import type { MatrixClient, Room } from 'matrix-js-sdk';
import { acksOf, type Acks } from '../delivery/acks';
import { personIn, type Person } from './person';
import type { TimelineItem } from './timeline';

export { mostPeople } from '../delivery/acks';

/** A person whom a message was sent to, and how many of their devices said that they have it. */
export interface Addressee {
  readonly person: Person;
  /** How many of their devices the keys went to. */
  readonly devices: number;
  readonly reached: number;
  /** How many have not said so and never will: other clients. */
  readonly other: number;
}

/** Whom a message has reached. */
export type Delivery =
  /** Nothing is counted: there are too many people, or this browser cannot check what devices say. */
  | { readonly is: 'unmeasured'; readonly why: 'size' | 'browser' }
  | {
      readonly is: 'measured';
      readonly devices: number;
      readonly reached: number;
      /** Empty where all devices have it: which those were is not kept. */
      readonly people: readonly Addressee[];
    };

/** What is known of the messages among items that this person wrote, by event id. */
export function deliveriesIn(client: MatrixClient, room: Room, items: readonly TimelineItem[]): ReadonlyMap<string, Delivery> {
  const acks = acksOf(client);
  const all = new Map<string, Delivery>();
  if (acks === undefined) return all;
  for (const item of items) {
    if (item.is !== 'message' || item.id === undefined || item.place === undefined || item.state?.is !== 'saved') continue;
    const delivery = shown(room, acks.of(room.roomId, item.place));
    if (delivery !== undefined) all.set(item.id, delivery);
  }
  return all;
}

/** Calls back whenever more is known; the answer ends that. */
export function onDelivery(client: MatrixClient, listener: () => void): () => void {
  return acksOf(client)?.onChange(listener) ?? (() => undefined);
}

function shown(room: Room, known: ReturnType<Acks['of']>): Delivery | undefined {
  if (known?.is === 'everywhere') return { is: 'measured', devices: known.devices, reached: known.devices, people: [] };
  if (known?.is !== 'measured') return known;
  const people = known.people.map(({ user, devices }): Addressee => {
    const count = (is: (typeof devices)[number]['is']): number => devices.filter((one) => one.is === is).length;
    return { person: personIn(room, user), devices: devices.length, reached: count('reached'), other: count('other') };
  });
  const sum = (of: (one: Addressee) => number): number => people.reduce((n, one) => n + of(one), 0);
  return { is: 'measured', devices: sum((one) => one.devices), reached: sum((one) => one.reached), people };
}

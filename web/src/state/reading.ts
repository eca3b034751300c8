// How far the history of the rooms has been read for the search. What is not read yet are gaps: stretches that begin
// at a token of the server and end at an event that was met before, or at the beginning of the room.

export interface Gap {
  /** From where on towards the past, as the server wrote it. */
  readonly from: string;
  /** The event that it ends at; without one it ends where the room begins. */
  readonly until?: string;
}

interface RoomReading {
  /** The newest event that was met. */
  readonly newest?: string;
  /** The newest first. */
  readonly gaps: readonly Gap[];
  /** How many messages this device could not decrypt. */
  readonly unreadable: number;
}

/** The notes that are kept beside the messages. */
export interface Notes {
  readonly v: 1;
  readonly rooms: Readonly<Record<string, RoomReading>>;
}

const nothing: RoomReading = { gaps: [], unreadable: 0 };

export class Reading {
  readonly #rooms: Map<string, RoomReading>;

  /** Goes on from notes; what is not notes of this version counts as none. */
  constructor(notes: unknown) {
    const kept = notes as Notes | undefined;
    this.#rooms = new Map(kept?.v === 1 ? Object.entries(kept.rooms) : []);
  }

  /**
   * Takes note of the newest stretch of a room: the ids in it, the oldest first, and the token of what lies before; null
   * where the room begins with it. It returns how many of these events, from the end, had not been met.
   */
  met(room: string, ids: readonly string[], before: string | null): number {
    const known = this.#rooms.get(room);
    const at = known?.newest === undefined ? -1 : ids.lastIndexOf(known.newest);
    const newest = ids.at(-1) ?? known?.newest;
    const { gaps, unreadable } = known ?? nothing;
    const gap: Gap[] = [];
    if (before !== null && at === -1 && (known === undefined || ids.length > 0)) {
      gap.push(known?.newest === undefined ? { from: before } : { from: before, until: known.newest });
    }
    this.#rooms.set(room, { ...(newest === undefined ? {} : { newest }), gaps: [...gap, ...gaps], unreadable });
    return ids.length - 1 - at;
  }

  /** The newest gap in the first of these rooms that has one. */
  next(rooms: readonly string[]): { room: string; gap: Gap } | undefined {
    for (const room of rooms) {
      const gap = this.#rooms.get(room)?.gaps[0];
      if (gap !== undefined) return { room, gap };
    }
    return undefined;
  }

  /** Takes note that a page of a gap was read: the ids on it, and the token of what lies before, if anything does. */
  read(room: string, gap: Gap, ids: readonly string[], before: string | undefined): void {
    const done = before === undefined || before === gap.from || (gap.until !== undefined && ids.includes(gap.until));
    this.#gap(room, gap, done ? undefined : { ...gap, from: before });
  }

  /** Takes note that a gap cannot be read: the server does not give it out. */
  refused(room: string, gap: Gap): void {
    this.#gap(room, gap, undefined);
  }

  /** Counts messages that could not be decrypted, or, below zero, some that could after all. */
  count(room: string, unreadable: number): void {
    const known = this.#rooms.get(room);
    if (known !== undefined) this.#rooms.set(room, { ...known, unreadable: Math.max(0, known.unreadable + unreadable) });
  }

  forget(room: string): void {
    this.#rooms.delete(room);
  }

  /** Whether a room was read to its beginning. */
  whole(room: string): boolean {
    return this.#rooms.get(room)?.gaps.length === 0;
  }

  /** The rooms that it knows. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  unreadable(room: string): number {
    return this.#rooms.get(room)?.unreadable ?? 0;
  }

  notes(): Notes {
    return { v: 1, rooms: Object.fromEntries(this.#rooms) };
  }

  #gap(room: string, before: Gap, after: Gap | undefined): void {
    const known = this.#rooms.get(room);
    if (known === undefined) return;
    const gaps = known.gaps.flatMap((gap) => (gap.from === before.from && gap.until === before.until ? (after ?? []) : gap));
    this.#rooms.set(room, { ...known, gaps });
  }
}

import { Direction, TimelineWindow, type EventTimelineSet, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';

const page = 50;
/** How many events are on the page at once: what is beyond is dropped at the other end, and comes back when one scrolls there. */
const most = 400;

/**
 * The stretch of a conversation that is on the page. It can begin anywhere in its history and be moved both ways; what
 * the server left out of a sync is fetched when one comes there.
 */
export class Stretch {
  readonly #window: TimelineWindow;

  /** Begins at the latest. */
  constructor(client: MatrixClient, set: EventTimelineSet) {
    this.#window = new TimelineWindow(client, set, { windowLimit: most });
    this.toLatest();
  }

  /** What is in it, the oldest first. */
  events(): readonly MatrixEvent[] {
    return this.#window.getEvents();
  }

  /** Whether it begins where the conversation begins. */
  get fromStart(): boolean {
    return !this.#window.canPaginate(Direction.Backward) || this.events()[0]?.getType() === 'm.room.create';
  }

  /** Whether nothing newer is known. */
  get toEnd(): boolean {
    return !this.#window.canPaginate(Direction.Forward);
  }

  /** Moves it to the end. */
  toLatest(): void {
    void this.#window.load(undefined, page); // what is here already needs no waiting
  }

  /** Moves it to where an event is. It throws where the server does not give the event. */
  async around(id: string): Promise<void> {
    await this.#window.load(id, page);
    await decrypted(this.events());
  }

  /** Makes it longer on one side. It throws where the server does not answer. */
  async more(side: 'earlier' | 'later'): Promise<void> {
    await this.#window.paginate(side === 'earlier' ? Direction.Backward : Direction.Forward, page);
    await decrypted(this.events());
  }

  /**
   * Takes in what has just come. Somebody who is at the end goes along with it; for somebody who reads above nothing is
   * taken away.
   */
  follow(atEnd: boolean): void {
    const room = most - this.events().length;
    if (!atEnd) this.#window.extend(Direction.Forward, Math.max(0, room));
    else while (this.#window.extend(Direction.Forward, page));
  }
}

// Rows that are opened have their height when they are put on the page. Waiting for a key would take too long.
async function decrypted(events: readonly MatrixEvent[]): Promise<void> {
  const running = events.flatMap((event) => event.getDecryptionPromise() ?? []);
  if (running.length === 0) return;
  await Promise.race([Promise.allSettled(running), new Promise((done) => setTimeout(done, 2_000))]);
}

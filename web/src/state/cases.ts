// Reports and what came of them. What a case says is the server's; nothing of it is kept here.

import { ClientEvent, KnownMembership, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';
import { languageOf } from '../lang/script';
import { casesOf, openCase, type About, type Act, type Case, type Outcome, type Step } from '../wire/cases';
import { allRooms } from '../wire/client';
import { faultOf, type Fault } from '../wire/fault';
import { follow, OneCase, toldType } from './case';
import { personOf, type Person } from './person';
import { titleOf } from './roomstate';
import { Store } from './store';
import type { Message } from './timeline';

export type { Act, Outcome };

/** The account data in which it is kept up to when changes were seen, for all of one's devices. */
const seenType = 'org.wardroom.cases_seen';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface AccountDataEvents {
    [seenType]: { changed: number };
  }
}

/** How much one may write at once: characters, as the server counts them. */
export const longestText = 4000;

/** What somebody is about to report. */
export type Matter =
  | { readonly is: 'message'; readonly room: string; readonly event: string; readonly sender: Person; readonly at: number; readonly body: string; readonly lang: string | undefined }
  | { readonly is: 'person'; readonly person: Person }
  | { readonly is: 'room'; readonly room: string; readonly name: string; readonly lang: string | undefined }
  /** A warrant: it is about who asked for it. */
  | { readonly is: 'warrant'; readonly hash: string; readonly short: string; readonly person: Person };

/** A room that a case is about, as far as this device knows it. */
export interface Where {
  readonly id: string;
  readonly name: string;
  readonly lang: string | undefined;
  /** Whether one is in it on this device. */
  readonly here: boolean;
}

export type ShownAbout =
  | { readonly is: 'message'; readonly where: Where; readonly event: string; readonly sender: Person | undefined }
  | { readonly is: 'person'; readonly person: Person }
  | { readonly is: 'room'; readonly where: Where };

export interface ShownStep extends Omit<Step, 'by' | 'to'> {
  readonly by: Person | undefined;
  readonly to: Person | undefined;
  readonly lang: string | undefined;
}

/** A case with people in it instead of ids. */
export interface ShownCase extends Omit<Case, 'about' | 'reporter' | 'inCharge' | 'steps'> {
  readonly about: ShownAbout;
  readonly reporter: Person;
  readonly inCharge: Person | undefined;
  /** What the person at this device is in it: who opened it, who is in charge, or who was. */
  readonly part: 'reporter' | 'inCharge' | 'before';
  readonly steps: readonly ShownStep[];
}

export interface CasesView {
  /** Undefined before the server has answered. */
  readonly list: readonly ShownCase[] | undefined;
  readonly fetching: boolean;
  /** Whether there are more, older ones. */
  readonly more: boolean;
  readonly fault: Fault | undefined;
  /** Whether something changed that this person has not seen. */
  readonly unseen: boolean;
}

/** The cases in which this person has a part. They are asked for while somebody looks at them. */
export class Cases extends Store<CasesView> {
  readonly #client: MatrixClient;
  readonly #names = new Map<string, string | undefined>();
  readonly #ones = new Map<number, OneCase>();
  readonly #texts = new Map<string, string>();
  #cases: readonly Case[] | undefined;
  #next: string | undefined;
  /** What was seen here; the account data follows. */
  #seen = 0;
  /** Up to when changes were seen when the page was opened, and the cases that were looked at since. */
  #before = 0;
  readonly #lookedAt = new Map<number, number>();
  /** How many things are being done just now. */
  #busy = 0;
  #turn: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;
  #onScreen = false;

  constructor(client: MatrixClient) {
    super({ list: undefined, fetching: false, more: false, fault: undefined, unseen: false });
    this.#client = client;
    client.on(ClientEvent.AccountData, this.#onData);
    client.on(ClientEvent.Sync, this.#mark);
    document.addEventListener('visibilitychange', this.#see);
    this.#mark();
  }

  close(): void {
    this.leave();
    this.#client.off(ClientEvent.AccountData, this.#onData);
    this.#client.off(ClientEvent.Sync, this.#mark);
    document.removeEventListener('visibilitychange', this.#see);
  }

  /** Begins to follow the list: its page is open. */
  open(): void {
    if (this.#stop !== undefined) return;
    this.#before = this.#seenUpTo();
    this.#stop = follow(this.#client, () => void this.look());
    void this.look();
  }

  leave(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#onScreen = false;
  }

  /** Whether the list itself can be seen: then what is new in it is seen, once it is there and the window is in sight. */
  show(onScreen: boolean): void {
    this.#onScreen = onScreen;
    this.#see();
  }

  /** Asks the server for the list, as far as it was shown. What was known stays where it gives no answer. */
  readonly look = (): Promise<void> => this.#inTurn(async () => this.#fetch([], undefined, this.#cases?.length ?? 0));

  /** Asks for older ones. */
  readonly more = (): Promise<void> => this.#inTurn(async () => this.#fetch(this.#cases ?? [], this.#next, 0));

  /** Reports something and returns the case that was opened. It throws where the server refuses, in its words. */
  readonly report = (matter: Matter, text: string): Promise<ShownCase> => this.doing(() => openCase(this.#client, aboutOf(matter), textOf(matter, text.trim())));

  /** The case of that number, to be looked at. */
  one(number: number): OneCase {
    const before = this.#ones.get(number);
    if (before !== undefined) return before;
    const one = new OneCase(this.#client, number, this);
    this.#ones.set(number, one);
    return one;
  }

  /** Whether a case has changed since its list was on the screen the last time, and was not looked at meanwhile. */
  isNew(one: ShownCase): boolean {
    return one.changed > Math.max(this.#before, this.#lookedAt.get(one.number) ?? 0);
  }

  /** What was written under a name and not sent; it lives as long as this page. */
  readonly written = (name: string): string => this.#texts.get(name) ?? '';

  readonly keep = (name: string, text: string): void => {
    if (text === '') this.#texts.delete(name);
    else this.#texts.set(name, text);
  };

  /** A room that somebody is in as well: there this device can show who they are. */
  readonly sharedWith = (userId: string): string | undefined =>
    this.#client.getRooms().find((room) => room.getMyMembership() === KnownMembership.Join && room.getMember(userId)?.membership === KnownMembership.Join)?.roomId;

  /** A case with people instead of ids. Of those whose names this device has not heard it asks the server. */
  readonly shown = async (one: Case): Promise<ShownCase> => {
    await this.#prepare([one]);
    return this.#shown(one);
  };

  /** The person at this device does something in a case: that is nothing new to them. It throws what the work throws. */
  readonly doing = async (work: () => Promise<Case>): Promise<ShownCase> => {
    const { told, seen } = this.#times();
    this.#busy++;
    const done = (): void => {
      this.#busy--;
      this.#mark();
    };
    try {
      const one = await work();
      const shown = await this.shown(one);
      this.#lookedAt.set(one.number, one.changed);
      void this.look().then(() => {
        // Somebody else may have done something elsewhere at the same time.
        const another = this.#cases?.some(({ number, changed }) => number !== one.number && changed > seen) ?? true;
        if (told <= seen && !another) this.#seeUpTo(one.changed);
        done();
      });
      return shown;
    } catch (error) {
      done();
      throw error;
    }
  };

  /** A case was looked at. */
  readonly lookedAt = (one: ShownCase): void => {
    if (this.#lookedAt.get(one.number) === one.changed) return;
    this.#lookedAt.set(one.number, one.changed);
    this.set({ ...this.snapshot() });
  };

  async #fetch(known: readonly Case[], from: string | undefined, least: number): Promise<void> {
    this.set({ ...this.snapshot(), fetching: true, fault: undefined });
    const all = [...known];
    try {
      // The list goes by number: what changed may be farther down.
      do {
        const page = await casesOf(this.#client, from);
        all.push(...page.cases);
        from = page.next;
      } while (from !== undefined && (all.length < least || latest(all) < this.#times().told));
      await this.#prepare(all);
      this.#next = from;
      this.#put(all);
      this.set({ ...this.snapshot(), fetching: false, more: from !== undefined });
      this.#see();
    } catch (error) {
      this.set({ ...this.snapshot(), fetching: false, fault: faultOf(error) });
    }
  }

  #put(cases: readonly Case[]): void {
    this.#cases = cases;
    this.set({ ...this.snapshot(), list: cases.map((one) => this.#shown(one)) });
  }

  // Two answers of the server must not overtake each other.
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  readonly #onData = (event: MatrixEvent): void => {
    if (event.getType() === toldType || event.getType() === seenType) this.#mark();
  };

  readonly #mark = (): void => {
    const { told, seen } = this.#times();
    // What one does oneself is told by the server before it is known that there is nothing else.
    const unseen = told > seen && (this.#busy === 0 || this.snapshot().unseen);
    if (unseen !== this.snapshot().unseen) this.set({ ...this.snapshot(), unseen });
  };

  readonly #see = (): void => {
    const { list, fetching, fault, more } = this.snapshot();
    if (!this.#onScreen || this.#cases === undefined || list === undefined || fetching || fault !== undefined || document.visibilityState === 'hidden') return;
    // What changed in a case that is gone since is seen as well: all that there is stands here.
    this.#seeUpTo(more ? latest(this.#cases) : Math.max(latest(this.#cases), this.#times().told));
  };

  #seeUpTo(changed: number): void {
    if (changed <= this.#seenUpTo()) return;
    this.#seen = changed;
    this.#mark();
    this.#client.setAccountData(seenType, { changed }).catch(() => undefined); // it is new again at the next start
  }

  #times(): { told: number; seen: number } {
    return { told: timeIn(this.#client, toldType), seen: this.#seenUpTo() };
  }

  #seenUpTo(): number {
    return Math.max(this.#seen, timeIn(this.#client, seenType));
  }

  // That one is not in a room is said once all rooms are there.
  async #prepare(cases: readonly Case[]): Promise<void> {
    if (cases.some(({ about }) => about.is !== 'person' && this.#client.getRoom(about.room) === null)) await allRooms(this.#client);
    await this.#learn(cases.flatMap(peopleIn));
  }

  async #learn(ids: readonly string[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#names.has(id) && personOf(this.#client, id).name === personOf(this.#client, id, id).name);
    await Promise.all(
      unknown.map(async (id) => {
        const profile = await this.#client.getProfileInfo(id, 'displayname').catch(() => undefined); // the account name stands in its place
        if (profile !== undefined) this.#names.set(id, profile.displayname);
      }),
    );
  }

  #person(id: string): Person {
    return personOf(this.#client, id, this.#names.get(id));
  }

  #shown(one: Case): ShownCase {
    const me = this.#client.getSafeUserId();
    return {
      ...one,
      about: this.#about(one.about),
      reporter: this.#person(one.reporter),
      inCharge: one.inCharge === undefined ? undefined : this.#person(one.inCharge),
      part: one.reporter === me ? 'reporter' : one.inCharge === me ? 'inCharge' : 'before',
      steps: one.steps.map((step) => ({ ...step, by: step.by === undefined ? undefined : this.#person(step.by), to: step.to === undefined ? undefined : this.#person(step.to), lang: languageOf(step.text) })),
    };
  }

  #about(about: About): ShownAbout {
    if (about.is === 'person') return { is: 'person', person: this.#person(about.person) };
    const room = this.#client.getRoom(about.room);
    const name = room === null ? '' : titleOf(room);
    const where = { id: about.room, name, lang: languageOf(name), here: room?.getMyMembership() === KnownMembership.Join };
    if (about.is === 'room') return { is: 'room', where };
    return { is: 'message', where, event: about.event, sender: about.person === undefined ? undefined : this.#person(about.person) };
  }
}

/** A message of a room, to be reported. */
export function messageMatter(room: string, message: Message): Matter | undefined {
  const { id, sender, at, body, lang, file } = message;
  return id === undefined ? undefined : { is: 'message', room, event: id, sender, at, body: body === '' && file !== undefined ? file.name : body, lang };
}

/** The name under which a text about something is kept until it is sent. */
export function matterName(matter: Matter): string {
  switch (matter.is) {
    case 'message':
      return matter.event;
    case 'person':
      return matter.person.id;
    case 'room':
      return matter.room;
    case 'warrant':
      return matter.hash;
  }
}

// Whoever answers finds the warrant by its hash, which it has everywhere.
function textOf(matter: Matter, text: string): string {
  return matter.is === 'warrant' ? `${text}\n\n${matter.hash}` : text;
}

function aboutOf(matter: Matter): About {
  return matter.is === 'person' || matter.is === 'warrant' ? { is: 'person', person: matter.person.id } : matter.is === 'message' ? { is: 'message', room: matter.room, event: matter.event } : { is: 'room', room: matter.room };
}

function peopleIn({ about, reporter, inCharge, steps }: Case): string[] {
  const ids = [reporter, inCharge, about.is === 'room' ? undefined : about.person, ...steps.flatMap(({ by, to }) => [by, to])];
  return ids.filter((id) => id !== undefined);
}

function latest(cases: readonly Case[]): number {
  return cases.reduce((time, { changed }) => Math.max(time, changed), 0);
}

// Another client may have written anything.
function timeIn(client: MatrixClient, type: typeof toldType | typeof seenType): number {
  const changed: unknown = client.getAccountData(type)?.getContent()['changed'];
  return typeof changed === 'number' ? changed : 0;
}

/** How many characters a text has too many. */
export function tooMany(text: string): number {
  return Math.max(0, Array.from(text.trim()).length - longestText);
}

// Warrants as far as they concern the person at this device: what was decided about them, and, for officers, what waits. What a warrant says is the
// server's; whether it is what officers sign is found out here.

import { ClientEvent, SyncState, type MatrixClient, type MatrixEvent } from 'matrix-js-sdk';
import { languageOf } from '../lang/script';
import { aboutMe, approveWarrant, askWarrant, refuseWarrant, standingOf, warrantsOf, type Asked, type Charter, type Evidence, type Kind, type Office, type Officer, type Progress, type Standing, type Warrant } from '../wire/warrants';
import { faultOf, type Fault } from '../wire/fault';
import { agrees, headBytes, textBytes } from './agrees';
import { now } from './now';
import { personOf, type Person } from './person';
import { Store } from './store';

export type { Asked, Charter, Evidence, Kind, Office };

/** The account data by which the server tells that something was decided about this person, and where it is kept what they have seen, for all their devices. */
const toldType = 'org.wardroom.warrants';
const seenType = 'org.wardroom.warrants_seen';

declare module 'matrix-js-sdk/lib/@types/event' {
  interface AccountDataEvents {
    [toldType]: { changed: number };
    [seenType]: { changed: number };
  }
}

const onAPage = 50;

/** Somebody, and the office that they have or had. */
export interface InOffice {
  readonly person: Person;
  readonly office: Office;
  readonly key: string;
  /** When their term ends, in milliseconds; undefined where that is not said. */
  readonly until: number | undefined;
}

export interface Said {
  readonly at: number;
  readonly by: Person;
  readonly refused: boolean;
  readonly text: string;
  readonly lang: string | undefined;
}

/** A warrant with people in it instead of ids. All times are in milliseconds since 1970. */
export interface ShownWarrant {
  readonly hash: string;
  /** What people call it. */
  readonly short: string;
  readonly kind: Kind;
  readonly state: Progress;
  readonly law: string;
  readonly asked: number;
  readonly approveBy: number;
  readonly until: number | undefined;
  readonly from: number | undefined;
  readonly executed: number | undefined;
  readonly entry: number | undefined;
  readonly by: Person;
  /** The office of who asks; undefined where nobody was an officer yet, or they are none any more. */
  readonly byOffice: Office | undefined;
  readonly subject: Person | undefined;
  readonly outside: string;
  readonly scope: string;
  readonly ground: string;
  readonly contract: boolean;
  readonly reasons: string;
  readonly automated: boolean;
  readonly milder: string;
  readonly evidence: readonly Evidence[];
  readonly appeal: string;
  readonly charter: Charter | undefined;
  readonly appoint: readonly InOffice[];
  readonly dismiss: readonly InOffice[];
  readonly reverses: number | undefined;
  readonly needs: number;
  readonly approvals: readonly InOffice[];
  /** Officers who may still approve it. */
  readonly may: readonly InOffice[];
  readonly words: readonly Said[];
  /** Whether the head is what the text says. */
  readonly agrees: boolean;
  /** What the person at this device has done with it, or may do. */
  readonly mine: 'open' | 'approved' | 'refused' | 'none';
  /** The bytes that are signed, and the file that `wardroom approve` reads. */
  readonly head: string;
  readonly file: string;
}

export interface Power {
  readonly charter: Charter | undefined;
  readonly officers: readonly InOffice[];
  readonly own: InOffice | undefined;
  readonly founder: boolean;
  readonly witnessed: boolean;
}

export interface WarrantsView {
  /** Who has power here; undefined before the server has answered. */
  readonly power: Power | undefined;
  /** What was decided about this person; undefined before the server has answered. */
  readonly about: readonly ShownWarrant[] | undefined;
  /** By which their tags in the public record are made, and how many were. */
  readonly tags: { readonly key: string; readonly used: number } | undefined;
  /** Until when they cannot write, in milliseconds. */
  readonly suspendedUntil: number | undefined;
  /** What they may decide on, or have asked for. */
  readonly list: readonly ShownWarrant[] | undefined;
  readonly more: boolean;
  readonly fault: Fault | undefined;
  /** Whether something was decided about them that they have not looked at. */
  readonly unseen: boolean;
  /** Whether they have a desk: they are in office, may appoint the first officers, or are to be one of these. */
  readonly desk: boolean;
}

export class Warrants extends Store<WarrantsView> {
  readonly #client: MatrixClient;
  readonly #names = new Map<string, string | undefined>();
  readonly #texts = new Map<string, string>();
  #standing: Standing | undefined;
  #list: readonly Warrant[] = [];
  #seen = 0;
  #turn: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;

  constructor(client: MatrixClient) {
    super({ power: undefined, about: undefined, tags: undefined, suspendedUntil: undefined, list: undefined, more: false, fault: undefined, unseen: false, desk: false });
    this.#client = client;
    client.on(ClientEvent.AccountData, this.#onData);
    client.on(ClientEvent.Sync, this.#onSync);
  }

  close(): void {
    this.leave();
    this.#client.off(ClientEvent.AccountData, this.#onData);
    this.#client.off(ClientEvent.Sync, this.#onSync);
  }

  /** Looks again every minute, until `leave`: officers are told of nothing that only waits for them. */
  open(): void {
    if (this.#stop !== undefined) return;
    this.#stop = now.subscribe(() => void this.look());
    void this.look();
  }

  leave(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Asks the server for everything. What was known stays where it gives no answer. */
  readonly look = (): Promise<void> => this.#inTurn(() => this.#fetch(this.#list.length));

  /** Asks for older ones on the desk. */
  readonly more = (): Promise<void> => this.#inTurn(() => this.#fetch(this.#list.length + onAPage));

  /** Asks for a warrant. It throws where the server refuses, in its words. */
  readonly ask = (asked: Asked): Promise<ShownWarrant> => this.#doing(() => askWarrant(this.#client, asked));

  /** Hands in a signature over the head. */
  readonly approve = (hash: string, signature: string): Promise<ShownWarrant> => this.#doing(() => approveWarrant(this.#client, hash, signature));

  /** Says why it is not approved. */
  readonly refuse = (hash: string, text: string): Promise<ShownWarrant> => this.#doing(() => refuseWarrant(this.#client, hash, text));

  /** What was decided stood on the screen. */
  readonly see = (): void => {
    const told = timeIn(this.#client, toldType);
    if (told <= this.#seenUpTo()) return;
    this.#seen = told;
    this.set({ ...this.snapshot(), unseen: false });
    this.#client.setAccountData(seenType, { changed: told }).catch(() => undefined); // it is new again at the next start
  };

  /** What was written under a name and not sent; it lives as long as this page. */
  readonly written = (name: string): string => this.#texts.get(name) ?? '';

  readonly keep = (name: string, text: string): void => {
    if (text === '') this.#texts.delete(name);
    else this.#texts.set(name, text);
  };

  async #fetch(least: number): Promise<void> {
    try {
      const [standing, about] = await Promise.all([standingOf(this.#client), aboutMe(this.#client)]);
      const list: Warrant[] = [];
      let more: boolean;
      do {
        const page = await warrantsOf(this.#client, list.at(-1)?.hash);
        list.push(...page);
        more = page.length === onAPage;
      } while (more && list.length < least);
      this.#standing = standing;
      this.#list = list;
      await this.#learn([...about.warrants, ...list]);
      const power = this.#power(standing);
      const shown = await Promise.all(about.warrants.map((one) => this.#shown(one)));
      const desk = await Promise.all(list.map((one) => this.#shown(one)));
      const waits = power.charter === undefined && (power.founder || desk.some(({ mine }) => mine !== 'none'));
      this.set({
        power, about: shown, tags: { key: about.key ?? '', used: about.used ?? 0 }, list: desk, more, fault: undefined, suspendedUntil: about.suspended_until, unseen: this.#unseen(), desk: power.own !== undefined || waits,
      });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  }

  readonly #onData = (event: MatrixEvent): void => {
    if (event.getType() === toldType) void this.look();
    if (event.getType() === toldType || event.getType() === seenType) this.set({ ...this.snapshot(), unseen: this.#unseen() });
  };

  readonly #onSync = (state: SyncState, before: SyncState | null): void => {
    if (state === SyncState.Syncing && before !== SyncState.Syncing) void this.look();
  };

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  async #doing(work: () => Promise<Warrant>): Promise<ShownWarrant> {
    const is = await work();
    await this.#learn([is]);
    const shown = await this.#shown(is);
    await this.look();
    return shown;
  }

  #unseen(): boolean {
    return timeIn(this.#client, toldType) > this.#seenUpTo();
  }

  #seenUpTo(): number {
    return Math.max(this.#seen, timeIn(this.#client, seenType));
  }

  async #learn(warrants: readonly Warrant[]): Promise<void> {
    const ids = [...warrants.flatMap(peopleIn), ...(this.#standing?.officers.map(({ user }) => user) ?? [])];
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

  #power({ charter, officers, own, founder, witnessed }: Standing): Power {
    return { charter, officers: officers.map((one) => this.#inOffice(one)), own: own === undefined ? undefined : this.#inOffice(own), founder, witnessed };
  }

  #inOffice({ user, office, key, until }: Omit<Officer, 'until'> & { until?: number }): InOffice {
    return { person: this.#person(user), office, key, until: until === undefined || until === 0 ? undefined : until * 1000 };
  }

  async #shown(warrant: Warrant): Promise<ShownWarrant> {
    const { hash, state, head, text, entry, from, executed, needs, approvals, words } = warrant;
    const me = this.#client.getSafeUserId();
    const officers = this.#standing?.officers ?? [];
    // The first ones are approved by those whom they appoint.
    const deciding = this.#standing?.charter === undefined ? (text.appoint ?? []) : officers.filter(({ key }) => key !== head.by && head.not?.includes(key) !== true);
    const may = state === 'open' ? deciding.filter(({ key }) => !approvals.some((one) => one.key === key)) : [];
    const mine = approvals.some(({ user }) => user === me)
      ? 'approved'
      : words.some(({ by, refused }) => refused && by === me)
        ? 'refused'
        : may.some(({ user }) => user === me)
          ? 'open'
          : 'none';
    return {
      hash,
      short: shortOf(hash),
      kind: text.kind,
      state,
      law: text.law,
      asked: text.asked * 1000,
      approveBy: text.approve_by * 1000,
      until: ms(text.until),
      from: ms(from),
      executed: ms(executed),
      entry,
      by: this.#person(text.by),
      byOffice: officers.find(({ key }) => key === head.by)?.office,
      subject: text.subject === undefined ? undefined : this.#person(text.subject),
      outside: text.outside ?? '',
      scope: text.scope,
      ground: text.ground,
      contract: text.contract === true,
      reasons: text.reasons,
      automated: text.automated === true,
      milder: text.milder ?? '',
      evidence: text.evidence ?? [],
      appeal: text.appeal,
      charter: text.charter,
      appoint: (text.appoint ?? []).map((one) => this.#inOffice(one)),
      dismiss: (text.dismiss ?? []).map((one) => this.#inOffice(one)),
      reverses: text.reverses,
      needs,
      approvals: approvals.map((one) => this.#inOffice(one)),
      may: may.map((one) => this.#inOffice(one)),
      words: words.map(({ at, by, refused, text: said }) => ({ at, by: this.#person(by), refused, text: said, lang: languageOf(said) })),
      agrees: await agrees(warrant),
      mine,
      head: headBytes(warrant),
      file: `{"head":${headBytes(warrant)},"text":${textBytes(warrant)}}`,
    };
  }
}

/** How many warrants wait for who has a desk; undefined where they have none. */
export function waitingOn({ desk, list }: WarrantsView): number | undefined {
  return desk ? (list ?? []).filter(({ state, mine }) => state === 'open' && mine === 'open').length : undefined;
}

/** What people call a warrant. */
export function shortOf(hash: string): string {
  return hash.slice(0, 8);
}

function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === 0 ? undefined : seconds * 1000;
}

function peopleIn({ text, approvals, words }: Warrant): string[] {
  const named = [text.by, text.subject, ...(text.appoint ?? []).map(({ user }) => user), ...(text.dismiss ?? []).map(({ user }) => user)];
  return [...named, ...approvals.map(({ user }) => user), ...words.map(({ by }) => by)].filter((id) => id !== undefined);
}

// Another client may have written anything.
function timeIn(client: MatrixClient, type: typeof toldType | typeof seenType): number {
  const changed: unknown = client.getAccountData(type)?.getContent()['changed'];
  return typeof changed === 'number' ? changed : 0;
}

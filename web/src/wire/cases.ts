// Cases: reports of a message, a person or a room, and what came of them. Spec: our own, /_matrix/client/unstable/org.wardroom/cases.

import { Method, type MatrixClient } from 'matrix-js-sdk';

/** What a case is about. */
export type About =
  /** A message; the server adds whose it is. */
  | { readonly is: 'message'; readonly room: string; readonly event: string; readonly person?: string | undefined }
  | { readonly is: 'person'; readonly person: string }
  | { readonly is: 'room'; readonly room: string };

export type Act = 'say' | 'decide' | 'appeal' | 'withdraw';
export type Outcome = 'upheld' | 'not_upheld';

/** One thing that was done in a case. */
export interface Step {
  readonly at: number;
  /** Undefined for what follows from the rules by itself. */
  readonly by: string | undefined;
  readonly did: string;
  /** Who is in charge from then on: of `assigned`. */
  readonly to: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly text: string;
}

/** A case as it stands now. All times are in milliseconds since 1970. */
export interface Case {
  readonly number: number;
  readonly about: About;
  readonly reporter: string;
  /** Undefined while it waits for somebody. */
  readonly inCharge: string | undefined;
  readonly opened: number;
  /** By when it is to be answered. */
  readonly due: number;
  readonly changed: number;
  readonly state: 'open' | 'decided' | 'withdrawn';
  /** Of the latest answer. */
  readonly outcome: Outcome | undefined;
  readonly appealed: boolean;
  /** What the person at this device may do now. */
  readonly may: readonly Act[];
  /** All that was done, the earliest first; empty in a list. */
  readonly steps: readonly Step[];
}

interface ToldAbout {
  room_id?: string;
  event_id?: string;
  user_id?: string;
}

interface Told extends Omit<Case, 'about' | 'inCharge' | 'may' | 'steps' | 'appealed'> {
  about: ToldAbout;
  in_charge?: string;
  appealed?: boolean;
  may?: Act[];
  steps?: { at: number; by?: string; did: string; to?: string; outcome?: Outcome; text?: string }[];
}

const prefix = '/_matrix/client/unstable/org.wardroom';
const path = '/cases';

/** Opens a case. */
export async function openCase(client: MatrixClient, about: About, text: string): Promise<Case> {
  return caseFrom(await client.http.authedRequest<Told>(Method.Post, path, undefined, { about: asked(about), text }, { prefix }));
}

/** A page of the cases in which this person has a part, those with the highest numbers first, and where the list goes on. */
export async function casesOf(client: MatrixClient, from: string | undefined): Promise<{ cases: readonly Case[]; next: string | undefined }> {
  const answer = await client.http.authedRequest<{ cases: Told[]; next_batch?: string }>(Method.Get, path, from === undefined ? {} : { from }, undefined, { prefix });
  return { cases: answer.cases.map(caseFrom), next: answer.next_batch };
}

/** One case, with its steps. It throws M_NOT_FOUND where this person has no part in it. */
export async function caseOf(client: MatrixClient, number: number): Promise<Case> {
  return caseFrom(await client.http.authedRequest<Told>(Method.Get, `${path}/${number}`, undefined, undefined, { prefix }));
}

/** Does something in a case and returns what it is then. The outcome is that of `decide`. */
export async function actIn(client: MatrixClient, number: number, act: Act, text: string, outcome?: Outcome): Promise<Case> {
  const body = outcome === undefined ? { text } : { text, outcome };
  return caseFrom(await client.http.authedRequest<Told>(Method.Post, `${path}/${number}/${act}`, undefined, body, { prefix }));
}

function asked(about: About): ToldAbout {
  switch (about.is) {
    case 'message':
      return { room_id: about.room, event_id: about.event };
    case 'person':
      return { user_id: about.person };
    case 'room':
      return { room_id: about.room };
  }
}

function caseFrom({ in_charge, about: { room_id = '', event_id = '', user_id = '' }, appealed = false, may = [], steps = [], outcome, ...told }: Told): Case {
  const person = user_id === '' ? undefined : user_id;
  return {
    ...told,
    about: event_id !== '' ? { is: 'message', room: room_id, event: event_id, person } : room_id !== '' ? { is: 'room', room: room_id } : { is: 'person', person: user_id },
    inCharge: in_charge === '' ? undefined : in_charge,
    outcome,
    appealed,
    may,
    steps: steps.map(({ at, by, did, to, outcome: came, text = '' }) => ({ at, by: by === '' ? undefined : by, did, to: to === '' ? undefined : to, outcome: came, text })),
  };
}

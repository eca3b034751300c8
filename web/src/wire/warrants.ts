// Warrants: acts of power over people, who asked for them, who approved them, and how far they have come.
// Spec: our own, /_matrix/client/unstable/org.wardroom/warrants. Times in heads and texts are in seconds since 1970.

import { Method, type MatrixClient } from 'matrix-js-sdk';

export type Kind = 'suspend' | 'restore' | 'appoint' | 'dismiss' | 'amend';
export type Office = 'steward' | 'counsel' | 'staff';
/** How far a warrant has come: it waits; was not approved in time; is in the record and announced; was carried out; has ended. */
export type Progress = 'open' | 'expired' | 'authorised' | 'executed' | 'done' | 'over';

/** What is decided before any act. */
export interface Charter {
  approvals: number;
  seal_days: number;
  state_secrets: boolean;
}

export interface Evidence {
  what: string;
  /** What it proves, and what it does not. */
  shows: string;
  not?: string;
  sha256?: string;
}

export interface Appointee {
  user: string;
  office: Office;
  key: string;
  until?: number;
}

/** What officers sign. */
export interface Head {
  log: string;
  kind: Kind;
  law: string;
  /** Of the text. */
  hash: string;
  asked: number;
  approve_by: number;
  until?: number;
  /** The key of the officer who asks for it. */
  by?: string;
  /** The keys of officers who do not approve it, because it is about them. */
  not?: string[];
  charter?: Charter;
  appoint?: { key: string; office: Office; until: number }[];
  dismiss?: string[];
  reverses?: number;
}

/** All that a warrant says. */
export interface Text {
  log: string;
  kind: Kind;
  law: string;
  asked: number;
  approve_by: number;
  until?: number;
  by: string;
  outside?: string;
  subject?: string;
  scope: string;
  ground: string;
  contract?: boolean;
  reasons: string;
  automated?: boolean;
  milder?: string;
  evidence?: Evidence[];
  appeal: string;
  charter?: Charter;
  appoint?: Appointee[];
  dismiss?: Appointee[];
  reverses?: number;
}

export interface Warrant {
  hash: string;
  state: Progress;
  head: Head;
  text: Text;
  /** The number of the record's entry that authorised it. */
  entry?: number;
  /** When it is carried out at the earliest, and when it was; in seconds. */
  from?: number;
  executed?: number;
  needs: number;
  approvals: { user: string; office: Office; key: string }[];
  /** What officers said; `at` in milliseconds. */
  words: { at: number; by: string; refused: boolean; text: string }[];
}

export interface Officer {
  user: string;
  office: Office;
  key: string;
  until: number;
}

/** Who has power here. */
export interface Standing {
  /** Absent where nobody is an officer yet: then no act of power exists. */
  charter?: Charter;
  officers: Officer[];
  own?: Officer;
  /** Whether this person may appoint the first officers. */
  founder: boolean;
  witnessed: boolean;
}

export interface AboutMe {
  /** By which this person's tags are made, in base64url, and how many were. */
  key?: string;
  used?: number;
  /** In milliseconds; absent where this person is not suspended. */
  suspended_until?: number;
  warrants: Warrant[];
}

/** What is filled in to ask for a warrant. */
export interface Asked {
  kind: Kind;
  law: string;
  scope: string;
  ground: string;
  contract: boolean;
  reasons: string;
  appeal: string;
  automated?: boolean;
  milder?: string;
  outside?: string;
  evidence?: Evidence[];
  subject?: string;
  until?: number;
  charter?: Charter;
  appoint?: Appointee[];
  dismiss?: string[];
  reverses?: number;
}

const prefix = '/_matrix/client/unstable/org.wardroom';
const path = '/warrants';

export function standingOf(client: MatrixClient): Promise<Standing> {
  return client.http.authedRequest(Method.Get, `${path}/standing`, undefined, undefined, { prefix });
}

/** What was decided about this person, the latest first. */
export function aboutMe(client: MatrixClient): Promise<AboutMe> {
  return client.http.authedRequest(Method.Get, `${path}/about`, undefined, undefined, { prefix });
}

/** A page of the warrants that this person may decide on or has asked for, the latest first: those behind the one with the hash from. */
export async function warrantsOf(client: MatrixClient, from: string | undefined): Promise<Warrant[]> {
  const { warrants } = await client.http.authedRequest<{ warrants: Warrant[] }>(Method.Get, path, from === undefined ? {} : { from }, undefined, { prefix });
  return warrants;
}

export function askWarrant(client: MatrixClient, asked: Asked): Promise<Warrant> {
  return client.http.authedRequest(Method.Post, path, undefined, { ...asked }, { prefix });
}

/** Hands in an officer's signature over the head. */
export function approveWarrant(client: MatrixClient, hash: string, signature: string): Promise<Warrant> {
  return client.http.authedRequest(Method.Post, `${path}/${encodeURIComponent(hash)}/approve`, undefined, { signature }, { prefix });
}

export function refuseWarrant(client: MatrixClient, hash: string, text: string): Promise<Warrant> {
  return client.http.authedRequest(Method.Post, `${path}/${encodeURIComponent(hash)}/refuse`, undefined, { text }, { prefix });
}

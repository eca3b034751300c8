// The envelope: what a Wardroom client puts inside the ciphertext of everything it sends, so that other Wardroom
// clients notice when a message was held back, repeated or put in another order. docs/decisions has the format.

import { canonicalJson, type Json } from './canonical';

/** Where the envelope stands in the content of an event, before encryption. */
export const envelopeKey = 'org.wardroom.envelope';

export interface Envelope {
  /** The version of this format. A reader passes over envelopes of versions that it does not know. */
  v: 1;
  /** The device that sent it; the session keys say the same, and a reader compares. */
  device: string;
  /** The run of the client that wrote it, a name that no other run has; absent where an earlier client wrote it. */
  run?: string;
  /** Which event of this run in this room it is, counted from 1 without gaps. */
  n: number;
  /** The hash of the content of the event before it, envelope included: of event n-1 of the run, or of the one that `after` names; empty for the first. */
  prev: string;
  /** With n = 1: the last event of this device in this room, by run and number, that the device has stored. Absent where there is none. */
  after?: { run: string; n: number };
  /** The last event that this device had seen in the room when it wrote this; empty if none. */
  seen: string;
  /** With n > 1: the digest of the events that this device saw after those that event n-1 had seen, up to `seen`. Absent where it does not know all of them. */
  between?: string;
  /** The language of the text, a BCP 47 tag. */
  lang?: string;
  /** Room for what comes later: device signature, label, provenance, ledger checkpoint. */
  sig?: Json;
  label?: Json;
  from?: Json;
  ledger?: Json;
}

/** The content of an event before encryption. */
export type Content = Record<string, Json | undefined>;

/** How far a device has counted in one room. */
export interface Chain {
  /** Absent where an earlier client counted, whose runs had no names. */
  run?: string;
  n: number;
  prev: string;
  /** What the last event of it named as seen; absent in what earlier clients kept. */
  seen?: string;
}

export const emptyChain: Chain = { n: 0, prev: '' };

/** A name for a run: no two are alike, whatever was stored or lost before. */
export function newRun(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(12)));
}

/** The envelope that follows chain, in a run. A run counts on what it counted itself; what an earlier one stored, it names. `between` is of what was seen since then. */
export function nextEnvelope(chain: Chain, run: string, device: string, seen: string, lang?: string, between?: string): Envelope {
  const spoken = lang === undefined ? {} : { lang };
  if (chain.run === run) return { v: 1, device, run, n: chain.n + 1, prev: chain.prev, seen, ...(between === undefined ? {} : { between }), ...spoken };
  const after = chain.n === 0 ? {} : { after: { run: chain.run ?? '', n: chain.n } };
  return { v: 1, device, run, n: 1, prev: chain.prev, ...after, seen, ...spoken };
}

/** The content with its envelope inside. An envelope that was there is replaced. */
export function withEnvelope(content: Content, envelope: Envelope): Content {
  return { ...content, [envelopeKey]: { ...envelope } };
}

/** What the chain becomes once content, envelope inside, was accepted by the server. */
export async function chainAfter(content: Content): Promise<Chain> {
  const envelope = readEnvelope(content);
  if (envelope === undefined) throw new Error('content without an envelope cannot continue a chain');
  return { ...(envelope.run === undefined ? {} : { run: envelope.run }), n: envelope.n, prev: await contentHash(content), seen: envelope.seen };
}

/** SHA-256 of the canonical JSON of content, in base64url without padding. */
export function contentHash(content: Content): Promise<string> {
  return sha256(canonicalJson(content));
}

/** The digest of events in their order: of SHA-256 over their ids, each with a line feed behind it, the first 128 bits. */
export function eventsDigest(ids: readonly string[]): Promise<string> {
  return sha256(ids.map((id) => `${id}\n`).join(''), 16);
}

async function sha256(text: string, bytes = 32): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return base64url(new Uint8Array(digest, 0, bytes));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The envelope inside a decrypted content, or undefined where there is none in good form. */
export function readEnvelope(content: Readonly<Record<string, unknown>>): Envelope | undefined {
  const found = content[envelopeKey];
  if (typeof found !== 'object' || found === null) return undefined;
  const e = found as Partial<Record<keyof Envelope, unknown>>;
  const good =
    e.v === 1 &&
    typeof e.device === 'string' &&
    (e.run === undefined || typeof e.run === 'string') &&
    isNumber(e.n) &&
    (e.after === undefined || isPlace(e.after)) &&
    typeof e.prev === 'string' &&
    typeof e.seen === 'string' &&
    (e.between === undefined || typeof e.between === 'string') &&
    (e.lang === undefined || typeof e.lang === 'string');
  return good ? (found as Envelope) : undefined;
}

function isPlace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { run, n } = value as { run?: unknown; n?: unknown };
  return typeof run === 'string' && isNumber(n);
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

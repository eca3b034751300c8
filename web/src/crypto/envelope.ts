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
  /** Which event of this device in this room it is, counted from 1 without gaps. */
  n: number;
  /** The hash of the content of this device's event n-1 in this room, envelope included; empty for the first. */
  prev: string;
  /** The last event that this device had seen in the room when it wrote this; empty if none. */
  seen: string;
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
  n: number;
  prev: string;
}

export const emptyChain: Chain = { n: 0, prev: '' };

/** The envelope that follows chain. */
export function nextEnvelope(chain: Chain, device: string, seen: string, lang?: string): Envelope {
  return { v: 1, device, n: chain.n + 1, prev: chain.prev, seen, ...(lang === undefined ? {} : { lang }) };
}

/** The content with its envelope inside. An envelope that was there is replaced. */
export function withEnvelope(content: Content, envelope: Envelope): Content {
  return { ...content, [envelopeKey]: { ...envelope } };
}

/** What the chain becomes once content, envelope inside, was accepted by the server. */
export async function chainAfter(content: Content): Promise<Chain> {
  const envelope = readEnvelope(content);
  if (envelope === undefined) throw new Error('content without an envelope cannot continue a chain');
  return { n: envelope.n, prev: await contentHash(content) };
}

/** SHA-256 of the canonical JSON of content, in base64url without padding. */
export async function contentHash(content: Content): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalJson(content)));
  const binary = String.fromCharCode(...new Uint8Array(digest));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The envelope inside a decrypted content, or undefined where there is none in good form. */
export function readEnvelope(content: Readonly<Record<string, unknown>>): Envelope | undefined {
  const found = content[envelopeKey];
  if (typeof found !== 'object' || found === null) return undefined;
  const e = found as Partial<Record<keyof Envelope, unknown>>;
  const good =
    e.v === 1 &&
    typeof e.device === 'string' &&
    Number.isSafeInteger(e.n) &&
    typeof e.prev === 'string' &&
    typeof e.seen === 'string' &&
    (e.lang === undefined || typeof e.lang === 'string');
  return good ? (found as Envelope) : undefined;
}

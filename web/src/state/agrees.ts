// Whether what officers sign is what a warrant says: checked in this browser, whatever the server answers.

import { canonicalJson, type Json } from '../crypto/canonical';
import type { Warrant } from '../wire/warrants';

/** The bytes of a head that are signed. */
export function headBytes({ head }: Pick<Warrant, 'head'>): string {
  return canonicalJson(head as unknown as Json);
}

/** The bytes of a text that are hashed. */
export function textBytes({ text }: Pick<Warrant, 'text'>): string {
  return canonicalJson(text as unknown as Json);
}

/** Whether the head names this text by its hash, so does the warrant, and both say the same. What cannot be read does not agree. */
export async function agrees(warrant: Warrant): Promise<boolean> {
  try {
    const { head, text, hash } = warrant;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(textBytes(warrant))));
    const named = btoa(String.fromCharCode(...digest)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    return named === head.hash && named === hash && shared(head) === shared({ ...text, dismiss: text.dismiss?.map(({ key }) => key) });
  } catch {
    return false;
  }
}

interface Shared {
  log: string;
  kind: string;
  law: string;
  asked: number;
  approve_by: number;
  until?: number | undefined;
  charter?: object | undefined;
  reverses?: number | undefined;
  appoint?: readonly { key: string; office: string; until?: number }[] | undefined;
  dismiss?: readonly string[] | undefined;
}

// What both say, in the one way to write it.
function shared({ log, kind, law, asked, approve_by, until, charter, reverses, appoint = [], dismiss = [] }: Shared): string {
  const people = appoint.map(({ key, office, until: end }) => ({ key, office, until: end }));
  return canonicalJson({ log, kind, law, asked, approve_by, until, charter, reverses, appoint: people, dismiss } as unknown as Json);
}

import { LedgerError } from './wrong';

export type Bytes = Uint8Array<ArrayBuffer>;

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function toBase64(bytes: Bytes): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** The bytes that text stands for. Whatever is not the one way to write them is refused. */
export function fromBase64(text: string): Bytes {
  let plain: string;
  try {
    plain = atob(text);
  } catch (cause) {
    throw new LedgerError('form', `${text} is not base64`, cause);
  }
  if (btoa(plain) !== text) throw new LedgerError('form', `${text} is not base64`);
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

export async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(...parts)));
}

// Signed notes: a text and who has signed it. Spec: c2sp.org/signed-note, c2sp.org/tlog-cosignature.

import { concat, fromBase64, hex, sha256, utf8, type Bytes } from './bytes';
import { LedgerError } from './wrong';

/** One line under a note. */
export interface Signature {
  readonly name: string;
  /** The first bytes of the hash of the key, in hexadecimal. */
  readonly id: string;
  readonly bytes: Bytes;
}

export interface Note {
  /** It ends with a line feed. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

/** Checks signatures of one log, which have no time, or of one witness, which have. */
export interface Key {
  readonly name: string;
  readonly id: string;
  readonly of: 'log' | 'witness';
  readonly key: CryptoKey;
}

const byAlgorithm: Partial<Record<number, Key['of']>> = { 1: 'log', 4: 'witness' };
const manyLines = 100;
const dash = '— ';

/** Takes a note apart. Nothing of it is checked but its form. */
export function parseNote(signed: string): Note {
  const end = signed.lastIndexOf('\n\n');
  const lines = signed.slice(end + 2).split('\n');
  // A lone surrogate has no UTF-8; other control characters than the line feed could hide something from whoever reads it.
  // eslint-disable-next-line no-control-regex
  if (end < 0 || lines.pop() !== '' || lines.length === 0 || lines.length > manyLines || /[\0-\x09\x0b-\x1f\ufffd]|\p{Surrogate}/u.test(signed)) {
    throw new LedgerError('form', 'it is no signed note');
  }
  return { text: signed.slice(0, end + 1), signatures: lines.map(signatureFrom) };
}

function signatureFrom(line: string): Signature {
  const [name = '', text = '', ...more] = line.slice(dash.length).split(' ');
  if (!line.startsWith(dash) || !isName(name) || more.length > 0) throw new LedgerError('form', `"${line}" is no signature`);
  const bytes = fromBase64(text);
  if (bytes.length < 5) throw new LedgerError('form', `"${line}" is no signature`);
  return { name, id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
}

function isName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name);
}

/** Reads a key in the form NAME+ID+KEY. */
export async function keyFrom(text: string): Promise<Key> {
  const [name = '', id = '', ...rest] = text.split('+');
  const bytes = fromBase64(rest.join('+')); // base64 has that sign as well
  const of = byAlgorithm[bytes[0] ?? 0];
  if (!isName(name) || of === undefined || bytes.length !== 33) throw new LedgerError('form', `${text} is no key that is known here`);
  if (hex((await sha256(utf8(`${name}\n`), bytes)).slice(0, 4)) !== id) throw new LedgerError('form', `${text} is not the key that it says it is`);
  return { name, id, of, key: await imported(bytes.slice(1)) };
}

async function imported(raw: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  } catch (cause) {
    throw new LedgerError('browser', 'this browser does not know Ed25519', cause);
  }
}

/**
 * What key has signed of a note: undefined where it has not. Otherwise the time that a witness has signed with, in seconds
 * since 1970; 0 for a log. It throws where a signature bears the key's name and is false.
 */
export async function signedBy({ text, signatures }: Note, key: Key): Promise<number | undefined> {
  const found = signatures.find(({ name, id }) => name === key.name && id === key.id);
  if (found === undefined) return undefined;
  let { bytes } = found;
  let message = utf8(text);
  let at = 0;
  if (key.of === 'witness') {
    if (bytes.length !== 72) throw new LedgerError('signature', `${key.name} has signed in a form that is not known`);
    const time = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
    if (time === 0n || time > BigInt(Number.MAX_SAFE_INTEGER)) throw new LedgerError('signature', `${key.name} has signed at no time`);
    at = Number(time);
    message = concat(utf8(`cosignature/v1\ntime ${time}\n`), message);
    bytes = bytes.slice(8);
  }
  if (!(await crypto.subtle.verify('Ed25519', key.key, bytes, message))) throw new LedgerError('signature', `the signature of ${key.name} is false`);
  return at;
}

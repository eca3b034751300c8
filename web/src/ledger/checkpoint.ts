// Checkpoints: how far a log goes, and who has signed that it only grew. Spec: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature.

import { fromBase64, type Bytes } from './bytes';
import { keyFrom, parseNote, signedBy } from './note';
import type { Policy } from './policy';
import { LedgerError } from './wrong';

/** A tree of a log: how many entries it has, and the hash over all of them. */
export interface Tree {
  readonly size: number;
  readonly hash: Bytes;
}

/** What a witness of the policy has said of a checkpoint. */
export interface Cosignature {
  readonly name: string;
  /** When it signed, in seconds since 1970; undefined where it has not. */
  readonly at: number | undefined;
}

export interface Checkpoint extends Tree {
  /** The log's name. */
  readonly origin: string;
  /** As it was served, with its signatures. */
  readonly signed: string;
  readonly witnesses: readonly Cosignature[];
  /** The last time at which enough witnesses had signed, in seconds since 1970; undefined where the policy names none, or none was given. */
  readonly witnessed: number | undefined;
}

/**
 * Checks a checkpoint: the log with that key has signed it, and enough of its witnesses, if a policy names any. It throws a
 * LedgerError. Nothing is said of what was there before: that is verifyConsistency.
 */
export async function verifyCheckpoint(signed: string, logKey: string, policy?: Policy): Promise<Checkpoint> {
  const note = parseNote(signed);
  const { origin, ...tree } = treeOf(note.text);
  const key = await keyFrom(logKey);
  if (key.of !== 'log' || key.name !== origin) throw new LedgerError('signature', `it is a checkpoint of ${origin}, and not of ${key.name}`);
  if ((await signedBy(note, key)) === undefined) throw new LedgerError('signature', `${origin} has not signed it`);
  const times = new Map<object, number>();
  for (const witness of policy?.witnesses ?? []) {
    const at = await signedBy(note, witness.key);
    if (at !== undefined) times.set(witness, at);
  }
  if (policy !== undefined && !policy.enough((witness) => times.has(witness))) throw new LedgerError('witnesses', 'too few of its witnesses have signed it');
  // The last time at which they were enough: that of the earliest among the latest signatures that are enough together.
  const latest = [...times.values()].sort((a, b) => b - a);
  const witnessed = latest.find((at) => policy?.enough((witness) => (times.get(witness) ?? -1) >= at));
  return { origin, ...tree, signed, witnesses: (policy?.witnesses ?? []).map((witness) => ({ name: witness.name, at: times.get(witness) })), witnessed };
}

/** The tree that the text of a checkpoint is about. */
export function treeOf(text: string): Tree & { origin: string } {
  const [origin = '', size = '', hash = '', ...rest] = text.split('\n');
  const end = rest.pop();
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)) || end !== '' || rest.includes('')) throw new LedgerError('form', 'it is no checkpoint');
  const bytes = fromBase64(hash);
  if (bytes.length !== 32) throw new LedgerError('form', 'it is no checkpoint');
  return { origin, size: Number(size), hash: bytes };
}

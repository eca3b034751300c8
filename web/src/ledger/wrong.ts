/**
 * What is wrong with a log, or with what was served in its place.
 *
 * `form`: it is no checkpoint, no entry, no policy. `signature`: the log's key, or that of a witness, has not signed it. `witnesses`: too few of them
 * have signed. `hash`: the entry is not in the tree, or the earlier tree is not its beginning. `shorter`: it has fewer entries than before.
 * `browser`: this browser cannot check signatures.
 */
export type Wrong = 'form' | 'signature' | 'witnesses' | 'hash' | 'shorter' | 'browser';

export class LedgerError extends Error {
  readonly wrong: Wrong;

  constructor(wrong: Wrong, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LedgerError';
    this.wrong = wrong;
  }
}

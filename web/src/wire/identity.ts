// What the ledger says about people's master keys. Spec: our own, docs/decisions/master-keys.md.

import { Method, type MatrixClient } from 'matrix-js-sdk';
import { MatrixError } from 'matrix-js-sdk/lib/http-api/errors';

/** What opens the newest entry about somebody that a checkpoint covers. Nothing of it is checked here. */
export interface Opening {
  /** The number of the entry. */
  readonly number: number;
  /** In base64. */
  readonly nonce: string;
}

export interface Openings {
  /** The key of people's tags, in base64. */
  readonly tagKey: string;
  /** Nobody is in it about whom there is no entry. */
  readonly people: ReadonlyMap<string, Opening>;
  /** About whom there is an entry that no checkpoint covers yet. */
  readonly pending: ReadonlySet<string>;
}

interface Told {
  tags: { key: string };
  people: Record<string, { pending: boolean; entries: { number: number; nonce: string }[] }>;
}

/** What opens the entries about people, at most a hundred. While the ledger has no checkpoint, all are pending; of a server that knows no such entries, nobody is in the answer. */
export async function openIdentities(client: MatrixClient, people: readonly string[]): Promise<Openings> {
  let told: Told;
  try {
    told = await client.http.authedRequest<Told>(Method.Post, '/identity', undefined, { people }, { prefix: '/_matrix/client/unstable/org.wardroom' });
  } catch (error) {
    if (!(error instanceof MatrixError) || error.httpStatus !== 404) throw error;
    return { tagKey: '', people: new Map(), pending: new Set(error.errcode === 'M_NOT_FOUND' ? people : []) };
  }
  const opened = Object.entries(told.people).flatMap(([user, { entries }]) => {
    const last = entries.at(-1);
    return last === undefined ? [] : [[user, last] as const];
  });
  return {
    tagKey: told.tags.key,
    people: new Map(opened),
    pending: new Set(Object.entries(told.people).flatMap(([user, { pending }]) => (pending ? [user] : []))),
  };
}

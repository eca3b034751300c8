// Invitations to sign up, which this person has made. Spec: our own, /_matrix/client/unstable/org.wardroom/invitations.

import { Method, type MatrixClient } from 'matrix-js-sdk';
import { home } from './home';

/** One that nobody has used yet. Its link is known only when it is made. */
export interface OpenInvitation {
  readonly id: string;
  /** What its maker called it. */
  readonly note: string;
  /** Until when it is valid, in milliseconds since 1970. */
  readonly expires: number;
}

const prefix = '/_matrix/client/unstable/org.wardroom';
const path = '/invitations';

/** One that was just made, with its link. */
export interface MadeInvitation {
  readonly id: string;
  readonly link: string;
}

/** Makes one for one person. */
export async function makeInvitation(client: MatrixClient, note: string): Promise<MadeInvitation> {
  const answer = await client.http.authedRequest<{ id: string; path: string }>(Method.Post, path, undefined, { note }, { prefix });
  return { id: answer.id, link: home() + answer.path };
}

/** Lists those that nobody has used yet. */
export async function openInvitations(client: MatrixClient): Promise<OpenInvitation[]> {
  const answer = await client.http.authedRequest<{ invitations: { id: string; note?: string; expires_ts: number }[] }>(Method.Get, path, undefined, undefined, { prefix });
  return answer.invitations.map((one) => ({ id: one.id, note: one.note ?? '', expires: one.expires_ts }));
}

/** Takes one back: nobody signs up with it any more. */
export async function takeBackInvitation(client: MatrixClient, id: string): Promise<void> {
  await client.http.authedRequest(Method.Delete, `${path}/${encodeURIComponent(id)}`, undefined, undefined, { prefix });
}

// Who is let into a room and put out of it, said for all members by this device. Where a room is not under these rules,
// nothing is said (docs/decisions/listener.md).

import type { MatrixClient, Room } from 'matrix-js-sdk';
import { admissionsType } from '../crypto/admission';
import { sayAdmission, waitingFor } from '../crypto/admit';
import { putOwnState } from '../wire/client';
import { faultOf } from '../wire/fault';

/** Lets somebody in: members give them keys from now on. It throws where the server does not answer. Where one may not say it here, they stay outside. */
export function letIn(client: MatrixClient, roomId: string, user: string): Promise<void> {
  return say(client, roomId, { user });
}

/** Puts somebody out, before they are removed or one leaves oneself: being back by the server's word alone, they are given no keys. */
export function putOut(client: MatrixClient, roomId: string, user: string): Promise<void> {
  return say(client, roomId, { user, out: true });
}

/** Lets those in who were let in by this person while they had no identity, and have one now. */
export async function letWaitingIn(client: MatrixClient, room: Room): Promise<void> {
  for (const user of await waitingFor(client, room)) await letIn(client, room.roomId, user);
}

async function say(client: MatrixClient, roomId: string, about: { user: string; out?: true }): Promise<void> {
  try {
    await sayAdmission(client, roomId, about, (content) => putOwnState(client, roomId, admissionsType, content));
  } catch (error) {
    if (faultOf(error).code !== 'M_FORBIDDEN') throw error;
  }
}

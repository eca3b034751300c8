// Inviting: the keys of what was said so far, and a signature by the device that invites (docs/decisions/invitation.md).

import { HistoryVisibility, type MatrixClient } from 'matrix-js-sdk';
import { canonicalJson } from './canonical';
import { IdentityUnproven } from './encrypt';
import { machineOf } from './machine';
import { unprovenOf } from './proven';
import { signText } from './sign';
import { learnIdentity, NoIdentity } from './trust';

/** Where the signed part stands in the content of a membership event. */
export const invitationKey = 'org.wardroom.invitation';

/** What a device signs when it invites somebody. */
export interface SignedInvitation {
  v: 1;
  room: string;
  invited: string;
  by: string;
  device: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The device's Ed25519 signature, in unpadded base64. */
  sig: string;
}

/** What is signed: the canonical JSON of the invitation without its signature, behind words that no other signature has. */
export function signedText(invitation: Omit<SignedInvitation, 'sig'>): string {
  return `wardroom/invitation/v1\0${canonicalJson({ ...invitation })}`;
}

/** An invitation to a room, signed by this device. */
export async function signInvitation(client: MatrixClient, room: string, invited: string): Promise<SignedInvitation> {
  const device = client.getDeviceId() ?? '';
  const by = client.getSafeUserId();
  const invitation = { v: 1, room, invited, by, device, at: Date.now() } as const;
  return { ...invitation, sig: await signText(client, signedText(invitation)) };
}

/**
 * Gives the devices of a person who is about to be invited the keys of the messages so far, where the room's rules let
 * invited people see them (MSC4268). It returns false where the rules do not, and throws IdentityUnproven where who they are is not in the ledger.
 */
export async function shareHistory(client: MatrixClient, roomId: string, userId: string): Promise<boolean> {
  const seenBy = client.getRoom(roomId)?.getHistoryVisibility();
  if (seenBy !== HistoryVisibility.Shared && seenBy !== HistoryVisibility.WorldReadable) return false;
  await learnIdentity(client, userId).catch((error: unknown) => {
    if (!(error instanceof NoIdentity)) throw error;
  });
  const who = await unprovenOf(client, [userId]);
  if (who.length > 0) throw new IdentityUnproven(who);
  await machineOf(client).shareRoomHistoryWithUser(roomId, userId);
  return true;
}

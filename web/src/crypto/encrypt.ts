import { EventStatus, KnownMembership, MatrixEvent, type MatrixClient } from 'matrix-js-sdk';
import { OnlySignedDevicesIsolationMode } from 'matrix-js-sdk/lib/crypto-api';
import type { Content } from './envelope';
import { cryptoOf, machineOf } from './machine';
import { withoutKey } from './outside';
import { unprovenOf } from './proven';
import { standingOf } from './trust';

/** What goes over the wire in place of an event. */
export interface Encrypted {
  type: string;
  content: object;
}

/** Thrown where nothing may be sent because people who were verified have other identities now. */
export class IdentityChanged extends Error {
  readonly who: readonly string[];

  constructor(who: readonly string[], cause: unknown) {
    super('the identity of somebody who was verified has changed', { cause });
    this.name = 'IdentityChanged';
    this.who = who;
  }
}

/** Thrown where nothing may be sent because the identities of people here are not in the ledger. */
export class IdentityUnproven extends Error {
  readonly who: readonly string[];

  constructor(who: readonly string[]) {
    super('the identity of somebody is not in the ledger');
    this.name = 'IdentityUnproven';
    this.who = who;
  }
}

/**
 * Encrypts an event of any type for the people in a room, reactions and edits too. Relations stay readable outside the
 * ciphertext, as Matrix has it, so that the server can answer for threads and replies; what somebody reacted with does not.
 *
 * The keys go only to devices that their owner has signed (MSC4153): a device that somebody else adds to an account,
 * the server included, gets none. It throws where this device is not signed itself, and IdentityChanged where somebody
 * who was verified has another identity now (docs/decisions/trust.md). It throws IdentityUnproven where the identity of somebody is not the newest that
 * the ledger has of them, and ProofAway where that cannot be found out (docs/decisions/master-keys.md).
 *
 * matrix-js-sdk sends reactions in clear, and ties the same choice of devices to what it decrypts; messages from
 * unsigned devices are to be readable here and marked. So its encryptor is called directly.
 *
 * Spec: client-server API, m.megolm.v1.aes-sha2; encrypting relations.
 */
export async function encrypt(client: MatrixClient, roomId: string, type: string, content: Content): Promise<Encrypted> {
  const encryptor = machineOf(client).roomEncryptors[roomId];
  if (encryptor === undefined) throw new Error(`no encryption in ${roomId}`);
  const event = new MatrixEvent({ type, content, room_id: roomId, sender: client.getSafeUserId() });
  event.setStatus(EventStatus.SENDING);
  await prove(client, roomId);
  try {
    await encryptor.encryptEvent(event, false, new OnlySignedDevicesIsolationMode());
  } catch (error) {
    const who = await changedIn(client, roomId);
    if (who.length === 0) throw error;
    // The library may have made a new session before it refused, and not have kept the half that decrypts: what was sent
    // with it later, this device itself could not read.
    await cryptoOf(client).forceDiscardSession(roomId);
    throw new IdentityChanged(who, error);
  }
  // Encrypting asks the server for keys, so who somebody is may have changed meanwhile. Then their devices have a key with which nothing was sent, and nothing will be.
  try {
    await prove(client, roomId);
  } catch (error) {
    await cryptoOf(client).forceDiscardSession(roomId);
    throw error;
  }
  return { type: event.getWireType(), content: withoutKey(event.getWireContent()) };
}

async function prove(client: MatrixClient, roomId: string): Promise<void> {
  const who = await unprovenOf(client, membersOf(client, roomId));
  if (who.length > 0) throw new IdentityUnproven(who);
}

function membersOf(client: MatrixClient, roomId: string): readonly string[] {
  const members = client.getRoom(roomId)?.getMembers() ?? [];
  return members.filter((one) => one.membership === KnownMembership.Join || one.membership === KnownMembership.Invite).map((one) => one.userId);
}

async function changedIn(client: MatrixClient, roomId: string): Promise<readonly string[]> {
  const who = membersOf(client, roomId);
  const standing = await Promise.all(who.map((userId) => standingOf(client, userId)));
  return who.filter((_, n) => standing[n] === 'changed');
}

/** Whether everything said in a room must be encrypted. Once it was so, a server cannot take it back. */
export function isEncrypted(client: MatrixClient, roomId: string): Promise<boolean> {
  return cryptoOf(client).isEncryptionEnabledInRoom(roomId);
}

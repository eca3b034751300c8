import { EventStatus, MatrixEvent, type MatrixClient } from 'matrix-js-sdk';
import { OnlySignedDevicesIsolationMode } from 'matrix-js-sdk/lib/crypto-api';
import type { Content } from './envelope';
import { cryptoOf, machineOf } from './machine';

/** What goes over the wire in place of an event. */
export interface Encrypted {
  type: string;
  content: object;
}

/**
 * Encrypts an event of any type for the people in a room, reactions and edits too. Relations stay readable outside the
 * ciphertext, as Matrix has it, so that the server can answer for threads and replies.
 *
 * The keys go only to devices that their owner has signed (MSC4153): a device that somebody else adds to an account,
 * the server included, gets none. It throws where this device is not signed itself, and where the identity of a
 * person who was verified has changed.
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
  await encryptor.encryptEvent(event, false, new OnlySignedDevicesIsolationMode());
  return { type: event.getWireType(), content: event.getWireContent() };
}

/** Whether everything said in a room must be encrypted. Once it was so, a server cannot take it back. */
export function isEncrypted(client: MatrixClient, roomId: string): Promise<boolean> {
  return cryptoOf(client).isEncryptionEnabledInRoom(roomId);
}

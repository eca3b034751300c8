// Trust: which devices their owner has signed, who somebody is, and whether that changed.

import { UserId } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { MatrixClient, MatrixEvent } from 'matrix-js-sdk';
import { CryptoEvent, EventShieldReason } from 'matrix-js-sdk/lib/crypto-api';
import { cryptoOf, machineOf } from './machine';

/** What is known of who somebody is. Their identity is the signing key that signs their devices. */
export type Standing =
  /** They have no identity: they never finished signing in, or this device has not heard of it. */
  | 'none'
  /** They have one, and nobody here has compared it. */
  | 'unverified'
  | 'verified'
  /** They were verified, and have another identity now. Nothing is sent to them until this person accepts that. */
  | 'changed'
  /** They were never verified, and have another identity than the one that was first seen. */
  | 'renewed';

/** Why one should look twice at a message. */
export type Doubt =
  /** The device that sent it is not signed by its owner. */
  | 'unsigned'
  /** The device that sent it is not known. */
  | 'unknownDevice'
  /** Its sender was verified, and has another identity now. */
  | 'changed'
  /** The server says it is from somebody other than whose device encrypted it. */
  | 'mismatched'
  /** It came unencrypted. */
  | 'clear';

/** Somebody's device. */
export interface Device {
  readonly id: string;
  readonly name: string;
  /** Whether its owner has signed it: only then is anything sent to it. */
  readonly signed: boolean;
}

/** Thrown where somebody has no identity that could be verified. */
export class NoIdentity extends Error {
  constructor(userId: string) {
    super(`${userId} has no signing keys`);
    this.name = 'NoIdentity';
  }
}

/** What is known of who somebody is. It asks nobody. */
export async function standingOf(client: MatrixClient, userId: string): Promise<Standing> {
  const status = await cryptoOf(client).getUserVerificationStatus(userId);
  if (status.isCrossSigningVerified()) return 'verified';
  if (status.wasCrossSigningVerified()) return 'changed';
  if (status.needsUserApproval) return 'renewed';
  return status.known ? 'unverified' : 'none';
}

/** Asks the server who somebody is now, and follows it from there on. It throws NoIdentity where they have no keys. */
export async function learnIdentity(client: MatrixClient, userId: string): Promise<void> {
  const { olmMachine, outgoingRequestProcessor } = machineOf(client);
  // Both calls take the ids away from JavaScript, so each gets its own.
  await olmMachine.updateTrackedUsers([new UserId(userId)]);
  await outgoingRequestProcessor.makeOutgoingRequest(olmMachine.queryKeysForUsers([new UserId(userId)]));
  if ((await standingOf(client, userId)) === 'none') throw new NoIdentity(userId);
}

/**
 * Takes somebody's new identity as theirs without verifying it. Afterwards they are `unverified`, and are sent to again.
 * Where they were verified, that ends: it was of the identity before.
 */
export async function acceptIdentity(client: MatrixClient, userId: string): Promise<void> {
  const crypto = cryptoOf(client);
  if ((await standingOf(client, userId)) === 'changed') await crypto.withdrawVerificationRequirement(userId);
  if ((await standingOf(client, userId)) === 'renewed') await crypto.pinCurrentUserIdentity(userId);
}

/** Somebody's devices. It asks the server where nothing is known of them. */
export async function devicesOf(client: MatrixClient, userId: string): Promise<readonly Device[]> {
  const crypto = cryptoOf(client);
  const known = [...((await crypto.getUserDeviceInfo([userId], true)).get(userId)?.values() ?? [])];
  const standing = await Promise.all(known.map((one) => crypto.getDeviceVerificationStatus(userId, one.deviceId)));
  return known.map((one, n) => ({ id: one.deviceId, name: one.displayName ?? one.deviceId, signed: standing[n]?.signedByOwner === true }));
}

/**
 * Which of this person's own devices are signed with their own signing key. Others send only to those. It asks the server
 * for the devices' keys, as a device that was added a moment ago is not known here yet.
 */
export async function signedDevices(client: MatrixClient): Promise<ReadonlySet<string>> {
  return new Set((await devicesOf(client, client.getSafeUserId())).flatMap((one) => (one.signed ? one.id : [])));
}

/** Whether this device is signed with the signing key that its owner has now, as far as it has heard. */
export async function isSigned(client: MatrixClient): Promise<boolean> {
  const status = await cryptoOf(client).getDeviceVerificationStatus(client.getSafeUserId(), client.getDeviceId() ?? '');
  return status?.signedByOwner === true;
}

/** Calls back whenever what is known of somebody's devices or identity may have changed; the answer ends that. */
export function onTrust(client: MatrixClient, listener: (userIds: readonly string[]) => void): () => void {
  const devices = (userIds: string[]): void => listener(userIds);
  const identity = (userId: string): void => listener([userId]);
  const keys = (): void => listener([client.getSafeUserId()]);
  client.on(CryptoEvent.DevicesUpdated, devices);
  client.on(CryptoEvent.UserTrustStatusChanged, identity);
  client.on(CryptoEvent.KeysChanged, keys);
  return () => {
    client.off(CryptoEvent.DevicesUpdated, devices);
    client.off(CryptoEvent.UserTrustStatusChanged, identity);
    client.off(CryptoEvent.KeysChanged, keys);
  };
}

// What was found out about an event stands beside it, as what it says in clear does; it goes when the event goes.
const doubts = new WeakMap<MatrixEvent, Doubt | 'none'>();

/** Why one should look twice at a message, as far as `judge` has found out. */
export function doubtOf(event: MatrixEvent): Doubt | undefined {
  const found = doubts.get(event);
  return found === 'none' ? undefined : found;
}

/** Finds out which messages deserve doubt; `again`: also where that was found out before. It says whether anything changed. */
export async function judge(client: MatrixClient, events: readonly MatrixEvent[], encrypted: boolean, again: boolean): Promise<boolean> {
  let changed = false;
  for (const event of events) {
    const before = doubts.get(event);
    if ((before !== undefined && !again) || event.isState() || event.isRedacted() || event.isBeingDecrypted() || event.isDecryptionFailure()) continue;
    const now = await doubtNow(client, event, encrypted);
    doubts.set(event, now ?? 'none');
    if (now !== undefined ? now !== before : before !== undefined && before !== 'none') changed = true;
  }
  return changed;
}

async function doubtNow(client: MatrixClient, event: MatrixEvent, encrypted: boolean): Promise<Doubt | undefined> {
  if (!event.isEncrypted()) return encrypted && event.getType() === 'm.room.message' && event.getContent()['msgtype'] !== 'm.key.verification.request' ? 'clear' : undefined;
  switch ((await cryptoOf(client).getEncryptionInfoForEvent(event))?.shieldReason) {
    case EventShieldReason.UNSIGNED_DEVICE:
      return 'unsigned';
    case EventShieldReason.UNKNOWN_DEVICE:
      return 'unknownDevice';
    case EventShieldReason.VERIFICATION_VIOLATION:
      return 'changed';
    case EventShieldReason.MISMATCHED_SENDER:
      return 'mismatched';
    default:
      // Of a message whose key came from the backup or with an invitation the server could have made the sender up only
      // together with somebody who had the key; a mark at every earlier message would say nothing.
      return undefined;
  }
}

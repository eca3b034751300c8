// Acknowledgements as they travel (docs/decisions/delivery.md): signed by the device that answers, encrypted to the one
// device that asked, and believed only from a device that its owner has signed.

import { DeviceId, RoomId, ShieldStateCode, UserId, type OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { MatrixClient, MatrixEvent } from 'matrix-js-sdk';
import { canonicalJson, type Json } from './canonical';
import { cryptoOf, machineOf } from './machine';

/** The type of an acknowledgement, inside the ciphertext. */
export const ackType = 'org.wardroom.ack';

/** A device, of whom. */
export interface Address {
  readonly user: string;
  readonly device: string;
}

/** What one device tells another: by room and run, which events of that run it has. */
export interface Letter extends Address {
  readonly rooms: { readonly [room: string]: Json };
}

interface Ack {
  v: 1;
  /** Who answers, with which device. */
  by: string;
  device: string;
  /** Whom it answers, at which device. */
  to: string;
  at: string;
  rooms: { readonly [room: string]: Json };
  /** The device's Ed25519 signature, in unpadded base64. */
  sig: string;
}

/** What came over the wire, once the crypto has looked at it. */
interface Received {
  readonly message: { readonly type: string; readonly sender: string; readonly content: Readonly<Record<string, unknown>> };
  readonly encryptionInfo: { readonly sender: string; readonly senderDevice?: string | undefined; readonly senderCurve25519KeyBase64: string } | null;
}

/** What is signed: the canonical JSON without the signature, behind words that no other signature has. */
function ackText(ack: Omit<Ack, 'sig'>): string {
  return `wardroom/ack/v1\0${canonicalJson({ ...ack })}`;
}

/** The devices of somebody that their owner has signed: those that keys of messages go to. It asks nobody. */
export async function keyedDevices(client: MatrixClient, userId: string): Promise<readonly string[]> {
  const devices = (await machineOf(client).olmMachine.getUserDevices(new UserId(userId))).devices();
  // A dehydrated device is a place where keys wait, and never answers.
  return devices.flatMap((one) => (one.isCrossSignedByOwner() && !one.isDehydrated ? one.deviceId.toString() : []));
}

/**
 * The device that wrote an event, where that is certain: the keys came from that device itself, and its owner has signed it.
 * 'later': the device is not known yet. Undefined: nothing may be concluded from what the event says about itself.
 */
export async function writerOf(client: MatrixClient, event: MatrixEvent): Promise<Address | 'later' | undefined> {
  const text = JSON.stringify({ event_id: event.getId(), type: event.getWireType(), sender: event.getSender(), content: event.getWireContent(), origin_server_ts: event.getTs() });
  const info = await machineOf(client).olmMachine.getRoomEventEncryptionInfo(text, new RoomId(event.getRoomId() ?? '')).catch(() => undefined);
  if (info === undefined) return undefined;
  const { code } = info.shieldState(false);
  if (code === ShieldStateCode.UnknownDevice) return 'later';
  const device = info.senderDevice?.toString();
  const sure = (code === undefined || code === ShieldStateCode.UnverifiedIdentity) && info.forwarder === undefined;
  return sure && device !== undefined ? { user: info.sender.toString(), device } : undefined;
}

/**
 * Sends letters, each encrypted for its device. It returns those that are done with: they left, or the device is none that anything is
 * sent to. The others, and all where it throws, can be sent again.
 */
export async function sendAcks<L extends Letter>(client: MatrixClient, letters: readonly L[]): Promise<readonly L[]> {
  const leaving = new Map<string, Map<string, Record<string, unknown>>>();
  const done: L[] = [];
  for (const letter of letters) {
    const { user: userId, device: deviceId } = letter;
    if (!(await keyedDevices(client, userId)).includes(deviceId)) {
      done.push(letter);
      continue;
    }
    try {
      const { batch } = await cryptoOf(client).encryptToDeviceMessages(ackType, [{ userId, deviceId }], await signed(client, letter));
      for (const { payload } of batch) leaving.set(userId, (leaving.get(userId) ?? new Map<string, Record<string, unknown>>()).set(deviceId, payload));
      if (batch.length > 0) done.push(letter);
    } catch {
      // No session with that device could be made just now.
    }
  }
  if (leaving.size > 0) await client.sendToDevice('m.room.encrypted', leaving);
  return done;
}

async function signed(client: MatrixClient, { user, device: at, rooms }: Letter): Promise<Record<string, unknown>> {
  const [by, device] = [client.getSafeUserId(), client.getDeviceId() ?? ''];
  const ack = { v: 1, by, device, to: user, at, rooms } as const;
  const signatures = JSON.parse((await machineOf(client).olmMachine.sign(ackText(ack))).asJSON()) as Record<string, Record<string, string>>;
  const sig = signatures[by]?.[`ed25519:${device}`];
  if (sig === undefined) throw new Error('this device has no signing key');
  return { ...ack, sig };
}

/**
 * Whose acknowledgement a message to this device is, and what it says; undefined where it is none, or not to be believed: it came in
 * clear, its device is not known, not signed by its owner or another one than it says, it was meant for another device, or the signature is wrong.
 */
export async function openAck(client: MatrixClient, { message, encryptionInfo }: Received): Promise<Letter | undefined> {
  if (message.type !== ackType || encryptionInfo === null) return undefined;
  const { sender, senderDevice, senderCurve25519KeyBase64 } = encryptionInfo;
  if (senderDevice === undefined || message.sender !== sender) return undefined;
  const ack = readAck(message.content);
  if (ack?.by !== sender || ack.device !== senderDevice || ack.to !== client.getSafeUserId() || ack.at !== client.getDeviceId()) return undefined;
  const known = await deviceOf(machineOf(client).olmMachine, sender, senderDevice);
  if (known?.isCrossSignedByOwner() !== true || known.curve25519Key?.toBase64() !== senderCurve25519KeyBase64) return undefined;
  const { sig, ...rest } = ack;
  const right = await verifies(known.ed25519Key?.toBase64() ?? '', sig, ackText(rest)).catch(() => false);
  return right ? { user: sender, device: senderDevice, rooms: ack.rooms } : undefined;
}

async function deviceOf(machine: OlmMachine, user: string, device: string): ReturnType<OlmMachine['getDevice']> {
  return machine.getDevice(new UserId(user), new DeviceId(device));
}

function readAck(content: Readonly<Record<string, unknown>>): Ack | undefined {
  const { v, by, device, to, at, rooms, sig } = content;
  if (v !== 1 || typeof rooms !== 'object' || rooms === null || Array.isArray(rooms)) return undefined;
  if (typeof by !== 'string' || typeof device !== 'string' || typeof to !== 'string' || typeof at !== 'string' || typeof sig !== 'string') return undefined;
  return { v, by, device, to, at, rooms: rooms as Ack['rooms'], sig };
}

/** Whether this browser can check signatures of devices at all. */
export async function canVerify(): Promise<boolean> {
  return crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  );
}

async function verifies(key: string, sig: string, text: string): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', unbase64(key), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', imported, unbase64(sig), new TextEncoder().encode(text));
}

function unbase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

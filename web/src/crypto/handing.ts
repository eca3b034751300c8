// From device to device, encrypted: asking for a message that did not come, and handing one on.

import { ClientEvent, type MatrixClient, type ReceivedToDeviceMessage } from 'matrix-js-sdk';
import { canonicalJson } from './canonical';
import { envelopeKey, readEnvelope, type Content } from './envelope';
import { cryptoOf, machineOf } from './machine';
import { devicesOf, standingOf } from './trust';

/** Sends content, encrypted, to the devices of some people that their owners have signed, this one left out. It returns how many there are. */
export async function sendToDevices(client: MatrixClient, userIds: readonly string[], type: string, content: object): Promise<number> {
  const all = await Promise.all([...new Set(userIds)].map(async (userId) => ((await standingOf(client, userId)) === 'changed' ? [] : (await devicesOf(client, userId)).filter(({ signed }) => signed).map(({ id }) => ({ userId, deviceId: id })))));
  const devices = all.flat().filter(({ userId, deviceId }) => userId !== client.getSafeUserId() || deviceId !== client.getDeviceId());
  return send(client, devices, type, content);
}

/** The same to one device, which its owner has signed. */
export async function sendToDevice(client: MatrixClient, userId: string, deviceId: string, type: string, content: object): Promise<void> {
  await send(client, [{ userId, deviceId }], type, content);
}

async function send(client: MatrixClient, devices: { userId: string; deviceId: string }[], type: string, content: object): Promise<number> {
  if (devices.length === 0) return 0;
  const batch = await cryptoOf(client).encryptToDeviceMessages(type, devices, content);
  if (batch.batch.length > 0) await client.queueToDevice(batch);
  return batch.batch.length;
}

/** Calls back for what came, encrypted, from devices that their owners have signed; the answer ends that. */
export function onFromDevices(client: MatrixClient, types: readonly string[], listener: (from: { userId: string; deviceId: string }, type: string, content: Readonly<Record<string, unknown>>) => void): () => void {
  const came = ({ message: { type, sender, content }, encryptionInfo }: ReceivedToDeviceMessage): void => {
    const deviceId = encryptionInfo?.senderDevice;
    if (!types.includes(type) || encryptionInfo?.sender !== sender || deviceId === undefined) return;
    void isFrom(client, sender, deviceId, encryptionInfo.senderCurve25519KeyBase64).then((is) => {
      if (is) listener({ userId: sender, deviceId }, type, content);
    }, () => undefined);
  };
  client.on(ClientEvent.ReceivedToDeviceMessage, came);
  return () => void client.off(ClientEvent.ReceivedToDeviceMessage, came);
}

async function isFrom(client: MatrixClient, userId: string, deviceId: string, key: string): Promise<boolean> {
  const crypto = cryptoOf(client);
  const device = (await crypto.getUserDeviceInfo([userId], true)).get(userId)?.get(deviceId);
  if (device?.getIdentityKey() !== key || (await standingOf(client, userId)) === 'changed') return false;
  return (await crypto.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner === true;
}

const signedAs = 'wardroom/event/v1\0';

/** What a device signs: the canonical JSON of the content without its signature, behind words that no other signature has. */
function signedText(content: Content): string {
  return signedAs + canonicalJson({ ...content, [envelopeKey]: { ...readEnvelope(content), sig: undefined } });
}

/** The content with this device's signature in its envelope. */
export async function signed(client: MatrixClient, content: Content): Promise<Content> {
  const envelope = readEnvelope(content);
  if (envelope === undefined) throw new Error('content without an envelope is not signed');
  const by = client.getSafeUserId();
  const signatures = JSON.parse((await machineOf(client).olmMachine.sign(signedText(content))).asJSON()) as Record<string, Record<string, string>>;
  const sig = signatures[by]?.[`ed25519:${envelope.device}`];
  if (sig === undefined) throw new Error('this device has no signing key');
  return { ...content, [envelopeKey]: { ...envelope, sig } };
}

/**
 * What the signature in an envelope says: 'good' where the device that it names, which its owner has signed, has signed the content;
 * 'false' where it did not; undefined where there is none, or the device's key is not known, or this browser cannot check it.
 */
export async function signatureOf(client: MatrixClient, sender: string, content: Content): Promise<'good' | 'false' | undefined> {
  const envelope = readEnvelope(content);
  if (typeof envelope?.sig !== 'string') return undefined;
  const device = (await cryptoOf(client).getUserDeviceInfo([sender])).get(sender)?.get(envelope.device);
  const key = device?.getFingerprint();
  if (key === undefined || (await cryptoOf(client).getDeviceVerificationStatus(sender, envelope.device))?.signedByOwner !== true) return undefined;
  try {
    const known = await crypto.subtle.importKey('raw', bytesOf(key), 'Ed25519', false, ['verify']);
    return (await crypto.subtle.verify('Ed25519', known, bytesOf(envelope.sig), new TextEncoder().encode(signedText(content)))) ? 'good' : 'false';
  } catch {
    return undefined;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

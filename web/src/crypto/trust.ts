// Trust: which devices their owner has signed.

import { type MatrixClient } from 'matrix-js-sdk';
import { CryptoEvent } from 'matrix-js-sdk/lib/crypto-api';
import { cryptoOf } from './machine';

/**
 * Which of this person's own devices are signed with their own signing key. Others send only to those. It asks the server
 * for the devices' keys, as a device that was added a moment ago is not known here yet.
 */
export async function signedDevices(client: MatrixClient): Promise<ReadonlySet<string>> {
  const me = client.getSafeUserId();
  const crypto = cryptoOf(client);
  const known = [...((await crypto.getUserDeviceInfo([me], true)).get(me)?.keys() ?? [])];
  const standing = await Promise.all(known.map((id) => crypto.getDeviceVerificationStatus(me, id)));
  return new Set(known.filter((_, n) => standing[n]?.signedByOwner === true));
}

/** Calls back whenever what is known of somebody's devices or identity may have changed; the answer ends that. */
export function onTrust(client: MatrixClient, listener: () => void): () => void {
  const events = [CryptoEvent.DevicesUpdated, CryptoEvent.UserTrustStatusChanged, CryptoEvent.KeysChanged] as const;
  for (const event of events) client.on(event, listener);
  return () => {
    for (const event of events) client.off(event, listener);
  };
}

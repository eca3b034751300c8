import type { MatrixClient } from 'matrix-js-sdk';
import { machineOf } from './machine';

/** This device's Ed25519 signature over a text, in unpadded base64. The text begins with words that nothing else it signs begins with. */
export async function signText(client: MatrixClient, text: string): Promise<string> {
  const by = client.getSafeUserId();
  const signatures = JSON.parse((await machineOf(client).olmMachine.sign(text)).asJSON()) as Record<string, Record<string, string>>;
  const sig = signatures[by]?.[`ed25519:${client.getDeviceId() ?? ''}`];
  if (sig === undefined) throw new Error('this device has no signing key');
  return sig;
}

// Tags: by them people's own devices find what is about them, and nobody else does (docs/decisions/warrants.md).

import { concat, fromBase64, toBase64, utf8 } from './bytes';

/** How many tags farther than the server says are looked for. */
const ahead = 100;

/** At most so many are made: a number of the server's is not to keep a browser busy. */
const most = 10_000;

/** The first tags of whoever has the key, in base64url: as many as were used, and some more. */
export async function ownTags(key: string, used: number): Promise<ReadonlySet<string>> {
  const plain = key.replaceAll('-', '+').replaceAll('_', '/');
  const secret = await crypto.subtle.importKey('raw', fromBase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const all = new Set<string>();
  for (let n = 0; n < Math.min(used + ahead, most); n++) {
    const number = new DataView(new ArrayBuffer(8));
    number.setBigUint64(0, BigInt(n));
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', secret, concat(utf8('wardroom/tag/v1\0'), new Uint8Array(number.buffer))));
    all.add(toBase64(mac.slice(0, 16)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''));
  }
  return all;
}

import { expect, test } from 'vitest';
import { decryptFile, encryptFile, readEncryptedFile, TamperedFile, type EncryptedFile } from './attachment';

// The vectors that other Matrix clients are tested against: ciphertext, counter block, key, hash, plaintext.
const none = { secret: 'A'.repeat(43), iv: 'AAAAAAAAAAAAAAAAAAAAAA' };
const ones = { secret: '_'.repeat(42) + '8', iv: '//////////8AAAAAAAAAAA' };
const vectors = [
  { ...none, cipher: '', hash: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU', plain: '' },
  { ...ones, cipher: '5xJZTt5cQicm+9f4', hash: 'YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k', plain: 'SGVsbG8sIFdvcmxk' },
  {
    ...ones,
    cipher: 'zhtFStAeFx0s+9L/sSQO+WQMtldqYEHqTxMduJrCIpnkyer09kxJJuA4K+adQE4w+7jZe/vR9kIcqj9rOhDR8Q',
    hash: 'IOq7/dHHB+mfHfxlRY5XMeCWEwTPmlf4cJcgrkf6fVU',
    plain: 'YWxwaGFudW1lcmljYWxseWFscGhhbnVtZXJpY2FsbHlhbHBoYW51bWVyaWNhbGx5YWxwaGFudW1lcmljYWxseQ',
  },
];

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function fileOf({ secret, iv, hash }: (typeof vectors)[number]): EncryptedFile {
  const read = readEncryptedFile({
    v: 'v2',
    url: 'mxc://port.example/abc',
    key: { kty: 'oct', alg: 'A256CTR', k: secret, key_ops: ['encrypt', 'decrypt'], ext: true },
    iv,
    hashes: { sha256: hash },
  });
  if (read === undefined) throw new Error('not read');
  return read;
}

test('what other clients encrypted is decrypted', async () => {
  for (const vector of vectors) {
    expect(new Uint8Array(await decryptFile(bytes(vector.cipher), fileOf(vector)))).toEqual(bytes(vector.plain));
  }
});

test('a file of which one bit was changed is refused, and so is one with another hash', async () => {
  const vector = vectors[1]!;
  const changed = bytes(vector.cipher);
  changed[0]! ^= 1;
  await expect(decryptFile(changed, fileOf(vector))).rejects.toThrow(TamperedFile);
  await expect(decryptFile(bytes(vector.cipher), fileOf({ ...vector, hash: vectors[0]!.hash }))).rejects.toThrow(TamperedFile);
});

test('what is encrypted here can be read again, never with the same key or counter, and the counter begins at nought', async () => {
  const plain = new TextEncoder().encode('the load table of last year');
  const [one, two] = [await encryptFile(plain), await encryptFile(plain)];
  expect(new Uint8Array(await decryptFile(new Uint8Array(one.bytes), one.key))).toEqual(Uint8Array.from(plain));
  expect(readEncryptedFile({ ...one.key, url: 'mxc://port.example/abc' })).toEqual({ ...one.key, url: 'mxc://port.example/abc' });
  expect(one.key.key.k).not.toBe(two.key.key.k);
  expect(one.key.iv).not.toBe(two.key.iv);
  expect(bytes(one.key.iv).slice(8)).toEqual(new Uint8Array(8));
  expect(new Uint8Array(one.bytes)).not.toEqual(Uint8Array.from(plain));
});

test('a description in another form is not taken', () => {
  const good = fileOf(vectors[1]!);
  expect(readEncryptedFile(good)).toBeDefined();
  const { hashes, ...withoutHash } = good;
  for (const bad of [null, 'v2', withoutHash, { ...good, hashes: {} }, { ...good, v: 'v1' }, { ...good, iv: 'AAAA' }, { ...good, key: { ...good.key, k: 'short' } }, { ...good, key: { ...good.key, alg: 'A128CTR' } }, { ...good, hashes: { sha256: hashes.sha256 + '\n' } }]) {
    expect(readEncryptedFile(bad), JSON.stringify(bad)).toBeUndefined();
  }
});

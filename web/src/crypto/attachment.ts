// Files are encrypted here before they leave, each with a key of its own. The key travels inside the encrypted
// message; the server keeps bytes that it cannot read.
//
// Spec: client-server API, "Sending encrypted attachments".

/** Where an encrypted file is, and what opens it: the specification's EncryptedFile. */
export type EncryptedFile = {
  readonly v: 'v2';
  readonly url: string;
  readonly key: { readonly kty: 'oct'; readonly alg: 'A256CTR'; readonly k: string; readonly key_ops: readonly string[]; readonly ext: true };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
};

/** What opens a file, wherever it is. */
export type FileKey = Omit<EncryptedFile, 'url'>;

/** The bytes are not those that the sender encrypted. Nothing of them was decrypted. */
export class TamperedFile extends Error {
  constructor() {
    super('the SHA-256 of the file is not the one in the message');
    this.name = 'TamperedFile';
  }
}

/** Encrypts bytes under a fresh key. What it returns beside the ciphertext opens it again. */
export async function encryptFile(plain: BufferSource): Promise<{ bytes: ArrayBuffer; key: FileKey }> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const iv = new Uint8Array(16);
  crypto.getRandomValues(iv.subarray(0, 8)); // the other half counts blocks, from nought
  const key = await crypto.subtle.importKey('raw', secret, 'AES-CTR', false, ['encrypt']);
  const bytes = await crypto.subtle.encrypt({ name: 'AES-CTR', counter: iv, length: 64 }, key, plain);
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  const k = base64(secret).replaceAll('+', '-').replaceAll('/', '_');
  return {
    bytes,
    key: {
      v: 'v2',
      key: { kty: 'oct', alg: 'A256CTR', k, key_ops: ['encrypt', 'decrypt'], ext: true },
      iv: base64(iv),
      hashes: { sha256: base64(new Uint8Array(hash)) },
    },
  };
}

/** Decrypts what encryptFile made, here or elsewhere. It throws TamperedFile where the hash is another. */
export async function decryptFile(bytes: BufferSource, file: FileKey): Promise<ArrayBuffer> {
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  if (base64(new Uint8Array(hash)) !== file.hashes.sha256) throw new TamperedFile();
  const jwk = { kty: file.key.kty, alg: file.key.alg, k: file.key.k };
  const key = await crypto.subtle.importKey('jwk', jwk, 'AES-CTR', false, ['decrypt']);
  return crypto.subtle.decrypt({ name: 'AES-CTR', counter: unbase64(file.iv), length: 64 }, key, bytes);
}

/** The EncryptedFile in something that came from elsewhere, or undefined where it is not one in good form. */
export function readEncryptedFile(value: unknown): EncryptedFile | undefined {
  const { v, url, key, iv, hashes } = fields(value);
  const { kty, alg, k } = fields(key);
  const { sha256 } = fields(hashes);
  if (v !== 'v2' || kty !== 'oct' || alg !== 'A256CTR' || typeof url !== 'string' || typeof k !== 'string') return undefined;
  if (!/^[\w-]{43}$/.test(k) || typeof iv !== 'string' || typeof sha256 !== 'string') return undefined;
  if (!/^[A-Za-z0-9+/]{22}(==)?$/.test(iv) || !/^[A-Za-z0-9+/]{43}=?$/.test(sha256)) return undefined;
  return { v, url, key: { kty, alg, k, key_ops: ['encrypt', 'decrypt'], ext: true }, iv, hashes: { sha256: sha256.replace('=', '') } };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Unpadded Base64. */
function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
}

function unbase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

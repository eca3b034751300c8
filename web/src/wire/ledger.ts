import { ConnectionError, MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { at } from './home';

/**
 * Reads a part of the server's ledger: "checkpoint", or a tile, which never changes. Nothing of it is checked here. It throws
 * where the server does not answer or has none.
 *
 * Spec: c2sp.org/tlog-tiles.
 */
export async function readLedger(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(at(`/ledger/${path}`), path === 'checkpoint' ? 'no-store' : 'default');
}

/** A file of the client that this page is, as the browser gives it to the page. It throws where it gives none. */
export async function readOwnFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(name === 'index.html' ? '/' : `/${name}`, 'default');
}

async function bytesOf(url: string, cache: RequestCache): Promise<Uint8Array<ArrayBuffer>> {
  let answer: Response;
  try {
    answer = await fetch(url, { cache });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    throw new ConnectionError('no answer', cause instanceof Error ? cause : undefined);
  }
  throw new MatrixError((await answer.json().catch(() => ({}))) as object, answer.status);
}

// Files on the server. What is put there is encrypted before, in crypto/attachment.

import type { MatrixClient } from 'matrix-js-sdk';
import { ConnectionError, MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { FaultError } from './fault';
import { at } from './home';
import type { Tokens } from './tokens';

/** How far an upload has come, in bytes. */
export type Progress = (loaded: number, total: number) => void;

/**
 * Puts bytes on the server and returns their mxc address. They are on its disk when upload returns. Without the
 * server's answer, or after signal, it throws; what was put there then is found by nobody.
 *
 * Spec: client-server API, POST /_matrix/media/v3/upload.
 */
export async function upload(client: MatrixClient, tokens: Tokens, bytes: ArrayBuffer, progress: Progress, signal: AbortSignal): Promise<string> {
  await tokens.freshen(); // the SDK sends this with XMLHttpRequest, which has progress and is not our fetch
  const limit = (await client.getMediaConfig(true))['m.upload.size'];
  if (limit !== undefined && bytes.byteLength > limit) throw new FaultError({ id: 'fault.tooLarge', code: 'M_TOO_LARGE' });
  signal.throwIfAborted();
  const abortController = new AbortController();
  const stop = (): void => abortController.abort();
  signal.addEventListener('abort', stop);
  try {
    const body = new Blob([bytes], { type: 'application/octet-stream' });
    const answer = await client.uploadContent(body, { includeFilename: false, abortController, progressHandler: ({ loaded, total }) => progress(loaded, total) });
    return answer.content_uri;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Fetches the bytes behind an mxc address.
 *
 * Spec: client-server API, GET /_matrix/client/v1/media/download/{serverName}/{mediaId}.
 */
export async function download(tokens: Tokens, mxc: string): Promise<ArrayBuffer> {
  return (await get(tokens, 'download', mxc, '')).arrayBuffer();
}

/**
 * Fetches a small square of the picture behind an mxc address, side pixels wide or a little more. The server can make one of what is not encrypted alone.
 *
 * Spec: client-server API, GET /_matrix/client/v1/media/thumbnail/{serverName}/{mediaId}.
 */
export async function thumbnail(tokens: Tokens, mxc: string, side: number): Promise<Blob> {
  return (await get(tokens, 'thumbnail', mxc, `?width=${side}&height=${side}&method=crop`)).blob();
}

/**
 * Puts a picture on the server as it is, readable for the server and everybody on it, and returns its mxc address.
 *
 * Spec: client-server API, POST /_matrix/media/v3/upload.
 */
export async function publish(tokens: Tokens, picture: Blob): Promise<string> {
  const answer = await ask(tokens, '/_matrix/media/v3/upload', { method: 'POST', body: picture, headers: { 'Content-Type': picture.type } });
  return ((await answer.json()) as { content_uri: string }).content_uri;
}

async function get(tokens: Tokens, what: string, mxc: string, query: string): Promise<Response> {
  const [, server, media] = /^mxc:\/\/([^/?#]+)\/([\w-]+)$/.exec(mxc) ?? [];
  if (server === undefined || media === undefined) throw new FaultError({ id: 'fault.notFound', code: 'M_NOT_FOUND' });
  return ask(tokens, `/_matrix/client/v1/media/${what}/${encodeURIComponent(server)}/${media}${query}`, {});
}

async function ask(tokens: Tokens, address: string, init: { method?: string; body?: Blob; headers?: Record<string, string> }): Promise<Response> {
  let answer: Response;
  try {
    answer = await tokens.fetch(at(address), { ...init, headers: { ...init.headers, Authorization: `Bearer ${tokens.login.accessToken}` } });
  } catch (cause) {
    throw new ConnectionError('no answer', cause instanceof Error ? cause : undefined);
  }
  if (!answer.ok) throw new MatrixError((await answer.json().catch(() => ({}))) as object, answer.status, undefined, undefined, answer.headers);
  return answer;
}

import { File as NodeFile } from 'node:buffer';
import { ConnectionError } from 'matrix-js-sdk/lib/http-api/errors';
import { expect, test, vi } from 'vitest';
import { readEncryptedFile, decryptFile } from '../crypto/attachment';
import type { Content } from '../crypto/envelope';
import { FaultError } from '../wire/fault';
import { fileOf } from './file';
import { Uploads, type Carrier } from './uploads';

/** A server that keeps what it was sent, waits where it is told to, and refuses on command. */
class Server implements Carrier {
  readonly stored = new Map<string, ArrayBuffer>();
  readonly sent: Content[] = [];
  refuse = false;
  away = false;
  known = true;
  tries = 0;
  reachable = (): boolean => !this.away || !this.known;
  wait: Promise<void> | undefined;
  upload: Carrier['upload'] = async (bytes, progress, signal) => {
    progress(1, bytes.byteLength);
    await Promise.race([this.wait, new Promise((_, failed) => signal.addEventListener('abort', () => failed(new DOMException('', 'AbortError'))))]);
    this.tries++;
    if (this.away) throw new ConnectionError('no answer');
    if (this.refuse) throw new FaultError({ id: 'fault.tooLarge', code: 'M_TOO_LARGE' });
    const url = `mxc://port.example/${this.stored.size}`;
    this.stored.set(url, bytes);
    return url;
  };
  send: Carrier['send'] = (content) => {
    this.sent.push(content);
    return Promise.resolve();
  };
}

// The File of jsdom cannot be read.
const table = (name = 'load table.pdf'): File => new NodeFile(['38 t'], name, { type: 'application/pdf' }) as unknown as File;

test('a file is encrypted, arrives, and becomes a message with its name', async () => {
  const server = new Server();
  const uploads = new Uploads(server);
  uploads.add([{ file: table(), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot()).toEqual([]));
  const content = server.sent[0]!;
  expect(content).toMatchObject({ msgtype: 'm.file', body: 'load table.pdf', info: { mimetype: 'application/pdf', size: 4 } });
  const file = readEncryptedFile(content['file'])!;
  const bytes = server.stored.get(file.url)!;
  expect(new TextDecoder().decode(bytes)).not.toBe('38 t');
  expect(new TextDecoder().decode(await decryptFile(new Uint8Array(bytes), file))).toBe('38 t');
  expect(fileOf(content)).toMatchObject({ name: 'load table.pdf', size: 4, picture: undefined });
});

test('they leave in the order they were chosen, and while they do the browser asks before it closes the tab', async () => {
  const server = new Server();
  let go = (): void => undefined;
  server.wait = new Promise((resolve) => (go = resolve));
  const uploads = new Uploads(server);
  uploads.add([{ file: table('1.pdf'), redrawn: false }, { file: table('2.pdf'), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot().map((upload) => upload.state)).toEqual([{ is: 'uploading', loaded: 1, total: 4 }, { is: 'waiting' }]));
  const closing = (): boolean => dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(closing()).toBe(false);
  go();
  await vi.waitFor(() => expect(server.sent.map((content) => content['body'])).toEqual(['1.pdf', '2.pdf']));
  await vi.waitFor(() => expect(closing()).toBe(true));
});

test('what was cancelled sends no message, and the next file goes on', async () => {
  const server = new Server();
  server.wait = new Promise(() => undefined);
  const uploads = new Uploads(server);
  uploads.add([{ file: table('1.pdf'), redrawn: false }, { file: table('2.pdf'), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot()[0]?.state.is).toBe('uploading'));
  server.wait = undefined;
  uploads.cancel(uploads.snapshot()[0]!.id);
  await vi.waitFor(() => expect(server.sent.map((content) => content['body'])).toEqual(['2.pdf']));
  expect(uploads.snapshot()).toEqual([]);
});

test('what was refused stays, says why, and leaves when it is tried again', async () => {
  const server = new Server();
  server.refuse = true;
  const uploads = new Uploads(server);
  uploads.add([{ file: table(), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot()[0]?.state).toMatchObject({ is: 'stopped', fault: { id: 'fault.tooLarge' } }));
  expect(server.sent).toEqual([]);
  server.refuse = false;
  uploads.retry(uploads.snapshot()[0]!.id);
  await vi.waitFor(() => expect(server.sent).toHaveLength(1));
});

test('without a connection it is held, says why, asks before the tab closes, and leaves by itself when the connection is back', async () => {
  const server = new Server();
  server.away = true;
  const uploads = new Uploads(server);
  uploads.add([{ file: table('1.pdf'), redrawn: false }, { file: table('2.pdf'), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot().map(({ state }) => state)).toEqual([{ is: 'held', why: 'connection' }, { is: 'waiting' }]));
  expect(server.tries).toBe(0); // it is known that nobody answers
  expect(dispatchEvent(new Event('beforeunload', { cancelable: true }))).toBe(false);
  server.away = false;
  uploads.again();
  await vi.waitFor(() => expect(server.sent.map((content) => content['body'])).toEqual(['1.pdf', '2.pdf']));
  expect(uploads.snapshot()).toEqual([]);
});

test('where nobody says that the connection is back, the clock tries again', async () => {
  const server = new Server();
  server.away = true;
  server.known = false;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const uploads = new Uploads(server);
    uploads.add([{ file: table(), redrawn: false }]);
    await shown(() => uploads.snapshot()[0]?.state.is === 'held');
    expect(server.tries).toBe(1);
    server.away = false;
    await vi.advanceTimersByTimeAsync(1_000);
    await shown(() => uploads.snapshot().length === 0);
    expect(server.sent).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test('what is held can be cancelled, and what waited behind it goes on', async () => {
  const server = new Server();
  server.away = true;
  const uploads = new Uploads(server);
  uploads.add([{ file: table('1.pdf'), redrawn: false }, { file: table('2.pdf'), redrawn: false }]);
  await vi.waitFor(() => expect(uploads.snapshot()[0]?.state.is).toBe('held'));
  server.away = false;
  uploads.cancel(uploads.snapshot()[0]!.id);
  await vi.waitFor(() => expect(server.sent.map((content) => content['body'])).toEqual(['2.pdf']));
  expect(uploads.snapshot()).toEqual([]);
});

/** Waits for the crypto, which runs elsewhere. */
async function shown(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}

test('a name from elsewhere has no folders and hides no ending, and a type that runs is no picture', () => {
  const content = (body: string, mimetype: string) => ({ msgtype: 'm.image', body, url: 'mxc://port.example/a', info: { mimetype, w: 3, h: 2 } });
  expect(fileOf(content('../../x\u202Egpj.exe', 'image/png'))).toMatchObject({ name: 'xgpj.exe', picture: { width: 3, height: 2 } });
  expect(fileOf(content('a.svg', 'image/svg+xml'))?.picture).toBeUndefined();
  expect(fileOf({ ...content('a', 'image/png'), file: { v: 'v2' } })).toBeUndefined();
  expect(fileOf({ msgtype: 'm.text', body: 'a', url: 'mxc://port.example/a' })).toBeUndefined();
});

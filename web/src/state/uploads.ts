// Files on their way to the server. A file is in this tab alone until all of it has arrived; then its message goes to
// the outbox, which keeps it. So a tab that closes meanwhile ends the upload, and the browser asks before that.

import { encryptFile, type EncryptedFile } from '../crypto/attachment';
import type { Content } from '../crypto/envelope';
import { faultOf, isUnreachable, limitedFor, type Fault } from '../wire/fault';
import type { Progress } from '../wire/media';
import { contentOf, type Sent } from './file';
import { makeSmall, measure, redraw, type Drawn } from './picture';
import { Store } from './store';

/** A file that is to be sent. */
export interface Chosen {
  readonly file: File;
  /** Whether it is drawn again, so that what the camera wrote into it stays here. */
  readonly redrawn: boolean;
}

export interface Upload {
  readonly id: string;
  readonly name: string;
  /** In bytes, as chosen. */
  readonly size: number;
  readonly state: UploadState;
}

export type UploadState =
  /** Another file goes first. */
  | { is: 'waiting' }
  /** Being drawn again and encrypted. */
  | { is: 'preparing' }
  | { is: 'uploading'; loaded: number; total: number }
  /** The server did not answer, or asked to wait. It is tried again by itself, and what was chosen after it waits behind it. */
  | { is: 'held'; why: 'connection' | 'limited' }
  /** It is not on the server, or of no use there. It stays until it is tried again or deleted. */
  | { is: 'stopped'; fault: Fault };

/** How uploads reach the world; the room gives them this, a test something else. */
export interface Carrier {
  /** Puts bytes on the server and returns their mxc address. */
  upload: (bytes: ArrayBuffer, progress: Progress, signal: AbortSignal) => Promise<string>;
  /** Whether the server is not known to be away. */
  reachable: () => boolean;
  /** Hands the message to the outbox. */
  send: (content: Content) => Promise<void>;
}

const firstPause = 1_000;
const longestPause = 30_000;

/** The files that leave one room's page, in the order they were chosen, one after the other. */
export class Uploads extends Store<readonly Upload[]> {
  readonly #carrier: Carrier;
  readonly #chosen = new Map<string, Chosen>();
  readonly #stops = new Map<string, AbortController>();
  #running = false;
  #closed = false;
  #pause = firstPause;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(carrier: Carrier) {
    super([]);
    this.#carrier = carrier;
    this.subscribe(() => {
      if (this.snapshot().length > 0) addEventListener('beforeunload', askFirst);
      else removeEventListener('beforeunload', askFirst);
    });
  }

  readonly add = (chosen: readonly Chosen[]): void => {
    const added = chosen.map((one): Upload => {
      const id = crypto.randomUUID();
      this.#chosen.set(id, one);
      return { id, name: one.file.name, size: one.file.size, state: { is: 'waiting' } };
    });
    this.set([...this.snapshot(), ...added]);
    void this.#run();
  };

  readonly retry = (id: string): void => {
    this.#change(id, { is: 'waiting' });
    void this.#run();
  };

  /** The connection is back: what is held goes on now. */
  readonly again = (): void => {
    if (this.snapshot().some(({ state }) => state.is === 'held')) void this.#run();
  };

  /** Ends an upload and forgets the file. No message is sent. */
  readonly cancel = (id: string): void => {
    this.#stops.get(id)?.abort();
    const held = this.snapshot().find((upload) => upload.id === id)?.state.is === 'held';
    this.#forget(id);
    if (held) void this.#run(); // what waited behind it
  };

  /** Ends all of them. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
    for (const { id } of this.snapshot()) this.cancel(id);
  }

  async #run(): Promise<void> {
    if (this.#running || this.#closed) return;
    this.#running = true;
    clearTimeout(this.#timer);
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) if (!(await this.#carry(next))) return;
    } finally {
      this.#running = false;
    }
  }

  #next(): string | undefined {
    return this.snapshot().find((upload) => upload.state.is === 'waiting' || upload.state.is === 'held')?.id;
  }

  /** Carries one. It returns false where the queue must wait. */
  async #carry(id: string): Promise<boolean> {
    const chosen = this.#chosen.get(id);
    if (chosen === undefined) return true;
    const stop = new AbortController();
    this.#stops.set(id, stop);
    try {
      if (!this.#carrier.reachable()) return this.#hold(id, 'connection', undefined);
      const sent = await this.#put(id, chosen, stop.signal);
      stop.signal.throwIfAborted();
      await this.#carrier.send(contentOf(sent));
      this.#forget(id);
      this.#pause = firstPause;
    } catch (error) {
      if (stop.signal.aborted) return true;
      const limited = limitedFor(error);
      if (limited !== undefined || isUnreachable(error)) return this.#hold(id, limited === undefined ? 'connection' : 'limited', limited);
      this.#change(id, { is: 'stopped', fault: faultOf(error) });
    } finally {
      this.#stops.delete(id);
    }
    return true;
  }

  // Whoever knows that the connection is back says so with `again`; where nobody knows, as after one lost answer, the clock does.
  #hold(id: string, why: 'connection' | 'limited', wait: number | undefined): false {
    this.#change(id, { is: 'held', why });
    this.#timer = setTimeout(() => void this.#run(), wait ?? this.#pause);
    this.#pause = Math.min(this.#pause * 2, longestPause);
    return false;
  }

  /** Puts a file, and the small picture of one that is a picture, on the server. */
  async #put(id: string, { file, redrawn }: Chosen, signal: AbortSignal): Promise<Sent> {
    this.#change(id, { is: 'preparing' });
    const whole = redrawn ? await redraw(file) : await asItIs(file);
    const picture = whole.width === 0 ? undefined : whole;
    const small = picture && (await makeSmall(picture.blob));
    const encrypted = await encryptFile(await whole.blob.arrayBuffer());
    const encryptedSmall = small && (await encryptFile(await small.blob.arrayBuffer()));
    const total = encrypted.bytes.byteLength + (encryptedSmall?.bytes.byteLength ?? 0);
    const put = async ({ bytes, key }: Awaited<ReturnType<typeof encryptFile>>, before: number): Promise<EncryptedFile> => {
      const url = await this.#carrier.upload(bytes, (loaded) => this.#change(id, { is: 'uploading', loaded: before + loaded, total }), signal);
      return { ...key, url };
    };
    signal.throwIfAborted();
    this.#change(id, { is: 'uploading', loaded: 0, total });
    const stored = await put(encrypted, 0);
    const sent: Sent = { name: file.name, type: whole.blob.type, size: whole.blob.size, stored };
    if (picture === undefined) return sent;
    sent.picture = { width: picture.width, height: picture.height };
    if (small !== undefined && encryptedSmall !== undefined) {
      const { blob, width, height } = small;
      sent.picture.small = { stored: await put(encryptedSmall, encrypted.bytes.byteLength), type: blob.type, size: blob.size, width, height };
    }
    return sent;
  }

  #forget(id: string): void {
    this.#chosen.delete(id);
    this.set(this.snapshot().filter((upload) => upload.id !== id));
  }

  #change(id: string, state: UploadState): void {
    this.set(this.snapshot().map((upload) => (upload.id === id ? { ...upload, state } : upload)));
  }
}

/** A file with not one byte changed. Its width is 0 where it is no picture that this browser draws. */
async function asItIs(file: File): Promise<Drawn> {
  const type = file.type === '' ? 'application/octet-stream' : file.type;
  const size = type.startsWith('image/') && type !== 'image/svg+xml' ? await measure(file) : undefined;
  return { blob: file.slice(0, file.size, type), width: size?.width ?? 0, height: size?.height ?? 0 };
}

function askFirst(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

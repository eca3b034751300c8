import type { Archive } from './archive';

type Verb = 'notes' | 'size' | 'take' | 'removeRoom' | 'search' | 'close';

/** What goes to the worker. */
export interface Asked {
  readonly ticket: number;
  readonly verb: Verb;
  readonly args: readonly unknown[];
}

/** What comes back. */
export type Told = { readonly ticket: number; readonly answer: unknown } | { readonly ticket: number; readonly fault: string };

/** The archive cannot do what it was asked, or cannot be opened. */
export class ArchiveError extends Error {}

type Answered<V extends Verb> = Awaited<ReturnType<Archive[V]>>;

/** The archive from outside of its worker: what it does, it does there. */
export class RemoteArchive {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'search' });
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: ArchiveError) => void }>();
  #ticket = 0;
  #closed: ArchiveError | undefined;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      const waiting = this.#waiting.get(data.ticket);
      this.#waiting.delete(data.ticket);
      if ('fault' in data) waiting?.reject(new ArchiveError(data.fault));
      else waiting?.resolve(data.answer as never);
    });
    this.#worker.addEventListener('error', (event) => this.#end(new ArchiveError(event.message)));
  }

  /** Asks the archive to do something; the promises are kept in the order of the asking. It throws an ArchiveError. */
  ask<V extends Verb>(verb: V, ...args: Parameters<Archive[V]>): Promise<Answered<V>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const ticket = this.#ticket++;
    return new Promise<Answered<V>>((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      this.#worker.postMessage({ ticket, verb, args } satisfies Asked);
    });
  }

  /** Ends the worker once everything that was asked is done. The vault can be deleted then. */
  async close(): Promise<void> {
    await this.ask('close').catch(() => undefined);
    this.#end(new ArchiveError('closed'));
  }

  #end(error: ArchiveError): void {
    this.#closed = error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

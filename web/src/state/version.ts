// Which build of the client this page is, and whether another one lies ready. The service worker gives a page the files
// of one build alone, and goes on giving them until the person says otherwise.

import { Store } from './store';

/** `ready`: a later build is on this device, whole, and waits. */
type Standing = 'current' | 'ready';

const hour = 3_600_000;

export class Version extends Store<Standing> {
  readonly #workers: ServiceWorkerContainer | undefined;
  readonly #reload: () => void;
  #kept: ServiceWorkerRegistration | undefined;
  #asked = Date.now();

  /** Without workers, as in a private window of some browsers, there is never a later build than the page's own. */
  constructor(workers: ServiceWorkerContainer | undefined, reload: () => void) {
    super('current');
    this.#workers = workers;
    this.#reload = reload;
  }

  /** Puts the client on this device, so that it opens without a network, and looks for later builds from time to time. */
  async watch(): Promise<void> {
    const workers = this.#workers;
    if (workers === undefined) return;
    const before = workers.controller;
    // Another tab has changed over; this page goes on with the build it has.
    workers.addEventListener('controllerchange', () => {
      if (before !== null) this.set('ready');
    });
    const kept = await workers.register('/sw.js', { updateViaCache: 'none' }).catch(() => undefined);
    if (kept === undefined) return; // the client works, on the network alone
    this.#kept = kept;
    this.#look();
    kept.addEventListener('updatefound', () => kept.installing?.addEventListener('statechange', this.#look));
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden' || Date.now() - this.#asked < hour) return;
      this.#asked = Date.now();
      kept.update().catch(() => undefined); // without a network there is none to find
    });
  }

  /** Changes over to the later build: everything of it at once, in a page loaded anew. */
  readonly take = (): void => {
    const waiting = this.#kept?.waiting;
    if (waiting == null) {
      this.#reload();
      return;
    }
    waiting.addEventListener('statechange', () => {
      if (waiting.state === 'activated') this.#reload();
    });
    waiting.postMessage('take over');
  };

  readonly #look = (): void => {
    if (this.#kept?.waiting != null && this.#kept.active !== null) this.set('ready');
  };
}

export const version = new Version(import.meta.env.PROD && 'serviceWorker' in navigator ? navigator.serviceWorker : undefined, () => location.reload());

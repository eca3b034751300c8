const still = 800;
const signs = ['keydown', 'pointerdown', 'wheel', 'touchmove'] as const;

/** Whether the person is busy with the page just now: background work waits for a moment when nobody is. */
export class Attention {
  #last = -Infinity;

  constructor() {
    for (const sign of signs) addEventListener(sign, this.#busy, { capture: true, passive: true });
  }

  close(): void {
    for (const sign of signs) removeEventListener(sign, this.#busy, { capture: true });
  }

  /** Resolves when the page is in sight and nobody has pressed, typed or scrolled for a moment, or when signal ends it. */
  async quiet(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (document.visibilityState === 'hidden') await happens(document, 'visibilitychange', signal);
      else {
        const wait = this.#last + still - performance.now();
        if (wait <= 0) return;
        await pause(wait, signal);
      }
    }
  }

  readonly #busy = (): void => {
    this.#last = performance.now();
  };
}

/** Resolves after some milliseconds, or when signal ends it. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}

function happens(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      target.removeEventListener(name, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    target.addEventListener(name, done);
    signal.addEventListener('abort', done);
  });
}

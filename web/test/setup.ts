import { cleanup } from '@testing-library/react';
import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { FILTER_RELATED_BY_REL_TYPES, FILTER_RELATED_BY_SENDERS, Thread, THREAD_RELATION_TYPE } from 'matrix-js-sdk';
import { FeatureSupport } from 'matrix-js-sdk/lib/models/thread';
import { afterAll, afterEach, vi } from 'vitest';

// The files that one worker runs share its window and what stands in node_modules: to make both anew took most of the time. Each
// file has modules of ours of its own, and finds a window in which nothing was kept, nobody listens and nothing is due.
vi.resetModules();
vi.useRealTimers();
vi.unstubAllGlobals();
vi.restoreAllMocks();
for (const part of [document.documentElement, document.head, document.body]) {
  if (part !== document.documentElement) part.replaceChildren();
  for (const { name } of [...part.attributes]) part.removeAttribute(name);
}
for (const name of Object.getOwnPropertyNames(navigator)) Reflect.deleteProperty(navigator, name); // jsdom's stand in its prototype
history.replaceState(null, '', '/');
localStorage.clear();
sessionStorage.clear();
Object.assign(globalThis, { indexedDB: new IDBFactory() });
Thread.hasServerSideSupport = FeatureSupport.None; // the SDK keeps for all clients what one of them was told
for (const name of [THREAD_RELATION_TYPE, FILTER_RELATED_BY_SENDERS, FILTER_RELATED_BY_REL_TYPES]) name.setPreferUnstable(false);

const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
});
for (const target of [window, document]) {
  const listen = Reflect.get(target, 'addEventListener') as (type: string, listener: EventListener, options?: AddEventListenerOptions) => void;
  target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions): void => {
    listen.call(target, type, listener, options);
    if (type !== 'selectionchange') ends.push(() => target.removeEventListener(type, listener, options)); // that one React asks for once and for all
  };
  ends.push(() => (target.addEventListener = listen));
}
for (const name of ['setTimeout', 'setInterval'] as const) {
  const start = globalThis[name] as (...asked: unknown[]) => NodeJS.Timeout;
  const noted = (...asked: unknown[]): NodeJS.Timeout => {
    const timer = start(...asked);
    ends.push(() => clearTimeout(timer));
    return timer;
  };
  Object.assign(globalThis, { [name]: Object.assign(noted, start) });
  ends.push(() => Object.assign(globalThis, { [name]: start }));
}

afterEach(cleanup);

// jsdom has <dialog> without its methods. What matters in tests: it opens, it says when it closed, and it gives the focus
// back if it closes while it is in the page.
const openers = new WeakMap<HTMLDialogElement, Element | null>();
HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  openers.set(this, document.activeElement);
  this.open = true;
};
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
  if (!this.open) return;
  this.open = false;
  const opener = openers.get(this);
  if (this.isConnected && opener instanceof HTMLElement) opener.focus();
  this.dispatchEvent(new Event('close'));
};

// jsdom has no media queries. A light device with a wide window.
window.matchMedia = (query) =>
  ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }) as unknown as MediaQueryList;

// jsdom lays nothing out, so nothing changes its size.
window.ResizeObserver = class {
  observe = (): void => undefined;
  unobserve = (): void => undefined;
  disconnect = (): void => undefined;
};

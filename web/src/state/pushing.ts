// Whether this browser is told of something new while no page of ours is open. The push service of its maker then learns when and how often,
// so it is off until somebody switches it on, here, for this browser. The browser's own subscription is what decides: there is no other note of it.

import type { MatrixClient } from 'matrix-js-sdk';
import { currentLanguage, onLanguage, say } from '../lang/lang';
import { FaultError } from '../wire/fault';
import { madeWith, pushKey, pushNoMore, pushTo } from '../wire/push';
import { Store } from './store';

/** `no`: the server pushes to no browser, or this browser cannot be pushed to, or it is not known yet. */
export type Pushed = 'no' | 'off' | 'on';

/** Where the service worker finds what it says; see wire/sw.ts. */
const words = { cache: 'wardroom-push', url: '/push-words' };

export class Pushing extends Store<Pushed> {
  readonly #client: MatrixClient;
  readonly #stop: () => void;
  #key: Uint8Array<ArrayBuffer> | undefined;

  constructor(client: MatrixClient) {
    super('no');
    this.#client = client;
    this.#stop = onLanguage(() => {
      if (this.snapshot() === 'on') void keepWords();
    });
  }

  close(): void {
    this.#stop();
  }

  /** Finds out how it stands, and tells the server of a subscription that there is: it may have lost it. It throws where the server does not answer. */
  async learn(): Promise<void> {
    const manager = await managerOf();
    if (manager === undefined) return;
    for (const told of (await (await registration())?.getNotifications()) ?? []) told.close(); // a page is open now
    this.#key = await pushKey(this.#client);
    const subscription = await manager.getSubscription();
    if (this.#key === undefined) {
      await subscription?.unsubscribe();
      this.set('no');
    } else if (subscription === null || Notification.permission !== 'granted') this.set('off');
    else await this.turnOn();
  }

  /** Subscribes this browser. The browser must have been asked whether notifications may be shown. It throws a FaultError. */
  readonly turnOn = async (): Promise<void> => {
    const manager = await managerOf();
    const key = this.#key;
    if (manager === undefined || key === undefined) return;
    let subscription = await manager.getSubscription();
    if (subscription !== null && !madeWith(subscription, key)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key }).catch((error: unknown) => {
      throw new FaultError({ id: 'fault.push', code: error instanceof Error ? error.name : '' }, error);
    });
    try {
      await pushTo(this.#client, subscription, this.#client.getDeviceId() ?? '', currentLanguage());
    } catch (error) {
      await subscription.unsubscribe(); // nobody would push to it
      this.set('off');
      throw error;
    }
    await keepWords();
    this.set('on');
  };

  /** Ends it: here at once, and at the server, which hears from the push service where it does not answer now. */
  readonly turnOff = async (): Promise<void> => {
    const subscription = await (await managerOf())?.getSubscription();
    if (subscription == null) return;
    await subscription.unsubscribe();
    if (this.snapshot() === 'on') this.set('off');
    await pushNoMore(this.#client, subscription);
  };
}

/** Ends the subscription of this browser, whoever's it is, and deletes what was kept for it. */
export async function wipePushing(): Promise<void> {
  const kept = await registration();
  if (kept !== undefined && 'pushManager' in kept) await (await kept.pushManager.getSubscription())?.unsubscribe();
  if ('caches' in globalThis) await caches.delete(words.cache);
}

// The service worker has no language of its own and no room for four.
async function keepWords(): Promise<void> {
  const said = { title: say('shell.name'), body: say('notify.something'), lang: currentLanguage() };
  await (await caches.open(words.cache)).put(words.url, new Response(JSON.stringify(said)));
}

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  return 'serviceWorker' in navigator ? navigator.serviceWorker.getRegistration() : undefined;
}

async function managerOf(): Promise<PushManager | undefined> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis)) return undefined;
  return (await navigator.serviceWorker.ready).pushManager;
}

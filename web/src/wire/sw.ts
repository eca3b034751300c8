// The service worker. It keeps the files of one build of this client, so that the client opens without a network, and
// gives a page either all of them or none. Answers of the API and media never pass through it: it knows the shell's
// addresses alone.

interface ShellFile {
  readonly url: string;
  /** As in the integrity attribute: 'sha256-…'. */
  readonly integrity: string;
}

/** What the build wrote down of itself. The build puts it in the place of this name. */
declare const __SHELL__: { readonly version: string; readonly files: readonly ShellFile[] };

export {}; // a module: its names are its own

/** As much of a service worker's own interface as is used here; the compiler's library for pages has none of it. */
interface ServiceWorkerSide {
  readonly clients: {
    matchAll: (which: { type: 'window'; includeUncontrolled: boolean }) => Promise<readonly { visibilityState: string; focus: () => Promise<unknown>; postMessage: (said: unknown) => void }[]>;
    openWindow: (url: string) => Promise<unknown>;
  };
  readonly registration: Pick<ServiceWorkerRegistration, 'showNotification' | 'getNotifications'>;
  skipWaiting: () => Promise<void>;
  addEventListener: <Name extends keyof Happens>(name: Name, listener: (event: Happens[Name]) => void) => void;
}
interface Lasting {
  waitUntil: (work: Promise<unknown>) => void;
}
interface Happens {
  install: Lasting;
  activate: Lasting;
  fetch: { readonly request: Request; respondWith: (answer: Promise<Response>) => void };
  message: MessageEvent<unknown>;
  push: Lasting & { readonly data: { json: () => unknown } | null };
  notificationclick: Lasting & { readonly notification: Notification };
}

const worker = globalThis as unknown as ServiceWorkerSide;
const { version, files } = __SHELL__;
const prefix = 'wardroom-shell-';
const name = prefix + version;
const list = '/build.txt';
const known = new Set([...files.map((file) => file.url), list]);

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(dropOthers()));

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const path = url.pathname === '/index.html' ? '/' : url.pathname;
  if (request.method === 'GET' && url.origin === location.origin && known.has(path)) event.respondWith(fromShell(path, request));
});

worker.addEventListener('message', (event) => {
  if (event.data === 'take over') void worker.skipWaiting();
});

worker.addEventListener('push', (event) => event.waitUntil(tell(event.data?.json())));

// Of what was pushed, and in browsers that show notifications through the service worker alone; see state/notifier.ts.
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.tag));
});

/** Fetches the whole build. A file that is not the one the build wrote down, as after yet another build, fails it all. */
async function install(): Promise<void> {
  try {
    const cache = await caches.open(name);
    await Promise.all(
      files.map(async ({ url, integrity }) => {
        const answer = await fetch(url, { integrity, cache: url.startsWith('/assets/') ? 'default' : 'no-cache' });
        if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
        await cache.put(url, answer);
      }),
    );
    // By this a page says which build it is. It is held against the files, and not believed.
    const named = await fetch(list, { cache: 'no-cache' });
    if (named.ok) await cache.put(list, named);
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
}

async function dropOthers(): Promise<void> {
  const others = (await caches.keys()).filter((one) => one.startsWith(prefix) && one !== name);
  await Promise.all(others.map((one) => caches.delete(one)));
}

// Where the browser has thrown the kept files away, the server has the page, and that page names its own build's files.
async function fromShell(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(name)).match(path)) ?? fetch(request);
}

/**
 * Shows that there is something new. What it is stands in no push: the server does not know, and the keys are the page's. A page that is seen
 * tells of it itself, and so does one in the background, in the place of this or before it: then its words stay.
 */
async function tell(pushed: unknown): Promise<void> {
  const { room_id: room, counts } = (pushed ?? {}) as { room_id?: unknown; counts?: { unread?: unknown } };
  if (typeof room !== 'string') return;
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.some((page) => page.visibilityState === 'visible')) return;
  const badge = navigator as { setAppBadge?: (n: number) => Promise<void> };
  if (typeof counts?.unread === 'number' && pages.length === 0) await badge.setAppBadge?.(counts.unread).catch(() => undefined);
  const shown = await worker.registration.getNotifications({ tag: room });
  if (pages.length > 0 && shown.length > 0) return;
  const kept = await (await caches.open('wardroom-push')).match('/push-words'); // see state/pushing.ts
  const { title, ...rest } = ((await kept?.json()) ?? { title: 'Wardroom' }) as { title: string; body?: string; lang?: string };
  await worker.registration.showNotification(title, { ...rest, tag: room, icon: '/icons/192.png' });
}

async function open(room: string): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) await worker.clients.openWindow(`/#/room/${encodeURIComponent(room)}`);
  else {
    page.postMessage({ open: room });
    await page.focus();
  }
}

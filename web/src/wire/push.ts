// The server pushes to the push service of this browser's maker, where its operator allows that. Spec: client-server API,
// /pushers/set, and MSC4174: a pusher of kind "webpush", and the server's key in its capabilities.

import { Method, type MatrixClient } from 'matrix-js-sdk';

/** How this client is called among pushers. */
const app = 'org.wardroom.web';

/** The key that a browser subscribes with, or undefined where the server pushes to no browser. It throws where the server does not answer. */
export async function pushKey(client: MatrixClient): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { capabilities } = await client.http.authedRequest<{ capabilities: Record<string, { enabled?: unknown; vapid?: unknown } | undefined> }>(Method.Get, '/capabilities');
  const { enabled, vapid } = capabilities['m.webpush'] ?? {};
  return enabled === true && typeof vapid === 'string' ? bytesOf(vapid) : undefined;
}

/** Has the server push to this subscription for as long as this device is signed in. */
export async function pushTo(client: MatrixClient, subscription: PushSubscription, device: string, lang: string): Promise<void> {
  const key = keyOf(subscription, 'p256dh');
  const auth = keyOf(subscription, 'auth');
  await client.http.authedRequest(Method.Post, '/pushers/set', undefined, {
    kind: 'webpush',
    app_id: app,
    pushkey: key,
    app_display_name: 'Wardroom',
    device_display_name: device,
    lang,
    data: { url: subscription.endpoint, auth, format: 'event_id_only' },
  });
}

/** Has the server push to this subscription no longer. */
export async function pushNoMore(client: MatrixClient, subscription: PushSubscription): Promise<void> {
  await client.http.authedRequest(Method.Post, '/pushers/set', undefined, { kind: null, app_id: app, pushkey: keyOf(subscription, 'p256dh') });
}

/** Whether a subscription was made with this key of the server. */
export function madeWith(subscription: PushSubscription, key: Uint8Array): boolean {
  const own = subscription.options.applicationServerKey;
  return own !== null && new Uint8Array(own).toString() === key.toString();
}

function keyOf(subscription: PushSubscription, name: PushEncryptionKeyName): string {
  const key = subscription.getKey(name);
  if (key === null) throw new Error(`the browser's subscription has no ${name}`);
  return btoa(String.fromCharCode(...new Uint8Array(key)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}

import type { MatrixClient } from 'matrix-js-sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FaultError } from '../wire/fault';
import { Pushing } from './pushing';

const key = 'BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU';

/** What the browser has subscribed to, by the server's key. */
let subscribed: string | undefined;
let refused: Error | undefined;
let asked: { method: string; path: string; body: unknown }[];
let capability: unknown;
let answers: Error | undefined;

const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const subscription = (made: string) => ({
  endpoint: 'https://push.example/1',
  options: { applicationServerKey: bytes(made).buffer },
  getKey: (name: string) => (name === 'auth' ? new Uint8Array([255, 254, 253]).buffer : bytes(key).buffer),
  unsubscribe: () => {
    subscribed = undefined;
    return Promise.resolve(true);
  },
});
const manager = {
  getSubscription: () => Promise.resolve(subscribed === undefined ? null : subscription(subscribed)),
  subscribe: ({ applicationServerKey }: { applicationServerKey: Uint8Array }) => {
    if (refused) return Promise.reject(refused);
    subscribed = btoa(String.fromCharCode(...applicationServerKey));
    return Promise.resolve(subscription(subscribed));
  },
};
const client = {
  getDeviceId: () => 'LAPTOP',
  http: {
    authedRequest: (method: string, path: string, _query: unknown, body: unknown) => {
      asked.push({ method, path, body });
      if (path === '/capabilities') return Promise.resolve({ capabilities: { 'm.webpush': capability } });
      return answers ? Promise.reject(answers) : Promise.resolve({});
    },
  },
} as unknown as MatrixClient;

beforeEach(() => {
  subscribed = refused = answers = undefined;
  asked = [];
  capability = { enabled: true, vapid: key };
  const registration = { pushManager: manager, getNotifications: () => Promise.resolve([]) };
  vi.stubGlobal('PushManager', () => undefined);
  vi.stubGlobal('Notification', { permission: 'granted' });
  vi.stubGlobal('caches', { open: () => Promise.resolve({ put: () => Promise.resolve() }) });
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: { ready: Promise.resolve(registration), getRegistration: () => Promise.resolve(registration) } });
});
afterEach(() => {
  vi.unstubAllGlobals();
  Reflect.deleteProperty(navigator, 'serviceWorker');
});

const opened = async () => {
  const pushing = new Pushing(client);
  await pushing.learn();
  return pushing;
};

test('it is offered where the server may push and not otherwise, and is off until it is switched on', async () => {
  const pushing = await opened();
  expect(pushing.snapshot()).toBe('off');
  await pushing.turnOn();
  expect(pushing.snapshot()).toBe('on');
  expect(asked.at(-1)?.body).toMatchObject({ kind: 'webpush', pushkey: key, data: { url: 'https://push.example/1', auth: '__79', format: 'event_id_only' } });
  capability = undefined;
  const later = await opened();
  expect(later.snapshot()).toBe('no');
  expect(subscribed).toBeUndefined();
});

test('a subscription that was made with another key of the server is made anew', async () => {
  subscribed = 'AAAA';
  expect((await opened()).snapshot()).toBe('on');
  expect(subscribed.replace('=', '')).toBe(key.replaceAll('-', '+').replaceAll('_', '/'));
});

test('where the push service does not answer, or the server refuses, it stays off and nothing is left behind', async () => {
  const pushing = await opened();
  refused = new DOMException('', 'AbortError');
  await expect(pushing.turnOn()).rejects.toThrow(FaultError);
  expect(pushing.snapshot()).toBe('off');
  refused = undefined;
  answers = new Error('refused');
  await expect(pushing.turnOn()).rejects.toBe(answers);
  expect(pushing.snapshot()).toBe('off');
  expect(subscribed).toBeUndefined();
});

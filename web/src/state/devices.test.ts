import type { MatrixClient } from 'matrix-js-sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { Devices, unknownDevices } from './devices';

let signed = ['A', 'C'];
vi.mock('../crypto/trust', () => ({ onTrust: () => () => undefined, signedDevices: () => Promise.resolve(new Set(signed)) }));
afterEach(() => {
  signed = ['A', 'C'];
  vi.useRealTimers();
});

/** What a vault keeps, in memory. */
function vault(kept = new Map<string, unknown>()) {
  return { kept, get: <T>(name: string) => Promise.resolve(kept.get(name) as T | undefined), put: (name: string, value: unknown) => Promise.resolve(void kept.set(name, value)) };
}

/** A client at a server that lists those devices, in their order. */
function clientOf(ids: string[]) {
  const getDevices = vi.fn(() => Promise.resolve({ devices: ids.map((device_id) => ({ device_id })) }));
  return { getDevices, getDeviceId: () => 'A', getSafeUserId: () => '@mio:port', on: () => undefined, off: () => undefined };
}
const asked = (devices: Devices) => unknownDevices(devices.snapshot()).map(({ id }) => id);

test('devices with the same name are numbered in the order in which they were added, and those that nobody signed are told', async () => {
  const all = [
    { device_id: 'C', display_name: 'Wardroom, Chromium' },
    { device_id: 'A', display_name: 'Wardroom, Firefox' },
    { device_id: 'B', display_name: 'Wardroom, Chromium' },
    { device_id: 'D', display_name: ' \u202e' },
  ];
  const client = { getDevices: () => Promise.resolve({ devices: all }), getDeviceId: () => 'A' } as unknown as MatrixClient;
  const devices = new Devices(client, () => Promise.resolve(false), vault());
  await devices.look();
  expect(devices.snapshot().list?.map(({ id, called }) => [id, called])).toEqual([
    ['A', 'Wardroom, Firefox'],
    ['D', 'D'],
    ['C', 'Wardroom, Chromium (1)'],
    ['B', 'Wardroom, Chromium (2)'],
  ]);
  expect(unknownDevices(devices.snapshot()).map(({ id }) => id)).toEqual(['D', 'B']);
});

test('whether another recovery key can be made is asked apart, and the list does not depend on it', async () => {
  const client = { getDevices: () => Promise.resolve({ devices: [{ device_id: 'A' }] }), getDeviceId: () => 'A' } as unknown as MatrixClient;
  const mayRenew = vi.fn(() => Promise.resolve(true));
  const devices = new Devices(client, mayRenew, vault());
  await devices.look();
  expect(mayRenew).not.toHaveBeenCalled();
  mayRenew.mockRejectedValueOnce(new Error('no answer'));
  await devices.askKeys();
  expect(devices.snapshot().mayRenew).toBeUndefined();
  await devices.askKeys();
  devices.renewed();
  await devices.look();
  expect(devices.snapshot()).toMatchObject({ mayRenew: true, renewed: true });
  expect(devices.snapshot().list).toHaveLength(1);
});

test('a device that was signed elsewhere is asked about until its person knows it, also after another start', async () => {
  const { kept, ...box } = vault();
  const ids = ['A', 'C'];
  const client = clientOf(ids) as unknown as MatrixClient;
  const devices = new Devices(client, () => Promise.resolve(false), box);
  await devices.look();
  expect(asked(devices)).toEqual([]); // it was there before
  ids.push('R');
  signed = ['A', 'C', 'R'];
  await devices.look();
  expect(asked(devices)).toEqual(['R']);
  const later = new Devices(client, () => Promise.resolve(false), box);
  await later.look();
  expect(asked(later)).toEqual(['R']);
  await later.recognise('R');
  expect(asked(later)).toEqual([]);
  const afterwards = new Devices(client, () => Promise.resolve(false), box);
  await afterwards.look();
  expect(asked(afterwards)).toEqual([]);
  expect(kept.get('devices/known')).toEqual(['A', 'C', 'R']);
});

test('a device that has no keys is noticed while one looks at the page, and at once by whoever comes to it', async () => {
  vi.useFakeTimers();
  const ids = ['A', 'C'];
  const client = clientOf(ids);
  const devices = new Devices(client as unknown as MatrixClient, () => Promise.resolve(false), vault());
  devices.open();
  await vi.advanceTimersByTimeAsync(0);
  ids.push('X');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked(devices)).toEqual(['X']);
  ids.push('Y');
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked(devices)).toEqual(['X', 'Y']);
  devices.close();
  const before = client.getDevices.mock.calls.length;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(client.getDevices).toHaveBeenCalledTimes(before);
});

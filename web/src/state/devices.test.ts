import type { MatrixClient } from 'matrix-js-sdk';
import { expect, test, vi } from 'vitest';
import { Devices, unknownDevices } from './devices';

vi.mock('../crypto/trust', () => ({ onTrust: () => () => undefined, signedDevices: () => Promise.resolve(new Set(['A', 'C'])) }));

test('devices with the same name are numbered in the order in which they were added, and those that nobody signed are told', async () => {
  const all = [
    { device_id: 'C', display_name: 'Wardroom, Chromium' },
    { device_id: 'A', display_name: 'Wardroom, Firefox' },
    { device_id: 'B', display_name: 'Wardroom, Chromium' },
    { device_id: 'D', display_name: ' \u202e' },
  ];
  const client = { getDevices: () => Promise.resolve({ devices: all }), getDeviceId: () => 'A' } as unknown as MatrixClient;
  const devices = new Devices(client, () => Promise.resolve(false));
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
  const devices = new Devices(client, mayRenew);
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

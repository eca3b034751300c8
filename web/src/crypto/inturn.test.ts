import type { MatrixClient } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { inTurn, takeKeysInTurn } from './inturn';

const from = (sender: string, n: number, type = 'm.room.encrypted') => ({ sender, type, content: { n } });

test('two encrypted messages of one sender are never in one run, and the order stays', () => {
  const events = [from('@a', 1), from('@b', 2), from('@a', 3, 'm.key.verification.ready'), from('@b', 4), from('@b', 5), from('@a', 6)];
  const runs = inTurn(events);
  expect(runs.flat()).toEqual(events);
  expect(runs.map((run) => run.map((e) => e.content.n))).toEqual([[1, 2, 3], [4], [5, 6]]);
  expect(inTurn([])).toEqual([[]]);
});

test('what else a sync says is told with each run, also where there is no message', async () => {
  const told: object[] = [];
  const machine = {
    name: 'machine',
    processSyncChanges(changes: { toDeviceEvents: { content: { n: number } }[] }): Promise<number[]> {
      told.push({ ...changes, by: this.name });
      return Promise.resolve(changes.toDeviceEvents.map((e) => e.content.n));
    },
  };
  takeKeysInTurn({ getCrypto: () => machine } as unknown as MatrixClient);
  const rest = { oneTimeKeysCounts: { signed_curve25519: 50 } };
  expect(await machine.processSyncChanges({ ...rest, toDeviceEvents: [from('@a', 1), from('@a', 2)] })).toEqual([1, 2]);
  expect(await machine.processSyncChanges({ ...rest, toDeviceEvents: [] })).toEqual([]);
  expect(told).toEqual([
    { ...rest, by: 'machine', toDeviceEvents: [from('@a', 1)] },
    { ...rest, by: 'machine', toDeviceEvents: [from('@a', 2)] },
    { ...rest, by: 'machine', toDeviceEvents: [] },
  ]);
});

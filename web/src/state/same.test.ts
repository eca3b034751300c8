import { expect, test } from 'vitest';
import { keep } from './same';

interface Entry {
  readonly id: string;
  readonly at: number;
  readonly with?: { readonly name: string } | undefined;
}
const keepEntries = (before: readonly Entry[], now: readonly Entry[]) => keep(before, now, ({ id }) => id);

test('what says the same stays the object it was; a list in which all did stays the list', () => {
  const before: Entry[] = [{ id: 'a', at: 1, with: { name: 'Lin' } }, { id: 'b', at: 2 }];
  const copy = (): Entry[] => structuredClone(before);
  expect(keepEntries(before, copy())).toBe(before);
  const [b, a] = keepEntries(before, copy().reverse());
  expect([a, b]).toEqual(before);
  expect(a).toBe(before[0]);
  expect(b).toBe(before[1]);
  const changed = keepEntries(before, [{ id: 'a', at: 1, with: { name: 'Lin Qiuyan' } }, { id: 'b', at: 2 }]);
  expect(changed[0]).not.toBe(before[0]);
  expect(changed[1]).toBe(before[1]);
});

import { expect, test } from 'vitest';
import { hasAll, mostRanges, readRanges, withRange, type Ranges } from './acks-ranges';

const of = (...numbers: number[]): Ranges => numbers.reduce<Ranges>((ranges, n) => withRange(ranges, n), []);

test('what arrived is joined, and what did not stays a hole', () => {
  expect(of(1, 2, 3, 5)).toEqual([[1, 3], [5, 5]]);
  expect(of(5, 3, 4)).toEqual([[3, 5]]);
  expect(hasAll(of(1, 2, 3, 5), 4)).toBe(false);
  expect(hasAll(of(1, 2, 3, 5), 1, 3)).toBe(true);
  expect(hasAll(of(1, 2, 3, 5), 3, 5)).toBe(false);
  const whole = of(1, 2, 3);
  expect(withRange(whole, 2)).toBe(whole);
});

test('in any order, with whatever comes twice, the numbers are those that came', () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
  for (let round = 0; round < 200; round++) {
    const came = new Set(Array.from({ length: 1 + random(40) }, () => 1 + random(30)));
    const ranges = of(...came);
    const numbers = Array.from({ length: 31 }, (_, n) => n + 1);
    expect(numbers.filter((n) => hasAll(ranges, n))).toEqual(numbers.filter((n) => came.has(n)));
    expect(readRanges(ranges)).toEqual(ranges);
  }
});

test('of very many stretches the newest are kept', () => {
  const ranges = of(...Array.from({ length: 100 }, (_, n) => 1 + 2 * n));
  expect(ranges).toHaveLength(mostRanges);
  expect(ranges.at(-1)).toEqual([199, 199]);
});

test.each([[7], [[[1]]], [[[1, 'x']]], [[[2, 1]]], [[[0, 1]]], [[[1, 2], [2, 3]]], [[[1, 2], [3, 4]]], [[[5, 6], [1, 2]]], [[[1, 1.5]]], [[[1, Infinity]]], [Array.from({ length: 33 }, (_, n) => [3 * n + 1, 3 * n + 1])]])(
  'what is no stretch of numbers in good form is none: %j',
  (value) => expect(readRanges(value)).toBeUndefined(),
);

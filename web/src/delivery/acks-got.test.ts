import { expect, test } from 'vitest';
import { week } from './acks-given';
import { Got, type Audience, type KeptGot } from './acks-got';

const room = '!r:port';
const [mio, ben] = ['@mio:port', '@ben:port'];
const people: Audience = { [mio]: ['M1', 'M2'], [ben]: ['B1'] };

function sent(count: number, to: Audience = people): Got {
  const got = new Got();
  for (let n = 1; n <= count; n++) got.sent(room, 'run', n, to, n);
  return got;
}
/** The devices that have a message, of how many; all: it is only known that all have it. */
function has(got: Got, n: number): string {
  const reached = got.reached(room, 'run', n);
  if (reached === undefined) return 'unknown';
  if ('all' in reached) return `all ${reached.all}`;
  const devices = reached.people.flatMap((one) => one.devices);
  return `${devices.flatMap((one) => (one.has ? one.id : [])).join(' ')} of ${devices.length}`;
}
const says = (got: Got, user: string, device: string, ...ranges: [number, number][]): boolean => got.heard(user, device, { [room]: { run: ranges } });

test('nothing is confirmed until a device says so, and then only of that device', () => {
  const got = sent(3);
  expect(has(got, 1)).toBe(' of 3');
  expect(says(got, mio, 'M1', [1, 2])).toBe(true);
  expect([1, 2, 3].map((n) => has(got, n))).toEqual(['M1 of 3', 'M1 of 3', ' of 3']);
  expect(says(got, mio, 'M1', [1, 2])).toBe(false);
  expect(says(got, ben, 'B1', [3, 3])).toBe(true);
  expect(has(got, 3)).toBe('B1 of 3');
  expect(has(got, 4)).toBe('unknown');
});

test('a later message confirms no earlier one', () => {
  const got = sent(5);
  says(got, mio, 'M1', [1, 2], [4, 5]);
  expect([1, 2, 3, 4, 5].map((n) => has(got, n))).toEqual(['M1 of 3', 'M1 of 3', ' of 3', 'M1 of 3', 'M1 of 3']);
});

test('an older letter that comes late takes nothing back, and a lost one is made good by the next', () => {
  const got = sent(5);
  says(got, mio, 'M1', [1, 4]);
  expect(says(got, mio, 'M1', [1, 2])).toBe(false);
  expect(has(got, 4)).toBe('M1 of 3');
});

test('devices that keys did not go to confirm nothing, nor does what was never sent', () => {
  const got = sent(2);
  expect(says(got, ben, 'B2', [1, 2])).toBe(false);
  expect(says(got, ben, 'M1', [1, 2])).toBe(false);
  expect(says(got, mio, 'M1', [3, 900])).toBe(false);
  expect(got.heard(mio, 'M1', { '!other:port': { run: [[1, 2]] }, [room]: { another: [[1, 2]] } })).toBe(false);
  for (const wrong of [null, 7, { run: [[2, 1]] }, { run: 'all' }]) expect(got.heard(mio, 'M1', { [room]: wrong })).toBe(false);
  expect(has(got, 1)).toBe(' of 3');
});

test('who came later is asked about what was sent since', () => {
  const got = sent(2);
  got.sent(room, 'run', 3, { ...people, [ben]: ['B1', 'B2'] }, 3);
  says(got, ben, 'B2', [1, 3]);
  expect([1, 2, 3].map((n) => has(got, n))).toEqual([' of 3', ' of 3', 'B2 of 4']);
});

test('what all devices have is kept as a number', () => {
  const got = sent(2);
  says(got, mio, 'M1', [1, 2]);
  says(got, mio, 'M2', [1, 2]);
  says(got, ben, 'B1', [1, 2]);
  expect(has(got, 1)).toBe('all 3');
  expect(JSON.stringify(got.kept())).not.toContain('@');
  got.sent(room, 'run', 3, people, 3);
  expect([2, 3].map((n) => has(got, n))).toEqual(['all 3', ' of 3']);
  for (const [user, device] of [[mio, 'M1'], [mio, 'M2'], [ben, 'B1']] as const) says(got, user, device, [1, 3]);
  expect(has(got, 3)).toBe('all 3');
  expect(got.kept().rooms[room]?.['run']?.stretches).toHaveLength(1);
});

test('of what all devices have only the first messages, the others are asked for still', () => {
  const got = sent(4);
  for (const [user, device] of [[mio, 'M1'], [mio, 'M2']] as const) says(got, user, device, [1, 4]);
  says(got, ben, 'B1', [1, 2], [4, 4]);
  expect([1, 2, 3, 4].map((n) => has(got, n))).toEqual(['all 3', 'all 3', 'M1 M2 of 3', 'M1 M2 B1 of 3']);
});

test('somebody without a device that keys go to is never everybody', () => {
  const got = sent(1, { [mio]: ['M1'], [ben]: [] });
  says(got, mio, 'M1', [1, 1]);
  expect(has(got, 1)).toBe('M1 of 1');
});

test('a place that the server refused is taken by the next message; one that somebody has is not', () => {
  const got = sent(2);
  got.sent(room, 'run', 2, { [mio]: ['M1'] }, 3);
  expect(has(got, 2)).toBe(' of 1');
  says(got, mio, 'M1', [2, 2]);
  got.sent(room, 'run', 2, people, 4); // sent again, as the answer was lost
  expect(has(got, 2)).toBe('all 1');
});

test('a new start knows what was confirmed; after a week nothing is kept', () => {
  const got = sent(2);
  says(got, mio, 'M1', [1, 1]);
  const later = new Got(JSON.parse(JSON.stringify(got.kept())) as KeptGot);
  expect(has(later, 1)).toBe('M1 of 3');
  expect(says(later, mio, 'M2', [1, 2])).toBe(true);
  later.prune(week + 1);
  expect(has(later, 1)).toBe('M1 M2 of 3');
  later.prune(week + 2);
  expect(later.kept()).toEqual({ rooms: {} });
});

test('within a week all goes: what was sent on another day is a stretch of its own', () => {
  const got = new Got();
  for (let n = 1; n <= 10; n++) got.sent(room, 'run', n, people, n * 43_200_000);
  got.prune(4 * 86_400_000 + week);
  expect([1, 7, 8, 9, 10].map((n) => has(got, n))).toEqual(['unknown', 'unknown', 'unknown', ' of 3', ' of 3']);
});

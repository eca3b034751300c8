import { expect, test } from 'vitest';
import { Given, week, type KeptGiven } from './acks-given';

const room = '!r:port';
const lin = '@lin:port';
const all = (): boolean => true;
/** What the next start finds. */
const kept = (given: Given): KeptGiven => JSON.parse(JSON.stringify(given.kept())) as KeptGiven;
const told = (given: Given) => given.due(all).map(({ user, device, rooms }) => ({ user, device, rooms }));

test('each device is told once, all that is known of its runs in the rooms where something came', () => {
  const given = new Given();
  expect(given.met(room, lin, 'A', 'r1', 1, 0)).toBe(true);
  expect(given.met(room, lin, 'A', 'r1', 1, 0)).toBe(false);
  given.met(room, lin, 'A', 'r1', 2, 0);
  given.met(room, lin, 'A', 'r2', 1, 0);
  given.met('!q:port', lin, 'A', 'r3', 4, 0);
  given.met(room, lin, 'B', 'r9', 7, 0);
  expect(told(given)).toEqual([
    { user: lin, device: 'A', rooms: { [room]: { r1: [[1, 2]], r2: [[1, 1]] }, '!q:port': { r3: [[4, 4]] } } },
    { user: lin, device: 'B', rooms: { [room]: { r9: [[7, 7]] } } },
  ]);
  for (const due of given.due(all)) given.told(due);
  expect(given.owes).toBe(false);
  given.met(room, lin, 'A', 'r2', 2, 0);
  expect(told(given)).toEqual([{ user: lin, device: 'A', rooms: { [room]: { r1: [[1, 2]], r2: [[1, 2]] } } }]);
});

test('what comes while a letter is under way is told with the next one', () => {
  const given = new Given();
  given.met(room, lin, 'A', 'r', 1, 0);
  const [due] = given.due(all);
  given.met(room, lin, 'A', 'r', 2, 0);
  given.told(due!);
  expect(told(given)).toEqual([{ user: lin, device: 'A', rooms: { [room]: { r: [[1, 2]] } } }]);
});

test('a new start knows what was told and what was not', () => {
  const given = new Given();
  given.met(room, lin, 'A', 'r', 1, 0);
  for (const due of given.due(all)) given.told(due);
  const quiet = new Given(kept(given));
  expect(quiet.owes).toBe(false);
  expect(quiet.met(room, lin, 'A', 'r', 1, 0)).toBe(false); // it is read again from what was kept of the room
  given.met(room, lin, 'A', 'r', 2, 0);
  expect(told(new Given(kept(given)))).toEqual([{ user: lin, device: 'A', rooms: { [room]: { r: [[1, 2]] } } }]);
});

test('of a room where nothing may be told nothing is owed', () => {
  const given = new Given();
  given.met(room, lin, 'A', 'r', 1, 0);
  given.met('!big:port', lin, 'A', 'r', 1, 0);
  expect(given.due((id) => id === room).map(({ rooms }) => Object.keys(rooms))).toEqual([[room]]);
  expect(given.due(() => false)).toEqual([]);
  expect(given.owes).toBe(false);
});

test('it is small: a few runs of each device, and nothing after a week', () => {
  const given = new Given();
  for (let n = 0; n < 100; n++) given.met(room, lin, 'A', `r${n}`, 1, n);
  expect(given.kept().runs.map(({ run }) => run)).toEqual(['r92', 'r93', 'r94', 'r95', 'r96', 'r97', 'r98', 'r99']);
  given.prune(week + 95);
  expect(given.kept().runs).toHaveLength(5);
  given.prune(week + 100);
  expect(given.kept()).toEqual({ runs: [], owed: [] });
});

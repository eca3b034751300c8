import { expect, test } from 'vitest';
import { Reading } from './reading';

const again = (reading: Reading): Reading => new Reading(JSON.parse(JSON.stringify(reading.notes())));

test('a room is read from where it is met to where it begins', () => {
  let reading = new Reading(undefined);
  expect(reading.met('!a', ['$8', '$9'], 't8')).toBe(2);
  expect(reading.whole('!a')).toBe(false);
  expect(reading.next(['!b', '!a'])).toEqual({ room: '!a', gap: { from: 't8' } });
  reading.read('!a', { from: 't8' }, ['$7', '$6'], 't6');
  reading = again(reading);
  expect(reading.next(['!a'])).toEqual({ room: '!a', gap: { from: 't6' } });
  reading.read('!a', { from: 't6' }, ['$5'], undefined);
  expect(reading.whole('!a')).toBe(true);
  expect(reading.next(['!a'])).toBeUndefined();
});

test('a room that begins with what was met is whole', () => {
  const reading = new Reading(undefined);
  reading.met('!a', ['$1'], null);
  expect(reading.whole('!a')).toBe(true);
});

test('what joins on leaves no gap, and only what is new counts as new', () => {
  const reading = again(new Reading({ v: 1, rooms: { '!a': { newest: '$5', gaps: [], unreadable: 0 } } }));
  expect(reading.met('!a', ['$4', '$5', '$6', '$7'], 't4')).toBe(2);
  expect(reading.met('!a', ['$4', '$5', '$6', '$7'], 't4')).toBe(0);
  expect(reading.whole('!a')).toBe(true);
});

test('what was missed while away is read up to what was known, and the rest of the history after it', () => {
  const reading = new Reading(undefined);
  reading.met('!a', ['$5'], 't5');
  reading.met('!a', ['$50'], 't50');
  const gap = { from: 't50', until: '$5' };
  expect(reading.next(['!a'])).toEqual({ room: '!a', gap });
  reading.read('!a', gap, ['$49', '$30'], 't30');
  reading.read('!a', { from: 't30', until: '$5' }, ['$6', '$5', '$4'], 't4');
  expect(reading.next(['!a'])).toEqual({ room: '!a', gap: { from: 't5' } });
});

test('a gap that the server does not give out, and a token that does not move, end it', () => {
  const reading = new Reading(undefined);
  reading.met('!a', ['$5'], 't5');
  reading.refused('!a', { from: 't5' });
  expect(reading.whole('!a')).toBe(true);
  reading.met('!b', ['$5'], 't5');
  reading.read('!b', { from: 't5' }, [], 't5');
  expect(reading.whole('!b')).toBe(true);
});

test('an empty stretch of a known room changes nothing', () => {
  const reading = new Reading(undefined);
  reading.met('!a', ['$5'], null);
  reading.met('!a', [], 't9');
  expect(reading.notes().rooms['!a']).toEqual({ newest: '$5', gaps: [], unreadable: 0 });
});

test('what could not be decrypted is counted, and forgotten with the room', () => {
  const reading = new Reading(undefined);
  reading.met('!a', ['$5'], null);
  reading.count('!a', 3);
  reading.count('!a', -1);
  expect(reading.unreadable('!a')).toBe(2);
  reading.forget('!a');
  expect(reading.rooms()).toEqual([]);
});

test('notes of another version count as none', () => {
  expect(new Reading({ v: 2, rooms: { '!a': {} } }).rooms()).toEqual([]);
});

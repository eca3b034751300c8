import { expect, test } from 'vitest';
import type { Room } from 'matrix-js-sdk';
import type { Gap } from '../delivery/gaps';
import { withGaps } from './gap';
import type { TimelineItem } from './timeline';

const room = { getMember: () => null, client: { getUserId: () => '@me:x' } } as unknown as Room;
const person = { id: '@a:x', name: 'a', lang: undefined };
const item = (id: string, at: number): TimelineItem => ({ is: 'deleted', key: id, id, sender: person, mine: false, at });
const gap = (before: string, at: number): Gap => ({ is: 'named', id: '$gone', key: `named ${before}`, sender: '@a:x', device: 'D', before, at, asked: undefined, handed: [] });
const items = [item('$1', 10), item('$2', 20), item('$3', 30)];
const shown = (gaps: Gap[], ends = { fromStart: false, toEnd: false }) => withGaps(room, items, gaps, ends).map(({ id, key }) => id ?? key);

test('a gap stands before the event from which it follows, or where that was said, and nowhere else', () => {
  expect(shown([gap('$2', 99)])).toEqual(['$1', 'named $2', '$2', '$3']);
  expect(shown([gap('$edit', 25)])).toEqual(['$1', '$2', 'named $edit', '$3']);
  expect(shown([gap('$earlier', 5)])).toEqual(['$1', '$2', '$3']);
  expect(shown([gap('$earlier', 5)], { fromStart: true, toEnd: false })).toEqual(['named $earlier', '$1', '$2', '$3']);
  expect(shown([gap('$later', 40)])).toEqual(['$1', '$2', '$3']);
  expect(shown([gap('$later', 40)], { fromStart: false, toEnd: true })).toEqual(['$1', '$2', '$3', 'named $later']);
});

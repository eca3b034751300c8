import { expect, test } from 'vitest';
import { withoutKey } from './outside';

test('what somebody reacted with does not stand outside the ciphertext', () => {
  const wire = { ciphertext: 'x', 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', key: 'come at nine' } };
  expect(withoutKey(wire)).toEqual({ ciphertext: 'x', 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', key: '' } });
});

test('other relations stay as they are', () => {
  const thread = { ciphertext: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: '$a', 'm.in_reply_to': { event_id: '$b' } } };
  expect(withoutKey(thread)).toBe(thread);
  expect(withoutKey({ ciphertext: 'x' })).toEqual({ ciphertext: 'x' });
});

import { expect, test } from 'vitest';
import { typedName } from './naming';

test.each([
  ['@', 1, { from: 0, words: '' }],
  ['请@林', 3, { from: 1, words: '林' }],
  ['请＠林', 3, { from: 1, words: '林' }],
  ['see @Jonas We', 13, { from: 4, words: 'Jonas We' }],
  ['@a @b', 5, { from: 3, words: 'b' }],
  ['@lin now', 4, { from: 0, words: 'lin' }],
])('in %s somebody is about to be named', (text, caret, typed) => {
  expect(typedName(text, caret)).toEqual(typed);
});

test.each(['lin@port', 'nothing', '@lin ', '@ lin', '@lin\nnext', ''])('in %j nobody is', (text) => {
  expect(typedName(text, text.length)).toBeUndefined();
});

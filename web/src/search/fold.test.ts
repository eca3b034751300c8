import { expect, test } from 'vitest';
import { find, Folder, termsOf } from './fold';

const folded = (text: string): string => Folder.map(text).folded;

test.each([
  ['full and half width', 'ＰＤＦ　Ａ４', 'pdf a4'],
  ['accents', 'Café RÉSUMÉ Zoë Łódź', 'cafe resume zoe lodz'],
  ['an accent of its own', 'cafe\u0301 x\u030c', 'café x'],
  ['half-width kana', 'ﾃﾞｰﾀﾍﾞｰｽ', 'データベース'],
  ['katakana and hiragana', 'クレーン', 'くれーん'],
  ['voiced marks are letters', 'か', 'か'],
  ['traditional and simplified', '會議紀錄與貨櫃', '会议纪录与货柜'],
  ['Japanese forms', '沢と検収と駅', '澤と檢收と驛'],
  ['spaces between scripts', '新 PDF 文件', '新PDF文件'],
  ['spaces', '  a \n\n b\t', 'a b'],
  ['what has no width', 'a\u200bb\u00adc 葛\u{e0100}城 ☺\ufe0f', 'abc 葛城 ☺'],
  ['emoji', '👍🏽ok', '👍🏽OK'],
])('takes as the same: %s', (_, one, other) => {
  expect(folded(one)).toBe(folded(other));
});

test.each([
  ['か', 'が'],
  ['は', 'ぱ'],
  ['東京 大阪', '東京大阪'],
])('keeps apart: %s, %s', (one, other) => {
  expect(folded(one)).not.toBe(folded(other));
});

test('says where each folded character came from', () => {
  const text = ' Ｅ\u0301é ﬁn 文';
  const { folded, from } = Folder.map(text);
  expect(folded).toBe('ee fin文');
  expect(from).toEqual([1, 3, 5, 5, 5, 6, 8, 9]);
});

test('a folded text ends where the next begins', () => {
  const folder = new Folder();
  folder.add('A\0B');
  folder.add('文');
  expect(folder.text()).toBe('a b\0文\0');
  expect(folder.length).toBe(6);
});

test('terms are parted by spaces of any width, each once, the longest first', () => {
  expect(termsOf(' 文　PDF pdf 会議室長 ').map((term) => term.text)).toEqual([folded('会議室長'), 'pdf', '文']);
  expect(termsOf(' 　')).toEqual([]);
});

test('a word is found from its beginning, a character anywhere', () => {
  const at = (text: string, query: string): number => find(folded(text), termsOf(query)[0]!, 0);
  expect(at('a party of art', 'art')).toBe(11);
  expect(at('party', 'art')).toBe(-1);
  expect(at('arts', 'art')).toBe(0);
  expect(at('见文件art', 'art')).toBe(3);
  expect(at('STS-04', '04')).toBe(4);
  expect(at('14711', '4711')).toBe(-1);
  expect(at('岸桥的年检报告', '年檢')).toBe(3);
});

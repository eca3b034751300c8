import { afterAll, expect, test } from 'vitest';
import { changeLanguage } from './lang';
import { fileSize } from './sizes';

afterAll(() => changeLanguage('en'));

test.each([
  ['en', ['1 byte', '781 bytes', '38 kB', '1.2 MB']],
  ['zh-Hans', ['1字节', '781字节']],
  ['zh-Hant', ['1位元組', '781位元組']],
  ['ja', ['1 バイト', '781 バイト']],
] as const)('sizes in %s', (language, wanted) => {
  changeLanguage(language);
  expect([1, 781, 38_000, 1_200_000].map(fileSize).slice(0, wanted.length)).toEqual(wanted);
});

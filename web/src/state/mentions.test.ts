import { expect, test } from 'vitest';
import { namedIn, namesEverybody, personOfPill, pillFor, readMentions } from './mentions';

test.each(['@lin:port.example', '@a/b+c=d:port.example:8448', '@林:port.example'])('the pill of %s stands for them', (id) => {
  expect(personOfPill(pillFor(id))).toBe(id);
});

test.each(['https://matrix.to/#/!room:port.example', 'https://matrix.to.evil.example/#/@lin:port.example', 'http://matrix.to/#/@lin:port.example', 'https://matrix.to/#/@lin', 'https://matrix.to/#/@%E0%A4%A:port'])(
  '%s stands for nobody',
  (address) => {
    expect(personOfPill(address)).toBeUndefined();
  },
);

test('whom formatted text names is read out of its pills, each once', () => {
  const pill = `<a href="${pillFor('@lin:port.example')}">@林</a>`;
  expect(namedIn(`<p>${pill} and ${pill}, <a href="https://port.example">not</a></p>`)).toEqual(['@lin:port.example']);
  expect(namedIn(undefined)).toEqual([]);
});

test('what a sender says about mentions is taken only in good form', () => {
  expect(readMentions({})).toEqual({ ids: [], all: false });
  expect(readMentions({ 'm.mentions': { user_ids: ['@a:b', 7, null], room: 'yes' } })).toEqual({ ids: ['@a:b'], all: false });
  expect(readMentions({ 'm.mentions': { user_ids: '@a:b', room: true } })).toEqual({ ids: [], all: true });
  expect(readMentions({ 'm.mentions': { user_ids: Array.from({ length: 9000 }, (_, n) => `@${n}:b`) } }).ids.length).toBe(200);
});

test('everybody is named by a word of its own', () => {
  expect(namesEverybody('@room: drill')).toBe(true);
  expect(namesEverybody('请@room看')).toBe(true);
  expect(namesEverybody('@rooms `@room` me@room')).toBe(false);
});

import { readdirSync, readFileSync } from 'node:fs';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import { describe, expect, test } from 'vitest';
import { changeLanguage, say } from './lang';
import { chooseLanguage, languages, languageOfTag } from './languages';
import { cleanTag, languageOf } from './script';
import { sentences } from './sentences';
import { words } from './words';

type Compiled = ReturnType<typeof compileMessage>;

/** The names of the arguments that a compiled message really asks for. */
function asked(message: Compiled | string): Set<string> {
  const names = new Set<string>();
  const walk = (tokens: unknown): void => {
    if (!Array.isArray(tokens)) return;
    for (const token of tokens as unknown[]) {
      if (!Array.isArray(token)) continue;
      names.add(String(token[0]));
      for (const branch of Object.values((token[2] ?? {}) as Record<string, unknown>)) walk(branch);
    }
  };
  walk(message);
  return names;
}

test('every sentence compiles, has no empty text, and asks for the same arguments in every language', () => {
  for (const [id, sentence] of Object.entries(words)) {
    const wanted = asked(compileMessage(sentence.en));
    for (const language of languages) {
      expect(sentence[language].trim(), `${id} ${language}`).not.toBe('');
      expect(asked(compileMessage(sentence[language])), `${id} ${language}`).toEqual(wanted);
    }
  }
});

test('Chinese and Japanese use full-width punctuation after Han and kana', () => {
  for (const [id, sentence] of Object.entries(words)) {
    for (const language of ['zh-Hans', 'zh-Hant', 'ja'] as const) {
      expect(sentence[language], `${id} ${language}`).not.toMatch(/[\p{Script=Han}\u3041-\u30ff][,.;:?!()](?![\w])/u);
    }
  }
});

test('no space is written between Han and what stands beside it in Chinese: the page sets it, where names and numbers need one', () => {
  for (const [id, sentence] of Object.entries(words)) {
    for (const language of ['zh-Hans', 'zh-Hant'] as const) {
      expect(sentence[language], `${id} ${language}`).not.toMatch(/\p{Script=Han} [\w{}#]|[\w{}#] \p{Script=Han}/u);
    }
  }
  expect(readFileSync('src/kit/base.css', 'utf8')).toContain('text-autospace: normal');
});

test('the words of the house are kept: no exclamation marks, no “please” before a rule, no “delivered”', () => {
  for (const [id, sentence] of Object.entries(words)) {
    expect(sentence.en, id).not.toMatch(/!|\bplease\b|\bdelivered\b|\boops\b|military/i);
    for (const language of languages) expect(sentence[language], `${id} ${language}`).not.toMatch(/[!！]/);
  }
});

test('no colon is put between two sentences by hand: which one it is depends on the language', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tsx') && !name.includes('.test.'));
  expect(files.length).toBeGreaterThan(50);
  for (const name of files) expect(readFileSync(`src/${name}`, 'utf8'), name).not.toMatch(/say\([^\n]*\)\}: |`: \$\{/);
});

test('counting follows the language', () => {
  changeLanguage('en');
  expect(say('room.people', { n: 1 })).toBe('1 person');
  expect(say('room.people', { n: 5 })).toBe('5 people');
  changeLanguage('zh-Hant');
  expect(say('room.people', { n: 5 })).toBe('5人');
  expect(document.documentElement.lang).toBe('zh-Hant');
  changeLanguage('en');
});

test('the compiler refuses a missing argument, an unknown one, and a translation that names others', () => {
  // @ts-expect-error the count is missing
  say('room.people');
  // @ts-expect-error no such argument
  say('rooms.title', { n: 1 });
  // @ts-expect-error Japanese names another argument
  sentences({ x: { en: '{name} left', 'zh-Hans': '{name}', 'zh-Hant': '{name}', ja: '{who}' } });
  // @ts-expect-error Japanese is missing
  sentences({ x: { en: 'a', 'zh-Hans': 'b', 'zh-Hant': 'c' } });
});

describe('which language', () => {
  test('the first that the browser wants and we speak', () => {
    expect(chooseLanguage(['de-DE', 'zh-HK', 'en'])).toBe('zh-Hant');
    expect(chooseLanguage(['zh-CN'])).toBe('zh-Hans');
    expect(chooseLanguage(['fr'])).toBe('en');
    expect(languageOfTag('zh-Hant-CN')).toBe('zh-Hant');
  });

  test('a text shows its own by its letters', () => {
    expect(languageOf('承知しました。')).toBe('ja');
    expect(languageOf('请各位今天下班前去看。')).toBe('zh-Hans');
    expect(languageOf('會議室訂在 B204。')).toBe('zh-Hant');
    expect(languageOf('林秋砚')).toBe('zh-Hans');
    expect(languageOf('許青嵐')).toBeUndefined();
    expect(languageOf('採購審查小組，內容只在聊天室內顯示')).toBe('zh-Hant');
    expect(languageOf('国会図書館')).toBeUndefined();
    expect(languageOf('東京都港区')).toBeUndefined();
    expect(languageOf('后里')).toBeUndefined();
    expect(languageOf('佐伯 澪')).toBeUndefined();
    expect(languageOf('荷役計画')).toBeUndefined();
    expect(languageOf('I can read it at 15:00', ['ja', 'de'])).toBe('de');
    expect(languageOf('I can read it at 15:00', ['ja'])).toBe('en');
    expect(languageOf('12:30')).toBeUndefined();
  });

  test('a tag from somebody else is passed on only in good form', () => {
    expect(cleanTag('zh-TW')).toBe('zh-Hant');
    expect(cleanTag('de')).toBe('de');
    expect(cleanTag('"><script>')).toBeUndefined();
    expect(cleanTag(7)).toBeUndefined();
  });
});

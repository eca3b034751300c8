import { expect, test } from 'vitest';
import { emojiName } from './emoji';
import { languages } from './languages';

// In the order of the specification's table.
const all = '🐶🐱🦁🐎🦄🐷🐘🐰🐼🐓🐧🐢🐟🐙🦋🌷🌳🌵🍄🌏🌙☁️🔥🍌🍎🍓🌽🍕🎂❤️😀🤖🎩👓🔧🎅👍☂️⌛⏰🎁💡📕✏️📎✂️🔒🔑🔨☎️🏁🚂🚲✈️🚀🏆⚽🎸🎺🔔⚓🎧📁📌';

test('each of the 64 emoji has a name of its own in every language, with and without the variation selector', () => {
  const emoji = all.match(/\P{M}\ufe0f?/gu) ?? [];
  expect(emoji.length).toBe(64);
  for (const language of languages) {
    const names = emoji.map((one) => emojiName(one, language));
    expect(new Set(names).size, language).toBe(64);
    for (const [n, name] of names.entries()) {
      expect(name, language).not.toBe(emoji[n]);
      expect(emojiName(emoji[n]!.replace('\ufe0f', ''), language)).toBe(name);
    }
  }
  expect(emojiName('🧂', 'en')).toBe('🧂');
});

import { expect, test } from 'vitest';
import { ownTags } from './tags';

// The server makes the same: internal/desk/people_test.go.
test('tags are the same everywhere, and a few more are looked for than were used', async () => {
  const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
  const few = await ownTags(key, 0);
  expect(few.size).toBe(100);
  expect([...few].slice(0, 2)).toEqual(['ROe39nf31o_IsM7i5paNBQ', 'iMlnYg7kw5tJbTOEC_1Liw']);
  expect(few.has('zkiqSy5HaMuSSJNU0bdbjg')).toBe(false);
  expect((await ownTags(key, 200)).has('zkiqSy5HaMuSSJNU0bdbjg')).toBe(true);
});

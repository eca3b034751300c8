import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync('src/kit/parts.css', 'utf8');

test('a button that is disabled keeps its looks under the pointer, so that it can be read', () => {
  const hovers = [...css.matchAll(/\.btn[\w.]*:hover[^{,]*/g)].map(([selector]) => selector.trim());
  expect(hovers.length).toBeGreaterThan(0);
  for (const selector of hovers) expect(selector).toMatch(/:hover:not\(:disabled\)$/);
});

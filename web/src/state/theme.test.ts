import { expect, test } from 'vitest';
import { theme } from './theme';

test('what is printed is light, and the screen then as it was', () => {
  const shown = () => document.documentElement.dataset['theme'];
  theme.choose('dark');
  expect(shown()).toBe('dark');
  dispatchEvent(new Event('beforeprint'));
  expect(shown()).toBe('light');
  dispatchEvent(new Event('afterprint'));
  expect(shown()).toBe('dark');
  theme.choose('system');
});

import { expect, test } from 'vitest';
import { followViewport } from './viewport';

test('the height that can be seen is told while the page has its own size', () => {
  const seen = Object.assign(new EventTarget(), { height: 800, scale: 1, offsetTop: 0 });
  const told = () => document.documentElement.style.getPropertyValue('--seen');
  followViewport(seen as unknown as VisualViewport);
  expect(told()).toBe('');
  seen.height = 420;
  seen.dispatchEvent(new Event('resize'));
  expect(told()).toBe('420px');
  seen.scale = 2;
  seen.dispatchEvent(new Event('resize'));
  expect(told()).toBe('');
});

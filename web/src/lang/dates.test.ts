import { afterEach, expect, test, vi } from 'vitest';
import { clock, day, exact, short } from './dates';
import { changeLanguage } from './lang';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const at = new Date(2031, 10, 20, 9, 31).getTime();

test('a formatter is made once for each language, and made anew where the time zone has changed', () => {
  changeLanguage('zh-Hant');
  const made = vi.fn();
  class Counted extends Intl.DateTimeFormat {
    constructor(...args: ConstructorParameters<typeof Intl.DateTimeFormat>) {
      super(...args);
      made();
    }
  }
  vi.stubGlobal('Intl', { ...Intl, DateTimeFormat: Counted });
  const all = (): string[] => [clock(at), day(at, at), short(at - 86_400_000, at), short(at - 30 * 86_400_000, at), exact(at)];
  const before = all();
  const first = made.mock.calls.length;
  expect(first).toBeGreaterThan(0);
  expect(all()).toEqual(before);
  expect(made).toHaveBeenCalledTimes(first);
  vi.spyOn(Date.prototype, 'getTimezoneOffset').mockReturnValue(-525);
  all();
  expect(made.mock.calls.length).toBe(2 * first);
  changeLanguage('en');
});

test('each language writes time its own way', () => {
  changeLanguage('ja');
  expect([clock(at), day(at, at)]).toEqual(['09:31', '11月20日木曜日']);
  changeLanguage('en');
  expect([clock(at), day(at, at), day(at, 0), short(at - 86_400_000, at)]).toEqual(['09:31', 'Thursday 20 November', expect.stringContaining('2031'), 'Wed']);
});

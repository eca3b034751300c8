import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Glance } from './glance';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A list of rows, 40 high each, of which `shown` are in sight. */
function list(rows: readonly string[], shown: number): HTMLElement {
  const box = document.createElement('div');
  const place = (element: HTMLElement, top: number, height: number) => vi.spyOn(element, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, top, 400, height));
  place(box, 0, shown * 40);
  rows.forEach((id, n) => {
    const row = document.createElement('article');
    row.dataset['key'] = id;
    row.dataset['event'] = id;
    place(row, n * 40, 40);
    box.append(row);
  });
  return box;
}

const looked = (focus: boolean): boolean => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(focus);
  const seen = vi.fn();
  new Glance().at(list(['$1', '$2', '$3'], 2), () => false, seen);
  vi.advanceTimersByTime(399);
  expect(seen).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  if (focus) expect(seen).toHaveBeenCalledExactlyOnceWith('$2', false);
  return seen.mock.calls.length > 0;
};

test('what stood there for a moment was seen, and nothing below it', () => {
  expect(looked(true)).toBe(true);
});

test('a window that nobody looks at sees nothing, however long', () => {
  expect(looked(false)).toBe(false);
});

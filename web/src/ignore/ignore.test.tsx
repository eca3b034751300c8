import { act, fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { Person } from '../state/person';
import { Store } from '../state/store';
import { IgnoredHere } from './IgnoredHere';
import { IgnorePerson } from './IgnorePerson';

beforeAll(() => changeLanguage('en'));

const mio: Person = { id: '@mio:port', name: '佐伯 澪', lang: 'ja' };

class Ignored extends Store<readonly Person[]> {
  readonly ignore = vi.fn(() => Promise.resolve(this.set([mio])));
  readonly hear = vi.fn(() => Promise.resolve(this.set([])));
}

test('what ignoring does is said before it is done; the same button takes it back and keeps the focus', async () => {
  const ignoring = new Ignored([]);
  const { container } = render(<IgnorePerson person={mio} ignoring={ignoring} />);
  expect(container.textContent).toContain('They are not told');
  const button = screen.getByRole('button', { name: 'Ignore' });
  button.focus();
  await act(() => Promise.resolve(fireEvent.click(button)));
  expect(ignoring.ignore).toHaveBeenCalledExactlyOnceWith('@mio:port');
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Stop ignoring' }));
  expect(await barriers(container)).toEqual([]);
  await act(() => Promise.resolve(fireEvent.click(button)));
  expect(ignoring.hear).toHaveBeenCalledExactlyOnceWith('@mio:port');
  expect(container.textContent).toContain('You can end it at any time');
});

test('a conversation says why nothing of the other person is there, and a refusal is shown', async () => {
  const { container } = render(<IgnoredHere person={mio} onHear={() => Promise.reject(new Error('x'))} />);
  expect(container.textContent).toContain('You ignore 佐伯 澪');
  expect(await barriers(container)).toEqual([]);
  await act(() => Promise.resolve(fireEvent.click(screen.getByRole('button', { name: 'Stop ignoring' }))));
  expect(screen.getByRole('alert')).toBeTruthy();
});

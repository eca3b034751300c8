import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { ResetNews } from './ResetNews';

beforeAll(() => changeLanguage('en'));

const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const still = <T,>(value: T) => ({ snapshot: () => value, subscribe: () => () => undefined });

test('that the password was reset by mail is said until it was read', async () => {
  const seen = vi.fn();
  const { container, rerender } = render(<ResetNews resets={{ ...still(undefined), seen }} />);
  expect(container.textContent).toBe('');
  rerender(<ResetNews resets={{ ...still(new Date('2026-11-29T12:00:00Z')), seen }} />);
  expect(screen.getByRole('alert').textContent).toContain('Your password was replaced by mail on');
  expect(await barriers(container)).toEqual([]);
  press('It was me');
  expect(seen).toHaveBeenCalled();
});

import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { RecoveryKey } from './RecoveryKey';

beforeAll(() => changeLanguage('en'));

const phone = { id: 'PHONE', name: 'Phone', called: 'Phone (2)', here: false, signed: true, added: false, lastDay: undefined };

test('a device that lacks the keys says so, and another one can hand them over', async () => {
  const onCompare = vi.fn();
  const { container, rerender } = render(<RecoveryKey mayRenew={false} renewed={false} others={[phone]} onNewKey={vi.fn()} onCompare={onCompare} />);
  expect(screen.queryByRole('button', { name: 'Make a new recovery key…' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Compare with Phone (2)' }));
  expect(onCompare).toHaveBeenCalledWith('PHONE');
  expect(await barriers(container)).toEqual([]);
  rerender(<RecoveryKey mayRenew={false} renewed={false} others={[]} onNewKey={vi.fn()} onCompare={onCompare} />);
  expect(screen.getByText(/you have no other verified device/)).toBeTruthy();
});

import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { MailPart } from './MailPart';

beforeAll(() => changeLanguage('en'));

const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const fill = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const still = <T,>(value: T) => ({ snapshot: () => value, subscribe: () => () => undefined });

test('an address is given, confirmed with the password, and removed; where no mail is sent nothing is offered', async () => {
  const does = { look: vi.fn(() => Promise.resolve()), ask: vi.fn(() => Promise.resolve()), add: vi.fn(() => Promise.resolve()), forget: vi.fn(), remove: vi.fn(() => Promise.resolve()) };
  const { container, rerender } = render(<MailPart mail={{ ...does, ...still({ works: false }) }} />);
  expect(container.textContent).toBe('');
  rerender(<MailPart mail={{ ...does, ...still({ works: true }) }} />);
  fill('Mail address', 'lin@example.org');
  expect(await barriers(container)).toEqual([]);
  press('Send a link');
  await waitFor(() => expect(does.ask).toHaveBeenCalledExactlyOnceWith('lin@example.org'));
  rerender(<MailPart mail={{ ...does, ...still({ works: true, asked: 'lin@example.org' }) }} />);
  await waitFor(() => expect(screen.queryByText(/A link was sent to lin@example.org/)).toBeTruthy());
  fill('Password', 'four plain words');
  await waitFor(() => press('Add the address'));
  await waitFor(() => expect(does.add).toHaveBeenCalledExactlyOnceWith('four plain words'));
  rerender(<MailPart mail={{ ...does, ...still({ works: true, address: 'lin@example.org' }) }} />);
  await waitFor(() => press('Remove the address'));
  await waitFor(() => expect(does.remove).toHaveBeenCalled());
});

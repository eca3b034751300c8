import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { Forgot } from './Forgot';
import { Mailed } from './Mailed';
import { NewPassword } from './NewPassword';

beforeAll(() => changeLanguage('en'));

const fill = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

test('a forgotten password: a link is asked for, and nothing tells whether somebody has the address; another one can be typed', async () => {
  const ask = vi.fn(() => Promise.resolve());
  const { container } = render(<Forgot ask={ask} onBack={() => undefined} />);
  press('Send a link');
  expect(ask).not.toHaveBeenCalled();
  fill('Mail address', 'lin@example.org');
  press('Send a link');
  expect(await screen.findByText('A link is on its way, if somebody here has this address')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  press('Use another address');
  fill('Mail address', 'lin@example.net');
  press('Send a link');
  await screen.findByText(/A link is on its way/);
  expect(ask).toHaveBeenLastCalledWith('lin@example.net');
});

test('a new password is typed twice, signs all devices out unless one chooses otherwise, and what was refused stays on the page', async () => {
  const set = vi.fn<(password: string, signOut: boolean) => Promise<void>>(() => Promise.reject(new Error('not opened')));
  const onSignIn = vi.fn();
  render(<NewPassword set={set} onSignIn={onSignIn} />);
  fill('New password', 'eight quiet boats');
  fill('Password once more', 'another one');
  press('Set the new password');
  expect(set).not.toHaveBeenCalled();
  expect(screen.getByRole('alert').textContent).toBe('The two passwords are not the same.');
  fill('Password once more', 'eight quiet boats');
  press('Set the new password');
  expect(await screen.findByText(/This did not work/)).toBeTruthy();
  expect(set).toHaveBeenLastCalledWith('eight quiet boats', true);
  set.mockResolvedValue();
  fireEvent.click(screen.getByRole('switch'));
  press('Set the new password');
  await screen.findByText('The new password is set');
  expect(set).toHaveBeenLastCalledWith('eight quiet boats', false);
  press('To signing in');
  expect(onSignIn).toHaveBeenCalled();
});

test('a link does nothing before somebody says that they asked for it, and then leads to where it was asked for', async () => {
  const open = vi.fn<() => Promise<'add' | 'here' | 'there'>>(() => Promise.resolve('there'));
  const { container, unmount } = render(<Mailed sid="S" token="T" open={open} />);
  expect(open).not.toHaveBeenCalled();
  expect(await barriers(container)).toEqual([]);
  press('It was me: confirm');
  expect(await screen.findByText(/Go back to where you asked for the link/)).toBeTruthy();
  expect(open).toHaveBeenCalledExactlyOnceWith('S', 'T');
  expect(screen.queryByLabelText('New password')).toBeNull();
  unmount();
  open.mockResolvedValue('here');
  render(<Mailed sid="S" token="T" open={open} />);
  press('It was me: confirm');
  expect(await screen.findByLabelText('New password')).toBeTruthy();
});

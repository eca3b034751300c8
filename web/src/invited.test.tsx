import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../test/axe';
import { changeLanguage } from './lang/lang';
import { SignUp } from './signin/SignUp';
import { FaultError } from './wire/fault';

beforeAll(() => changeLanguage('en'));

test('with an invitation that is not valid nothing is asked: it is said, and whoever has an account goes on with it', async () => {
  const invitation = vi.fn(() => Promise.reject(new FaultError({ id: 'fault.invitation', code: 'M_NOT_FOUND' })));
  const onHaveAccount = vi.fn();
  const { container } = render(<SignUp invitation="T" wardroom={{ signUp: vi.fn(), invitation }} onHaveAccount={onHaveAccount} />);
  expect((await screen.findByRole('alert')).textContent).toContain('This invitation is not valid');
  expect(screen.queryAllByRole('textbox')).toEqual([]);
  expect(container.querySelectorAll('form')).toHaveLength(0);
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'I have an account' }));
  expect(onHaveAccount).toHaveBeenCalledOnce();
});

test('where the server does not answer one can sign up all the same, once it does', async () => {
  const invitation = vi.fn(() => Promise.reject(new FaultError({ id: 'fault.offline', code: 'x' })));
  render(<SignUp invitation="T" wardroom={{ signUp: vi.fn(), invitation }} onHaveAccount={() => undefined} />);
  await screen.findByRole('alert');
  expect(screen.getByLabelText('Account name')).toBeTruthy();
});

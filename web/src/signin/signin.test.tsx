import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { NewKey } from './NewKey';
import { Restore } from './Restore';
import { SignIn } from './SignIn';
import { SignUp } from './SignUp';

beforeAll(() => changeLanguage('en'));
afterEach(() => vi.restoreAllMocks());

const fill = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
const fault = (id: string) => Object.assign(new Error(id), { name: 'FaultError' });

test('signing up: nothing is judged while typing, everything at once when done', async () => {
  const signUp = vi.fn(() => Promise.resolve());
  const invitation = vi.fn(() => Promise.resolve({ server: '隼灣港務局', expires: Date.now(), uses: 1, by: { id: '@lin:port', name: '林秋砚' } }));
  const { container } = render(<SignUp invitation="T" wardroom={{ signUp, invitation }} onHaveAccount={() => undefined} />);
  expect(await screen.findByText('林秋砚')).toBeTruthy();
  expect(invitation).toHaveBeenCalledExactlyOnceWith('T');
  fill('Account name', 'Lin Qiuyan');
  expect(screen.queryByRole('alert')).toBeNull();
  press('Make the account');
  expect(screen.getAllByRole('alert')).toHaveLength(3);
  expect(signUp).not.toHaveBeenCalled();
  expect(await barriers(container)).toEqual([]);
  fill('Your name', ' 林秋砚 ');
  fill('Account name', 'Lin.Q');
  fill('Password', 'four plain words');
  fill('Password once more', 'four plain words');
  press('Make the account');
  await waitFor(() => expect(signUp).toHaveBeenCalledExactlyOnceWith('T', '林秋砚', 'lin.q', 'four plain words'));
});

test('signing in: nothing is sent without both, and what went wrong stays on the page', async () => {
  const signIn = vi.fn(() => Promise.reject(fault('x')));
  const { container } = render(<SignIn wardroom={{ signIn, signInWithPasskey: signIn }} why={{ id: 'fault.signedOut', code: 'M_UNKNOWN_TOKEN' }} />);
  expect(screen.getByRole('alert').textContent).toContain('This device was signed out.');
  press('Sign in');
  expect(signIn).not.toHaveBeenCalled();
  fill('Account name', 'lin');
  fill('Password', 'x');
  press('Sign in');
  expect(await screen.findByText(/This did not work/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
});

function key(why: 'first' | 'afresh' | 'renew') {
  const groups = 'EsTc 9xkM wQ4r Jd7h Pn2V b8Ys Lm3A gK6t Rz5C fX1u Hw9e T4qB'.split(' ');
  const made = { groups, generated: { privateKey: new Uint8Array(32) } };
  const session = { recovery: { make: () => Promise.resolve(made) }, client: {} };
  const useNewKey = vi.fn(() => Promise.resolve());
  const view = render(<NewKey wardroom={{ useNewKey, backToKey: () => undefined }} session={session as never} account="@lin:port" why={why} />);
  return { ...view, groups, made, useNewKey };
}

test('the recovery key is used only by somebody who can read a group of it back', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.55); // group 7
  const { container, made, useNewKey } = key('first');
  expect(await screen.findByText('Lm3A')).toBeTruthy();
  expect(screen.getByText('Wardroom recovery key of @lin:port').parentElement?.textContent).toContain(location.host); // on paper
  expect(await barriers(container)).toEqual([]);
  fill('Enter the four characters of group 7', 'lm3a');
  press('Finish');
  expect(screen.getByRole('alert').textContent).toContain('not the characters of group 7');
  expect(useNewKey).not.toHaveBeenCalled();
  fill('Enter the four characters of group 7', ' Lm3A ');
  press('Finish');
  await waitFor(() => expect(useNewKey).toHaveBeenCalledExactlyOnceWith(made, undefined));
});

test('where it replaces a lost one it says that nothing has happened yet, and asks for the password', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const { container, made, useNewKey } = key('afresh');
  expect(await screen.findByText('EsTc')).toBeTruthy();
  expect(screen.getByText(/Nothing has happened yet/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fill(/group 1/, 'EsTc');
  fill('Password', 'four plain words');
  press('Replace the lost key');
  await waitFor(() => expect(useNewKey).toHaveBeenCalledExactlyOnceWith(made, 'four plain words'));
});

test('a new device asks for the key, and says what is gone without it before anything is done', async () => {
  const restore = vi.fn(() => Promise.resolve());
  const startAfresh = vi.fn();
  const { container } = render(<Restore compared={undefined} replaced={false} notices={null} onCompare={undefined} wardroom={{ restore, startAfresh, signOut: () => Promise.resolve() }} />);
  press('Restore this device');
  expect(restore).not.toHaveBeenCalled();
  press('I have lost the key…');
  expect(screen.getByText(/Gone for this device/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  press('Make a new key…');
  expect(startAfresh).toHaveBeenCalledOnce();
  fill('Recovery key', 'EsTc 9xkM');
  press('Restore this device');
  await waitFor(() => expect(restore).toHaveBeenCalledWith('EsTc 9xkM', expect.any(Function)));
});

test('a recovery key that could not be made says so, and is made when asked again', async () => {
  const groups = Array<string>(12).fill('EsTc');
  const make = vi.fn(() => Promise.resolve({ groups })).mockRejectedValueOnce(new Error('no memory'));
  render(<NewKey wardroom={{ useNewKey: () => Promise.resolve(), backToKey: () => undefined }} session={{ recovery: { make }, client: {} } as never} account="@lin:port" why="first" />);
  expect((await screen.findByRole('alert')).textContent).toContain('The recovery key could not be made');
  press('Try again');
  expect(await screen.findAllByText('EsTc')).toHaveLength(12);
  expect(screen.queryByRole('alert')).toBeNull();
});

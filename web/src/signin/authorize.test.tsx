import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { App } from '../state/authorizing';
import { Authorize } from './Authorize';

beforeAll(() => changeLanguage('en'));
afterEach(() => vi.restoreAllMocks());

/** The page, with a server that gives these answers one after the other. What is asked is kept. */
function open(...answers: [number, object][]) {
  const asked: unknown[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation((_, init) => {
    asked.push(JSON.parse(init?.body as string));
    const [status, body] = answers.shift()!;
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  const leave = vi.fn();
  const app = new App('?client_id=x', leave);
  const view = render(<Authorize app={app} />);
  void app.read();
  return { ...view, asked, leave };
}

const request = { client_name: 'Harbour', to: 'app.example.org', login_hint: '', refuse: 'https://app.example.org/back?error=access_denied' };

test('it says which app asks and where the answer goes; a wrong password stays, the right one leaves', async () => {
  const page = open([200, request], [403, { errcode: 'M_FORBIDDEN', error: 'no' }], [200, { redirect: 'https://app.example.org/back?code=y' }]);
  expect(await screen.findByRole('heading', { name: 'Sign in to Harbour' })).toBeTruthy();
  expect(screen.getByText('app.example.org')).toBeTruthy();
  expect(await barriers(page.container)).toEqual([]);
  fireEvent.change(screen.getByLabelText('Account name'), { target: { value: ' lin ' } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'wrong' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in to it' }));
  expect((await screen.findByRole('alert')).textContent).toContain('M_FORBIDDEN');
  expect(page.leave).not.toHaveBeenCalled();
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'four plain words' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in to it' }));
  await waitFor(() => expect(page.leave).toHaveBeenCalledExactlyOnceWith('https://app.example.org/back?code=y'));
  expect(page.asked).toEqual([{ query: '?client_id=x' }, { query: '?client_id=x', user: 'lin', password: 'wrong' }, { query: '?client_id=x', user: 'lin', password: 'four plain words' }]);
});

test('who does not want to sign in goes back with a refusal', async () => {
  const page = open([200, request]);
  fireEvent.click(await screen.findByRole('button', { name: 'Do not sign in' }));
  expect(page.leave).toHaveBeenCalledExactlyOnceWith(request.refuse);
});

test('nobody is sent anywhere unasked by a request that is wrong', async () => {
  const page = open([400, { error: 'invalid_scope', error_description: 'x', redirect: 'https://app.example.org/back?error=invalid_scope' }]);
  const back = await screen.findByRole('button', { name: 'Back to app.example.org' });
  expect(page.leave).not.toHaveBeenCalled();
  fireEvent.click(back);
  expect(page.leave).toHaveBeenCalledExactlyOnceWith('https://app.example.org/back?error=invalid_scope');
});

test('an app that is not known gets no answer at all', async () => {
  open([404, { errcode: 'M_NOT_FOUND', error: 'x' }]);
  expect(await screen.findByText(/does not know the app/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Back/ })).toBeNull();
});

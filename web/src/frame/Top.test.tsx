import { fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { Top } from './Top';

beforeAll(() => changeLanguage('en'));
afterEach(() => changeLanguage('en'));

const me = { id: '@marta:port', name: 'Marta Hallén', lang: 'en' };
const openMenu = () => fireEvent.click(screen.getByRole('button', { name: /Marta/ }));

test('the way to the server is told as it is', () => {
  const { rerender } = render(<Top me={me} connection={{ is: 'connected', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={() => undefined} />);
  expect(screen.getByText('Connected')).toBeTruthy();
  rerender(<Top me={me} connection={{ is: 'noServer', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={() => undefined} />);
  expect(screen.getByText('No answer from the server')).toBeTruthy();
});

test('language and appearance change at once', async () => {
  const { container } = render(<Top me={me} connection={{ is: 'connected', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={() => undefined} />);
  openMenu();
  expect(screen.getByRole('menuitemradio', { name: 'English' }).getAttribute('aria-checked')).toBe('true');
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('menuitemradio', { name: '日本語' }));
  expect(screen.getByText('接続中')).toBeTruthy();
  expect(document.documentElement.lang).toBe('ja');
  openMenu();
  fireEvent.click(screen.getByRole('menuitemradio', { name: 'ダーク' }));
  expect(document.documentElement.dataset['theme']).toBe('dark');
});

test('signing out asks first, and says what would be lost', () => {
  const onSignOut = vi.fn();
  render(<Top me={me} connection={{ is: 'connected', since: undefined }} news={false} desk={undefined} unsent={() => 2} onSignOut={onSignOut} onSkip={() => undefined} />);
  openMenu();
  fireEvent.click(screen.getByRole('menuitem', { name: 'Sign out…' }));
  expect(screen.getByText(/2 messages have not been saved/)).toBeTruthy();
  expect(document.activeElement?.textContent).toBe('Stay signed in');
  expect(onSignOut).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Sign out' }));
  expect(onSignOut).toHaveBeenCalledOnce();
});

test('signing out without a connection says what the server will not know, and where to end it', () => {
  render(<Top me={me} connection={{ is: 'offline', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={() => undefined} />);
  openMenu();
  fireEvent.click(screen.getByRole('menuitem', { name: 'Sign out…' }));
  expect(screen.getByText(/until you end it from another device/)).toBeTruthy();
});

test('a key leads to the search from anywhere, but not out of a dialog; the search says which', () => {
  location.hash = '#/';
  render(<Top me={me} connection={{ is: 'connected', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={() => undefined} />);
  expect(screen.getByRole('link', { name: 'Search' }).title).toBe('Search (Ctrl+K)');
  openMenu();
  fireEvent.click(screen.getByRole('menuitem', { name: 'Sign out…' }));
  fireEvent.keyDown(document.body, { key: 'k', ctrlKey: true });
  expect(location.hash).toBe('#/');
  fireEvent.click(screen.getByRole('button', { name: 'Stay signed in' }));
  fireEvent.keyDown(document.body, { key: 'k' });
  expect(location.hash).toBe('#/');
  fireEvent.keyDown(document.body, { key: 'k', ctrlKey: true });
  expect(location.hash).toBe('#/search');
});

test('the first stop of Tab goes past the list of rooms', () => {
  const onSkip = vi.fn();
  const { container } = render(<Top me={me} connection={{ is: 'connected', since: undefined }} news={false} desk={undefined} unsent={() => 0} onSignOut={() => undefined} onSkip={onSkip} />);
  expect(container.querySelector('a, button')?.textContent).toBe('Skip the list of rooms');
  fireEvent.click(screen.getByRole('button', { name: 'Skip the list of rooms' }));
  expect(onSkip).toHaveBeenCalledOnce();
});

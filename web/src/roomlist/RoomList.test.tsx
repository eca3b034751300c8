import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import * as dates from '../lang/dates';
import { changeLanguage } from '../lang/lang';
import type { RoomListView } from '../state/roomlist';
import { Store } from '../state/store';
import { RoomList } from './RoomList';

beforeAll(() => changeLanguage('en'));

const mio = { id: '@mio:port', name: '佐伯 澪', lang: 'ja' };
const view: RoomListView = {
  ready: true,
  invitations: [{ id: '!i', name: '值班与交接', lang: 'zh-Hans', by: mio }],
  rooms: [
    { id: '!q:port', name: 'Quay 7', lang: 'en', with: undefined, at: Date.now(), unread: 2, mentioned: false, unsure: false, preview: { sender: mio, mine: false, text: '承知しました', lang: 'ja', unreadable: undefined } },
    { id: '!n', name: '', lang: undefined, with: undefined, at: 0, unread: 0, mentioned: false, unsure: false, preview: undefined },
  ],
  people: [{ id: '!d', name: '佐伯 澪', lang: 'ja', with: mio, at: 1, unread: 0, mentioned: false, unsure: false, preview: { sender: mio, mine: true, text: '', lang: undefined, unreadable: 'noKey' } }],
};

const search = { drafts: new Store<ReadonlyMap<string, string>>(new Map()), find: () => Promise.resolve([]), userId: () => undefined };

function shown(over: Partial<Parameters<typeof RoomList>[0]> = {}) {
  const props = { ...search, view, open: undefined, onConverse: vi.fn(() => Promise.resolve()), onCreate: vi.fn(() => Promise.resolve('!new')), onInvite: vi.fn(() => Promise.resolve()), onMade: vi.fn(), onJoin: vi.fn(() => Promise.resolve()), onDismiss: vi.fn(), removals: [], devices: [], onCompare: vi.fn(), onMine: vi.fn(), onStranger: vi.fn(), onDecline: vi.fn(() => Promise.resolve()), ...over };
  return { ...render(<RoomList {...props} />), ...props };
}

test('what waits stands first; rooms have their last message in its own language and what is unread in words', async () => {
  const { container } = shown();
  const link = screen.getByRole('link', { name: /Quay 7/ });
  expect(link.getAttribute('href')).toBe('#/room/!q%3Aport');
  expect(within(link).getByText('2 unread messages')).toBeTruthy();
  expect(within(link).getByText('承知しました').getAttribute('lang')).toBe('ja');
  expect(screen.getByText('Room without a name')).toBeTruthy();
  expect(screen.getByText('You: This device has no key for this message yet. It is shown as soon as the key arrives.')).toBeTruthy();
  expect(screen.getAllByRole('heading', { level: 2 }).map((h) => h.textContent)).toEqual(['Waiting for you', 'Rooms', 'People']);
  expect(await barriers(container)).toEqual([]);
});

test('an invitation is taken up or declined, once', async () => {
  const { onJoin } = shown({ onJoin: vi.fn(() => Promise.reject(new Error('x'))) });
  fireEvent.click(screen.getByRole('button', { name: 'Join' }));
  fireEvent.click(screen.getByRole('button', { name: 'Join' }));
  expect(await screen.findByRole('alert')).toBeTruthy();
  expect(onJoin).toHaveBeenCalledExactlyOnceWith('!i');
});

test('a device that nobody verified waits for an answer: verify it, or sign it out', async () => {
  const device = { id: 'DEV', name: 'Wardroom, Chromium, Linux', called: 'Wardroom, Chromium, Linux (2)', here: false, signed: false, added: false, lastDay: undefined };
  const { onCompare, onStranger, container } = shown({ view: { ...view, invitations: [] }, devices: [device] });
  expect(screen.getByRole('heading', { name: 'Waiting for you' })).toBeTruthy();
  expect(screen.getByText('Wardroom, Chromium, Linux (2)')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: /It is mine/ }));
  expect(onCompare).toHaveBeenCalledExactlyOnceWith('DEV');
  fireEvent.click(screen.getByRole('button', { name: /It is not mine/ }));
  expect(onStranger).toHaveBeenCalledExactlyOnceWith(device);
});

test('a device that was verified elsewhere is told, and put away by whoever added it', async () => {
  const device = { id: 'DEV', name: 'Safari', called: 'Safari', here: false, signed: true, added: true, lastDay: undefined };
  const { onMine, onStranger, container } = shown({ view: { ...view, invitations: [] }, devices: [device] });
  expect(screen.getByText(/with your recovery key, or from another of your devices/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'That was me' }));
  expect(onMine).toHaveBeenCalledExactlyOnceWith('DEV');
  fireEvent.click(screen.getByRole('button', { name: 'That was not me…' }));
  expect(onStranger).toHaveBeenCalledExactlyOnceWith(device);
});

test('an empty list says so in one sentence, and only once it is known', () => {
  const nothing: RoomListView = { ready: false, invitations: [], rooms: [], people: [] };
  const { rerender, ...props } = shown({ view: nothing });
  expect(screen.queryByText('You are in no room yet.')).toBeNull();
  rerender(<RoomList {...props} view={{ ...nothing, ready: true }} />);
  expect(screen.getByText('You are in no room yet.')).toBeTruthy();
});

test('a room is made with a name', async () => {
  const { onCreate, container } = shown();
  fireEvent.click(screen.getByRole('button', { name: 'New room' }));
  fireEvent.click(screen.getByRole('button', { name: 'Make the room' }));
  expect(screen.getByRole('alert').textContent).toBe('Enter a name.');
  expect(await barriers(container)).toEqual([]);
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: ' Night watch ' } });
  fireEvent.click(screen.getByRole('button', { name: 'Make the room' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(onCreate).toHaveBeenCalledExactlyOnceWith('Night watch');
});

test('a room whose invitation failed is made once, and a name that was only typed is invited too', async () => {
  const onInvite = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('no answer'));
  const { onCreate, onMade } = shown({ onInvite, userId: (typed) => (typed === 'mio' ? '@mio:port.example' : undefined) });
  fireEvent.click(screen.getByRole('button', { name: 'New room' }));
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'Night watch' } });
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'm i o' } });
  fireEvent.click(screen.getByRole('button', { name: 'Make the room' }));
  await screen.findByRole('alert');
  expect(onCreate).not.toHaveBeenCalled();
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'mio' } });
  fireEvent.click(screen.getByRole('button', { name: 'Make the room' }));
  await screen.findByText('The room is made. Not everybody below is invited yet.');
  fireEvent.click(screen.getByRole('button', { name: 'Invite' }));
  await waitFor(() => expect(onMade).toHaveBeenCalledExactlyOnceWith('!new'));
  expect(onCreate).toHaveBeenCalledOnce();
  expect(onInvite).toHaveBeenCalledTimes(2);
});

class Drafts extends Store<ReadonlyMap<string, string>> {
  write = (room: string, words: string): void => this.set(new Map(this.snapshot()).set(room, words));
}

test('an entry is drawn again only where something about it changed', () => {
  const many = Array.from({ length: 12 }, (_, n) => ({ ...view.rooms[0]!, id: `!${n}`, name: `Room ${n}` }));
  const drafts = new Drafts(new Map());
  const drawn = vi.spyOn(dates, 'exact'); // each entry says once when something last happened there
  const { rerender, ...props } = shown({ view: { ...view, rooms: many, people: [] }, drafts });
  expect(drawn).toHaveBeenCalledTimes(12);
  rerender(<RoomList {...props} open="!7" />);
  expect(drawn).toHaveBeenCalledTimes(14);
  rerender(<RoomList {...props} open="!8" />);
  expect(drawn).toHaveBeenCalledTimes(16);
  rerender(<RoomList {...props} open="!8" view={{ ...props.view, rooms: many.map((one) => (one.id === '!3' ? { ...one, unread: 3 } : one)).reverse() }} />);
  expect(drawn).toHaveBeenCalledTimes(17);
  act(() => drafts.write('!5', 'half a'));
  expect(drawn).toHaveBeenCalledTimes(18);
  expect(screen.getByText('half a').closest('a')?.textContent).toContain('Room 5');
});

test('Tab stops once in the list, and the arrow keys go through it', async () => {
  const { container, ...props } = shown({ open: '!n' });
  const links = () => [...container.querySelectorAll('a')];
  const stops = () => links().filter((link) => link.tabIndex === 0).map((link) => link.querySelector('b')?.textContent);
  const key = (name: string) => fireEvent.keyDown(document.activeElement!, { key: name });
  const at = () => document.activeElement?.querySelector('b')?.textContent;
  expect(stops()).toEqual(['Room without a name']);
  act(() => links()[1]!.focus());
  key('ArrowUp');
  expect(at()).toBe('Quay 7');
  expect(stops()).toEqual(['Quay 7']);
  key('ArrowUp');
  expect(at()).toBe('Quay 7');
  key('End');
  expect(at()).toBe('佐伯 澪');
  key('Home');
  key('ArrowDown');
  expect(at()).toBe('Room without a name');
  key('End');
  act(() => (document.activeElement as HTMLElement).blur());
  expect(stops()).toEqual(['Room without a name']);
  expect(await barriers(container)).toEqual([]);
  props.rerender(<RoomList {...props} open={undefined} />);
  expect(stops()).toEqual(['Quay 7']);
});

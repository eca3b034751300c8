import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { RoomView } from '../state/roomview';
import { RoomBanner } from './RoomBanner';
import { RoomHeader } from './RoomHeader';

beforeAll(() => changeLanguage('en'));

const room: RoomView = {
  id: '!r',
  name: '第2埠頭 荷役計画',
  lang: 'ja',
  topic: '',
  mayRename: false,
  joined: true,
  people: 3,
  with: undefined,
  ignored: false,
  lastOwner: false,
  invited: 1,
  way: 'encrypted',
  mayWrite: true,
  mayInvite: true,
  items: [],
  fromStart: true,
  toEnd: true, newFrom: undefined, goal: undefined, marked: undefined, fetching: undefined, failed: undefined, unread: 0, readers: new Map(), deliveries: new Map(), sharesReading: false,
  unreadThreads: undefined,
};

function shown(over: Partial<RoomView> = {}, invite: 'shared' | 'notShared' = 'shared') {
  const props = {
    userId: (typed: string) => (typed === 'mio' ? '@mio:port' : undefined),
    example: '@lin:port',
    onInvite: vi.fn(() => Promise.resolve(invite)),
    find: () => Promise.resolve([]),
    level: 'everything' as const, onPicture: undefined, onLevel: vi.fn(() => Promise.resolve()), onDescribe: vi.fn(() => Promise.resolve()),
    onPeople: vi.fn(),
    onThreads: vi.fn(),
    onHandOver: vi.fn(),
    onGather: vi.fn(),
    onLeave: vi.fn(() => Promise.resolve()),
    onReport: vi.fn(),
    onBack: vi.fn(),
  };
  return { ...render(<RoomHeader room={{ ...room, ...over }} {...props} />), ...props };
}

test('the title is in its own language, and who is here stands below it', async () => {
  const { container } = shown();
  expect(screen.getByRole('heading', { level: 1 }).getAttribute('lang')).toBe('ja');
  expect(screen.getByText('3 people · 1 invited')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
});

test('inviting: a name that means nobody is said to be none', async () => {
  const { onInvite, container } = shown();
  fireEvent.click(screen.getByRole('button', { name: 'Invite' }));
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'Mio Saeki' } });
  const invite = () => fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
  invite();
  expect(screen.getByRole('alert').textContent).toBe('This is not an account name.');
  expect(await barriers(container)).toEqual([]);
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'mio' } });
  invite();
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(onInvite).toHaveBeenCalledExactlyOnceWith('@mio:port');
});

test('where the past could not be shared, it is said and stays', async () => {
  shown({}, 'notShared');
  fireEvent.click(screen.getByRole('button', { name: 'Invite' }));
  fireEvent.change(screen.getByRole('combobox'), { target: { value: 'mio' } });
  fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
  expect(await screen.findByText(/reads what is written from now on/)).toBeTruthy();
});

test('who may not invite is not offered to; leaving asks first', async () => {
  const { onLeave } = shown({ mayInvite: false });
  expect(screen.queryByRole('button', { name: 'Invite' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'More' }));
  fireEvent.click(screen.getByRole('menuitem', { name: 'Leave the room…' }));
  expect(document.activeElement?.textContent).toBe('Stay');
  expect(onLeave).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Leave' }));
  await waitFor(() => expect(onLeave).toHaveBeenCalledOnce());
});

const guard = { only: true, outside: [], mayLetIn: true };

test('the banner says who can read, and where it lives', async () => {
  const { container, rerender } = render(<RoomBanner room={room} trust={{ changed: [], unproven: [], unverified: 0, guard }} server="port.example" />);
  expect(screen.getByText('End-to-end encrypted')).toBeTruthy();
  expect(screen.getByText('Lives on port.example')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  expect(screen.queryByText(/not verified/)).toBeNull();
  rerender(<RoomBanner room={room} trust={{ changed: [{ id: '@a:port', name: 'A', lang: 'en' }], unproven: [], unverified: 3, guard }} server="port.example" />);
  expect(screen.getByText('1 changed identity')).toBeTruthy();
  expect(screen.getByText('2 not verified')).toBeTruthy();
  rerender(<RoomBanner room={{ ...room, way: 'clear' }} trust={{ changed: [], unproven: [], unverified: 0, guard }} server="port.example" />);
  expect(screen.getByText(/the server can read what is written here/)).toBeTruthy();
  rerender(<RoomBanner room={{ ...room, way: 'withheld' }} trust={{ changed: [], unproven: [], unverified: 0, guard }} server="port.example" />);
  expect(screen.getByText(/nothing is sent from here/)).toBeTruthy();
  expect(screen.queryByText(/Open announcements/)).toBeNull();
});

test('the banner counts who is held back, and says where members do not let each other in', () => {
  const eve = { person: { id: '@eve:port', name: 'Eve', lang: undefined }, why: 'nobody', by: undefined, mayRemove: true } as const;
  const trust = { changed: [], unproven: [], unverified: 0 };
  const { rerender } = render(<RoomBanner room={room} trust={{ ...trust, guard: { ...guard, outside: [eve] } }} server="port.example" />);
  expect(screen.getByText('1 held back')).toBeTruthy();
  rerender(<RoomBanner room={room} trust={{ ...trust, guard: { ...guard, only: false, outside: [eve, eve] } }} server="port.example" />);
  expect(screen.getByText('2 let in by nobody')).toBeTruthy();
  expect(screen.queryByText(/the server alone says/)).toBeNull();
  rerender(<RoomBanner room={room} trust={{ ...trust, guard: undefined }} server="port.example" />);
  expect(screen.getByText('Who is here, the server alone says')).toBeTruthy();
});

test('the last owner is told so before leaving, and can make somebody else one', async () => {
  const { onHandOver, onLeave, container } = shown({ lastOwner: true });
  fireEvent.click(screen.getByRole('button', { name: 'More' }));
  fireEvent.click(screen.getByRole('menuitem', { name: 'Leave the room…' }));
  expect(screen.getByText(/Nobody else here is an owner/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Make somebody owner…' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(onHandOver).toHaveBeenCalledOnce();
  expect(onLeave).not.toHaveBeenCalled();
});

test('a direct conversation takes in nobody else: a new room is offered', () => {
  const mio = { id: '@mio:port', name: '佐伯 澪', lang: 'ja' };
  const { onGather } = shown({ with: mio, mayInvite: false, people: 2, invited: 0 });
  expect(screen.queryByRole('button', { name: 'Invite' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'More' }));
  fireEvent.click(screen.getByRole('menuitem', { name: 'New room with 佐伯 澪 and others…' }));
  expect(onGather).toHaveBeenCalledExactlyOnceWith(mio);
});

import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { Member, Members } from '../state/members';
import type { RoomTrust } from '../state/roomtrust';
import { Store } from '../state/store';
import { People } from './People';

beforeAll(() => changeLanguage('en'));

const mio: Member = {
  person: { id: '@mio:port', name: '佐伯 澪', lang: 'ja' },
  me: false,
  invited: false,
  ignored: false,
  role: 'member',
  mayRemove: true,
  mayBecome: ['owner', 'moderator', 'member'],
  mayUnmake: false,
};

class Given extends Store<readonly Member[]> {
  readonly put = (now: readonly Member[]): void => this.set(now);
}

function shown(over: Partial<Member> = {}) {
  const give = vi.fn(() => Promise.resolve());
  const members = Object.assign(new Given([{ ...mio, ...over }]), { open: () => undefined, close: () => undefined, give, remove: vi.fn(() => Promise.resolve()) });
  const trust = new Store({ standing: new Map() });
  const nothing = (): void => undefined;
  const { container } = render(
    <People members={members as unknown as Members} trust={trust as unknown as RoomTrust} onAbout={nothing} onVerify={nothing} onConverse={() => Promise.resolve()} onReport={nothing} onClose={nothing} />,
  );
  return { container, give, rerenders: (now: readonly Member[]) => act(() => members.put(now)) };
}

function choose(item: RegExp): void {
  fireEvent.click(screen.getByRole('button', { name: 'More about 佐伯 澪' }));
  fireEvent.click(screen.getByRole('menuitemradio', { name: item }));
}

test('a program is told from a person', () => {
  shown({ person: { ...mio.person, bot: true } });
  expect(screen.getByText('bot')).toBeTruthy();
});

test('nobody becomes an owner by one press: the safe answer has the focus, and what cannot be undone is said', async () => {
  const { container, give } = shown();
  choose(/^Owner/);
  const dialog = screen.getByRole('dialog', { name: 'Make 佐伯 澪 an owner?' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(dialog.textContent).toContain('You cannot take this back');
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(give).not.toHaveBeenCalled();
  choose(/^Owner/);
  fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(give).toHaveBeenCalledWith('@mio:port', 'owner');
});

test('after a removal the focus is on the next person, also when the row has gone; at last on the list', async () => {
  const more = (name: string) => screen.getByRole('button', { name: `More about ${name}` });
  const lin = { ...mio, person: { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' } };
  const { rerenders } = shown();
  rerenders([mio, lin]);
  const remove = async (name: string, left: readonly Member[]): Promise<void> => {
    fireEvent.click(more(name));
    fireEvent.click(screen.getByRole('menuitem', { name: 'Remove from the room…' }));
    fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    rerenders(left);
  };
  await remove('佐伯 澪', [lin]);
  expect(document.activeElement).toBe(more('林秋砚'));
  await remove('林秋砚', []);
  expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Who is here' }));
});

test('who made the room can take it back, and is told so', () => {
  shown({ mayUnmake: true });
  choose(/^Owner/);
  expect(screen.getByRole('dialog').textContent).toContain('you can take it back later');
});

test('what can be taken back is not asked about', () => {
  const { give } = shown();
  choose(/^Moderator/);
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(give).toHaveBeenCalledWith('@mio:port', 'moderator');
});

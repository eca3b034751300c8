import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { beforeEach, expect, test, vi } from 'vitest';
import { changeLanguage } from '../lang/lang';
import type { AskingView } from '../state/asking';
import type { Found, Neighbour, Question, Reach } from '../state/search';
import { Store } from '../state/store';
import { Find } from './Find';
import type { RoomEntry } from '../state/roomlist';

beforeEach(() => changeLanguage('en'));

const lin = { id: '@lin:x', name: '林秋砚', lang: 'zh-Hans' };
const jonas = { id: '@jonas:x', name: 'Jonas', lang: 'en' };
const piece = (text: string, marked = false) => ({ text, marked });
const found: Found = {
  total: 9,
  shown: 2,
  senders: [lin, jonas],
  rooms: [
    { id: '!a', name: '值班与交接', lang: 'zh-Hans', total: 8, messages: [{ id: '$1', sender: lin, mine: false, at: 1_700_000_000_000, lang: 'zh-Hans', pieces: [piece('年检'), piece('报告', true), piece('在三楼')] }] },
    { id: '!b', name: '', lang: undefined, total: 1, messages: [{ id: '$2', sender: jonas, mine: true, at: 1_600_000_000_000, lang: 'en', pieces: [piece('报告', true)] }] },
  ],
};

class FakeSearch extends Store<Reach> {
  around = vi.fn<(room: string, id: string) => Promise<readonly Neighbour[]>>();
}
class FakeAsking extends Store<AskingView> {
  ask = vi.fn<(change: Partial<Question>) => void>();
  more = vi.fn();
}

function shown(reach: Partial<Reach>, view: Partial<AskingView>, inRoom?: string, more: readonly Pick<RoomEntry, 'id' | 'name' | 'lang' | 'with'>[] = []) {
  const search = new FakeSearch({ standing: 'whole', rooms: 2, read: 2, version: 9, unreadable: 0, ...reach });
  const asking = new FakeAsking({ question: { text: '报告', room: inRoom, sender: undefined }, found, failed: undefined, ...view });
  const rooms = [{ id: '!a', name: '值班与交接', lang: 'zh-Hans', with: undefined }, { id: '!b', name: '', lang: undefined, with: undefined }, ...more];
  const { container } = render(<Find search={search} asking={asking} rooms={rooms} inRoom={inRoom} onBack={() => undefined} />);
  return { search, asking, container };
}

test('what was found stands by room, marked, each in its language', () => {
  const { container } = shown({}, {});
  expect(screen.getByRole('status').textContent).toBe('9 messages found');
  const [first] = screen.getAllByRole('region');
  expect(within(first!).getByRole('heading').textContent).toContain('值班与交接');
  expect(container.querySelector('mark')?.textContent).toBe('报告');
  expect(container.querySelector('mark')?.parentElement?.lang).toBe('zh-Hans');
  expect(screen.getByRole('button', { name: 'Show all 8 of this room' })).toBeTruthy();
});

test('rooms and people that are called so stand above the messages, and the arrows lead there first', async () => {
  const hit = (id: string, name: string, person?: typeof jonas) => ({ id, name, lang: undefined, with: person });
  const asked = { question: { text: '荷役', room: undefined, sender: undefined } };
  const { container } = shown({}, asked, undefined, [hit('!h', '第2埠頭 荷役計画'), hit('!d', '荷役 太郎', { ...jonas, name: '荷役 太郎' })]);
  expect(screen.getByLabelText('Rooms, people, words')).toBe(document.activeElement);
  expect(screen.getByRole('status').textContent).toBe('2 rooms and people of this name. 9 messages found');
  const first = screen.getByRole('region', { name: 'Rooms and people' });
  expect(within(first).getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual(['#/room/!h', '#/room/!d']);
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.getAttribute('href')).toBe('#/room/!h');
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('年检');
  const result = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } });
  expect(result.violations.map(({ id }) => id)).toEqual([]);
});

test('of many that are called so some are shown, and the rest when asked for; none where one room is searched', () => {
  const many = Array.from({ length: 12 }, (_, n) => ({ id: `!${n}`, name: `Quay ${n}`, lang: undefined, with: undefined }));
  const asked = { question: { text: 'quay', room: undefined, sender: undefined } };
  shown({}, asked, undefined, many);
  const first = screen.getByRole('region', { name: 'Rooms and people' });
  expect(within(first).getAllByRole('link')).toHaveLength(8);
  fireEvent.click(screen.getByRole('button', { name: 'Show all 12' }));
  expect(within(first).getAllByRole('link')).toHaveLength(12);
  cleanup();
  shown({}, asked, '!1', many);
  expect(screen.queryByRole('region', { name: 'Rooms and people' })).toBeNull();
  expect(screen.getByLabelText('Words to look for')).toBeTruthy();
});

test('the key that leads to the search leads to its field', () => {
  shown({}, {});
  const box = screen.getByRole('searchbox');
  box.blur();
  fireEvent.keyDown(document.body, { key: 'k', ctrlKey: true });
  expect(document.activeElement).toBe(box);
});

test('how far the search reaches is said as it is', () => {
  shown({ standing: 'reading', rooms: 12, read: 3, unreadable: 4 }, { found: { total: 0, shown: 0, rooms: [], senders: [] } });
  expect(screen.getByText(/3 of 12 rooms searched to their beginning so far/)).toBeTruthy();
  expect(screen.getByText(/4 earlier messages could not be decrypted/)).toBeTruthy();
  expect(screen.getByRole('status').textContent).toBe('No message with these words was found so far.');
});

test('the arrows go from the words through what was found', () => {
  shown({}, {});
  const box = screen.getByRole('searchbox');
  expect(document.activeElement).toBe(box);
  fireEvent.keyDown(box, { key: 'ArrowDown', keyCode: 229 }); // of an input method
  expect(document.activeElement).toBe(box);
  fireEvent.keyDown(box, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('年检');
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toContain('Jonas');
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowUp' });
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowUp' });
  expect(document.activeElement).toBe(box);
});

test('a pressed message shows what stands around it', async () => {
  const { search } = shown({}, {});
  search.around.mockResolvedValue([{ id: '$0', sender: jonas, at: 1, said: 'Where is it?', lang: 'en' }]);
  fireEvent.click(screen.getByRole('button', { name: /在三楼/ }));
  expect(await screen.findByText('Where is it?')).toBeTruthy();
  expect(search.around).toHaveBeenCalledWith('!a', '$1');
});

test('typing, a person and more are asked for', () => {
  const { asking } = shown({}, {}, '!a');
  expect(asking.ask).toHaveBeenCalledWith({ room: '!a' });
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: '潮位' } });
  expect(asking.ask).toHaveBeenCalledWith({ text: '潮位' });
  fireEvent.change(screen.getByLabelText('Written by'), { target: { value: '@lin:x' } });
  expect(asking.ask).toHaveBeenCalledWith({ sender: '@lin:x' });
  fireEvent.click(screen.getByRole('button', { name: 'Show more' }));
  expect(asking.more).toHaveBeenCalled();
});

test('no axe violations', async () => {
  const { container } = shown({ standing: 'reading' }, {});
  const result = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } });
  expect(result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
});

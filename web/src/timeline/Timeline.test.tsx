import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { Message, TimelineItem } from '../state/timeline';
import { Timeline } from './Timeline';

beforeAll(() => changeLanguage('en'));

const lin = { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' };
const me = { id: '@marta:port', name: 'Marta', lang: 'en' };
const at = Date.UTC(2031, 10, 20, 9, 12);
const theirs: Message = { is: 'message', key: '1', id: '$1', sender: lin, mine: false, at, body: '早上好。', lang: 'zh-Hans', edited: false, state: undefined, file: undefined, html: undefined, outKey: '1', quote: undefined, reactions: [], edits: [], mayDelete: false };
const own: Message = { ...theirs, key: '2', id: '$2', sender: me, mine: true, body: 'Thanks', lang: 'en', state: { is: 'saved', eventId: '$2' } };

function shown(items: TimelineItem[]) {
  const acts = { retry: vi.fn(), discard: vi.fn(), rewrite: vi.fn(), reply: vi.fn(), edit: vi.fn(), remove: vi.fn(), report: vi.fn(), react: vi.fn(), unreact: vi.fn(), jump: vi.fn(), answerInThread: vi.fn(), threadHref: (root: string) => `#/${root}` };
  const props = { toEnd: true, newFrom: undefined, goal: undefined, marked: undefined, fetching: undefined, failed: undefined, unread: 0, readers: new Map(), deliveries: new Map(), others: 1, onMore: vi.fn(() => Promise.resolve()), onStands: vi.fn(), onLatest: vi.fn(), onLook: vi.fn(), onSeen: vi.fn(), drawFile: () => null, mayWrite: true, acts };
  return { ...render(<Timeline items={items} fromStart {...props} />), ...props, onRetry: acts.retry, onDiscard: acts.discard };
}

test('messages are in their own language; one’s own say where they are', async () => {
  const { container } = shown([
    { ...theirs, key: '0', is: 'happening', say: { id: 'happening.joined', args: { name: lin } } },
    theirs,
    own,
    { ...theirs, key: '3', is: 'unreadable', why: 'noKey' },
    { ...theirs, key: '4', is: 'deleted' },
    { ...theirs, key: '5', is: 'opening' },
  ]);
  expect(screen.getByText('早上好。').getAttribute('lang')).toBe('zh-Hans');
  expect(screen.getByText('Saved by the server')).toBeTruthy();
  expect(screen.getByText(/has no key for this message yet/)).toBeTruthy();
  expect(screen.getByText('This message was deleted.')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
});

test('what was not sent says why, and can be tried again or deleted; nothing else can', () => {
  const { onRetry, onDiscard } = shown([own, { ...own, key: 'txn', outKey: 'txn', id: undefined, state: { is: 'stopped', fault: { id: 'fault.forbidden', code: 'M_FORBIDDEN', says: 'You may not speak here.' } } }]);
  expect(screen.getByText(/Not sent.*You may not speak here/)).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
  expect(onRetry).toHaveBeenCalledExactlyOnceWith('txn');
  expect(onDiscard).toHaveBeenCalledExactlyOnceWith('txn');
});

test('what is too long can never leave as it is: it goes back to where one writes', () => {
  const long: Message = { ...own, key: 'txn', outKey: 'txn', id: undefined, state: { is: 'stopped', fault: { id: 'fault.tooLarge', code: 'M_TOO_LARGE' } } };
  const { acts } = shown([long]);
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Back to writing' }));
  expect(acts.rewrite).toHaveBeenCalledExactlyOnceWith(long);
});

test('a name stands once for what one person says in one go, and again after a while or another day', () => {
  shown([theirs, { ...theirs, key: 'b', at: at + 60_000 }, { ...theirs, key: 'c', at: at + 1_000_000 }, { ...theirs, key: 'd', at: at + 86_400_000 }]);
  expect(screen.getAllByText('林秋砚')).toHaveLength(3);
  expect(screen.getByText(/20 November/)).toBeTruthy();
  expect(screen.getByText(/21 November/)).toBeTruthy();
});

test('a program is told from a person where it speaks', () => {
  shown([theirs]);
  expect(screen.queryByText('bot')).toBeNull();
  shown([{ ...theirs, sender: { ...lin, bot: true } }]);
  expect(screen.getByText('bot')).toBeTruthy();
});

test('no letter in a message turns what stands behind it around', () => {
  const html = 'see <b>\u202ered</b> \u2067<a href="https://port.example/">here</a>';
  shown([{ ...theirs, html, lang: 'en' }]);
  const words = screen.getByText('red').closest('p');
  expect(words?.textContent).toBe('see red here [port.example]');
});

test('what is missing is a gap that says so, can be asked for and reported, and shows what was handed on', async () => {
  const gap = { key: 'missing 3', is: 'missing', sender: lin.id, device: 'D', run: 'r', from: 3, to: 3, count: 1, hash: '', before: '$1', at, asked: undefined, handed: [] } as const;
  const row: TimelineItem = { is: 'gap', key: gap.key, id: undefined, sender: lin, mine: false, at, gap, handed: [] };
  const missing = { ask: vi.fn(() => Promise.resolve(1)), report: vi.fn() };
  const { container, acts, ...props } = shown([row, theirs]);
  expect(container.textContent).toContain('A message from 林秋砚 has not reached this device.');
  expect(screen.queryByRole('button', { name: 'Ask for it' })).toBeNull(); // in a thread
  const draw = (item: TimelineItem): void => props.rerender(<Timeline {...props} items={[item, theirs]} fromStart mayWrite acts={{ ...acts, missing }} drawFile={() => null} />);
  draw(row);
  fireEvent.click(screen.getByRole('button', { name: 'Ask for it' }));
  expect(missing.ask).toHaveBeenCalledExactlyOnceWith(gap);
  await screen.findByRole('button', { name: 'Ask for it' });
  fireEvent.click(screen.getByRole('button', { name: 'Report…' }));
  expect(missing.report).toHaveBeenCalledOnce();
  draw({ ...row, gap: { ...gap, asked: 2 } });
  expect(screen.getByText(/2 devices were asked/)).toBeTruthy();
  draw({ ...row, handed: [{ id: '$x', by: me, sender: lin, at, body: '已经送达。', lang: 'zh-Hans', checked: true }] });
  expect(screen.getByText('已经送达。').getAttribute('lang')).toBe('zh-Hans');
  expect(container.textContent).toContain('handed on by the device of Marta. It is what 林秋砚 wrote: that was checked.');
  expect(screen.queryByRole('button', { name: /Ask/ })).toBeNull();
  expect(await barriers(container)).toEqual([]);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Drafts, type Written } from './draft';
import type { Message } from './timeline';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const vault = new Map<string, unknown>();
const keep = {
  put: vi.fn((name: string, value: unknown) => Promise.resolve(void vault.set(name, structuredClone(value)))),
  delete: vi.fn((name: string) => Promise.resolve(void vault.delete(name))),
};
const read = { names: (prefix: string) => Promise.resolve([...vault.keys()].filter((name) => name.startsWith(prefix))), get: <T>(name: string) => Promise.resolve(vault.get(name) as T | undefined) };
const message: Message = { is: 'message', key: '1', id: '$1', sender: { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' }, mine: true, at: 0, body: '早上好', lang: 'zh-Hans', edited: false, state: undefined, file: undefined, html: undefined, outKey: '1', quote: undefined, reactions: [], edits: [], mayDelete: false };

beforeEach(() => {
  vault.clear();
  vi.clearAllMocks();
});

test('what was written is kept a moment later, once, and is there again', async () => {
  const drafts = new Drafts(keep, new Map());
  const draft = drafts.of('!q:port');
  for (const text of ['潮', '潮位', '潮位表']) draft.write(text);
  expect(keep.put).not.toHaveBeenCalled();
  expect(drafts.snapshot().size).toBe(0);
  await vi.advanceTimersByTimeAsync(400);
  expect(keep.put).toHaveBeenCalledOnce();
  expect(drafts.snapshot().get('!q:port')).toBe('潮位表');
  const again = new Drafts(keep, await Drafts.read(read));
  expect(again.of('!q:port').snapshot()).toEqual({ text: '潮位表' } satisfies Written);
  expect(again.snapshot().get('!q:port')).toBe('潮位表');
});

test('a page that goes away keeps at once what is to be kept', () => {
  const drafts = new Drafts(keep, new Map());
  drafts.of('!q:port').write('吊具');
  dispatchEvent(new Event('pagehide'));
  expect(vault.get('draft/!q:port')).toEqual({ text: '吊具' });
});

test('an answer keeps what it answers; an edit does not touch the text that waits', async () => {
  const drafts = new Drafts(keep, new Map());
  const draft = drafts.of('!q:port', '$root');
  draft.write('waits');
  draft.turnTo({ is: 'edit', message });
  draft.write('早上好！');
  expect(draft.snapshot()).toMatchObject({ text: 'waits', edited: '早上好！' });
  draft.sent();
  expect(draft.snapshot()).toEqual({ text: 'waits' });
  draft.turnTo({ is: 'reply', message });
  drafts.keepNow();
  const again = new Drafts(keep, await Drafts.read(read)).of('!q:port', '$root');
  expect(again.snapshot()).toMatchObject({ text: 'waits', about: { is: 'reply', message: { id: '$1', body: '早上好' } } });
  expect(drafts.snapshot().get('!q:port')).toBe('waits'); // a thread's draft marks its room
});

test('what was sent is kept no longer', () => {
  const drafts = new Drafts(keep, new Map());
  const draft = drafts.of('!q:port');
  draft.write('收到');
  drafts.keepNow();
  draft.sent();
  drafts.keepNow();
  expect(vault.size).toBe(0);
  expect(drafts.snapshot().size).toBe(0);
});

test('a text that could not be sent comes back, and nothing that is written is lost', () => {
  const draft = new Drafts(keep, new Map()).of('!q:port');
  draft.takeBack('too long', { is: 'reply', message });
  expect(draft.snapshot()).toEqual({ text: 'too long', about: { is: 'reply', message } });
  draft.drop();
  draft.takeBack('another');
  expect(draft.snapshot()).toEqual({ text: 'another\ntoo long' });
  draft.takeBack('an edit', { is: 'edit', message });
  expect(draft.snapshot()).toEqual({ text: 'another\ntoo long', about: { is: 'edit', message }, edited: 'an edit' });
  draft.takeBack('a third');
  expect(draft.snapshot()).toMatchObject({ text: 'a third\nanother\ntoo long', edited: 'an edit' });
});

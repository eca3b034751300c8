import { fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { Drafts } from '../state/draft';
import { changeLanguage } from '../lang/lang';
import { Composer } from './Composer';

beforeAll(() => changeLanguage('en'));
afterEach(() => vi.restoreAllMocks());

const onSend = vi.fn(() => Promise.resolve());
const draft = () => new Drafts({ put: () => Promise.resolve(), delete: () => Promise.resolve() }, new Map()).of('!q:port');
const rest = { onType: vi.fn(), find: vi.fn(() => Promise.resolve([])), onEditLast: vi.fn(), onFiles: vi.fn() };
const box = () => screen.getByRole<HTMLTextAreaElement>('textbox');

test('it names its audience; Enter sends, Shift and Enter do not, nor does Enter while characters are chosen', async () => {
  const { container } = render(<Composer draft={draft()} others={5} mayWrite onSend={onSend} {...rest} />);
  expect(box().getAttribute('enterkeyhint')).toBe('send');
  expect(box().getAttribute('aria-label')).toBe('Write to 5 people');
  expect(box().parentElement?.dataset['text']).toBe('Write to 5 people'); // gives the box its height: no line of it is cut
  expect(await barriers(container)).toEqual([]);
  fireEvent.change(box(), { target: { value: ' 潮位表 ' } });
  expect(box().parentElement?.dataset['text']).toBe(' 潮位表 ');
  fireEvent.keyDown(box(), { key: 'Enter', shiftKey: true });
  fireEvent.keyDown(box(), { key: 'Enter', isComposing: true });
  fireEvent.keyDown(box(), { key: 'Enter', keyCode: 229 }); // Safari, once the characters are chosen
  expect(onSend).not.toHaveBeenCalled();
  fireEvent.keyDown(box(), { key: 'Enter' });
  expect(onSend).toHaveBeenCalledExactlyOnceWith('潮位表', undefined);
  expect(box().value).toBe('');
  fireEvent.keyDown(box(), { key: 'Enter' });
  expect(onSend).toHaveBeenCalledOnce();
});

test('on touch Enter begins a line; the button sends, and so do Control or Command and Enter', () => {
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => ({ matches: query === '(pointer: coarse)' }) as MediaQueryList);
  const onSend = vi.fn(() => Promise.resolve());
  render(<Composer draft={draft()} others={5} mayWrite onSend={onSend} {...rest} />);
  expect(box().getAttribute('enterkeyhint')).toBe('enter');
  fireEvent.change(box(), { target: { value: 'one\ntwo' } });
  expect(fireEvent.keyDown(box(), { key: 'Enter' })).toBe(true); // the browser breaks the line
  expect(onSend).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(onSend).toHaveBeenCalledExactlyOnceWith('one\ntwo', undefined);
  fireEvent.change(box(), { target: { value: 'three' } });
  fireEvent.keyDown(box(), { key: 'Enter', ctrlKey: true });
  expect(onSend).toHaveBeenLastCalledWith('three', undefined);
});

test('the marks that are understood can be found, by keyboard, and mark what is chosen', async () => {
  const { container } = render(<Composer draft={draft()} others={5} mayWrite onSend={onSend} {...rest} />);
  fireEvent.change(box(), { target: { value: 'the crane stands' } });
  box().setSelectionRange(4, 9);
  fireEvent.click(screen.getByRole('button', { name: 'Formatting' }));
  expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(expect.arrayContaining(['Bold: **words**', 'Quote: each line begins with >', 'Link: [words](https://…)']));
  expect(await barriers(container)).toEqual([]);
  expect(document.activeElement?.textContent).toBe('Bold: **words**');
  fireEvent.click(document.activeElement!);
  expect(box().value).toBe('the **crane** stands');
  expect([box().selectionStart, box().selectionEnd]).toEqual([6, 11]);
  await vi.waitFor(() => expect(document.activeElement).toBe(box()));
});

test('an emoji is chosen by keyboard and stands where one writes', async () => {
  const { container } = render(<Composer draft={draft()} others={5} mayWrite onSend={onSend} {...rest} />);
  fireEvent.change(box(), { target: { value: 'Thanks , Mio' } });
  box().setSelectionRange(7, 7);
  fireEvent.click(screen.getByRole('button', { name: 'Emoji' }));
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Smile');
  expect(await barriers(container)).toEqual([]);
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowUp' });
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowDown' });
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Thumbs up');
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowRight' });
  fireEvent.keyDown(document.activeElement!, { key: 'ArrowLeft' });
  fireEvent.click(document.activeElement!);
  expect(box().value).toBe('Thanks 👍, Mio');
  expect(screen.queryByRole('dialog')).toBeNull();
  await vi.waitFor(() => expect(document.activeElement).toBe(box()));
});

test('who may not write is told so in place of the box', () => {
  render(<Composer draft={draft()} others={1} mayWrite={false} onSend={onSend} {...rest} />);
  expect(screen.queryByRole('textbox')).toBeNull();
  expect(screen.getByText(/You cannot write here/)).toBeTruthy();
});

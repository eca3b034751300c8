import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { Drafts } from '../state/draft';
import { changeLanguage } from '../lang/lang';
import { Composer } from './Composer';

beforeAll(() => changeLanguage('en'));

const onSend = vi.fn(() => Promise.resolve());
const draft = () => new Drafts({ put: () => Promise.resolve(), delete: () => Promise.resolve() }, new Map()).of('!q:port');
const rest = { onType: vi.fn(), find: vi.fn(() => Promise.resolve([])), onEditLast: vi.fn(), onFiles: vi.fn() };
const box = () => screen.getByRole<HTMLTextAreaElement>('textbox');

test('it names its audience; Enter sends, Shift and Enter do not, nor does Enter while characters are chosen', async () => {
  const { container } = render(<Composer draft={draft()} others={5} mayWrite onSend={onSend} {...rest} />);
  expect(box().getAttribute('aria-label')).toBe('Write to 5 people');
  expect(await barriers(container)).toEqual([]);
  fireEvent.change(box(), { target: { value: ' 潮位表 ' } });
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

test('who may not write is told so in place of the box', () => {
  render(<Composer draft={draft()} others={1} mayWrite={false} onSend={onSend} {...rest} />);
  expect(screen.queryByRole('textbox')).toBeNull();
  expect(screen.getByText(/You cannot write here/)).toBeTruthy();
});

import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { Report } from './cases/Report';
import { changeLanguage } from './lang/lang';
import type { Cases, Matter } from './state/cases';
import { FaultError } from './wire/fault';

beforeAll(() => changeLanguage('en'));

const matter: Matter = { is: 'room', room: '!r:port', name: 'Harbour watch', lang: 'en' };
const texts = new Map<string, string>();
const kept = { written: (name: string) => texts.get(name) ?? '', keep: (name: string, text: string) => void texts.set(name, text) };
const asked = (report: Cases['report']) => render(<Report matter={matter} cases={{ ...kept, report }} onClose={vi.fn()} onShow={vi.fn()} />);
const send = () => fireEvent.submit(screen.getByRole('dialog').querySelector('form')!);
const write = (text: string) => fireEvent.change(screen.getByRole('textbox'), { target: { value: text } });

test('a refusal is in the server’s words, and what was written is there again', async () => {
  const { unmount } = asked(() => Promise.reject(new FaultError({ id: 'fault.forbidden', code: 'M_FORBIDDEN', says: 'You are the only one here who answers cases.' })));
  write('It hurts.');
  send();
  const words = await screen.findByText('You are the only one here who answers cases.');
  expect(words.lang).toBe('en');
  unmount();
  asked(vi.fn());
  expect((screen.getByRole('textbox') as unknown as HTMLTextAreaElement).value).toBe('It hurts.');
});

test('whoever has opened enough for a day is told so, and not to wait so many seconds', async () => {
  asked(() => Promise.reject(new FaultError({ id: 'fault.limited', code: 'M_LIMIT_EXCEEDED', seconds: 3600, says: 'You have opened 20 cases within a day.' })));
  write('It hurts.');
  send();
  expect(await screen.findByText('You have opened 20 cases within a day.')).toBeTruthy();
});

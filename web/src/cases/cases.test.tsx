import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { OneCase, OneCaseView } from '../state/case';
import type { Cases, CasesView, Matter, ShownCase } from '../state/cases';
import { now } from '../state/now';
import { Store } from '../state/store';
import { CaseList } from './CaseList';
import { CasePage } from './CasePage';
import { Report } from './Report';

beforeAll(() => changeLanguage('en'));

const day = 86_400_000;
const today = now.snapshot();
const me = { id: '@me:port', name: 'Marta', lang: 'en' };
const lin = { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' };
const eve = { id: '@eve:port', name: 'Eve Brandt', lang: 'en' };
const where = { id: '!r:port', name: 'Harbour watch', lang: 'en', here: true };
const one = (over: Partial<ShownCase> = {}): ShownCase => ({
  number: 12, about: { is: 'message', where, event: '$e', sender: eve }, reporter: me, inCharge: lin, part: 'reporter', opened: today, due: today + 7 * day, changed: today, state: 'open', outcome: undefined,
  appealed: false, may: ['say', 'withdraw'], steps: [{ at: today, by: me, did: 'opened', to: undefined, outcome: undefined, text: 'It hurts.', lang: 'en' }, { at: today, by: undefined, did: 'assigned', to: lin, outcome: undefined, text: '', lang: undefined }],
  ...over,
});
const texts = new Map<string, string>();
beforeEach(() => texts.clear());
const kept = { written: (name: string) => texts.get(name) ?? '', keep: (name: string, text: string) => void texts.set(name, text) };

const matter: Matter = { is: 'message', room: '!r:port', event: '$e', sender: eve, at: today, body: 'You are a fool.', lang: 'en' };

function asked(report: Cases['report'], about = matter) {
  const props = { onClose: vi.fn(), onShow: vi.fn() };
  return { ...render(<Report matter={about} cases={{ ...kept, report }} {...props} />), ...props };
}
const send = () => fireEvent.submit(screen.getByRole('dialog').querySelector('form')!);
const write = (text: string) => fireEvent.change(screen.getByRole('textbox'), { target: { value: text } });

test('reporting: what it is about, who can read it, and that the message stays here', async () => {
  const report = vi.fn();
  const { container } = asked(report);
  const dialog = screen.getByRole('dialog', { name: 'Report this message' });
  expect(dialog.textContent).toContain('Eve Brandt');
  expect(dialog.textContent).toContain('You are a fool.');
  expect(dialog.textContent).toContain('The server can read what you write here, and so can whoever is in charge');
  expect(dialog.textContent).toContain('The message itself is not sent along.');
  expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'What happened?' }));
  expect(await barriers(container)).toEqual([]);
  send();
  expect(screen.getByRole('alert').textContent).toContain('Write what happened');
  expect(report).not.toHaveBeenCalled();
});

test('what was reported has a number, somebody in charge and a day', async () => {
  const report = vi.fn(() => Promise.resolve(one()));
  const { container, onShow } = asked(report);
  write('It hurts.');
  send();
  const done = await screen.findByRole('dialog', { name: 'Your report is case 12' });
  expect(report).toHaveBeenCalledExactlyOnceWith(matter, 'It hurts.');
  expect(done.textContent).toMatch(/林秋砚 is to answer by \w+ \d+ \w+/);
  expect(document.activeElement).toBe(within(done).getByRole('button', { name: 'Close' }));
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(within(done).getByRole('button', { name: 'Show the case' }));
  expect(onShow).toHaveBeenCalledExactlyOnceWith(12);
  expect(texts.get('report $e')).toBe('');
});

test('a text that is too long stays, and it is said by how much', () => {
  const report = vi.fn();
  asked(report);
  write('字'.repeat(4002));
  send();
  expect(screen.getByRole('alert').textContent).toContain('2 characters too many');
  expect(report).not.toHaveBeenCalled();
});

test('where nobody is in charge, it is said, and why', async () => {
  asked(() => Promise.resolve(one({ inCharge: undefined, steps: [] })));
  write('It hurts.');
  send();
  const done = await screen.findByRole('dialog', { name: 'Your report is case 12' });
  expect(done.textContent).toContain('Nobody is in charge yet.');
  expect(done.textContent).toContain('Nobody answers a case that is about themselves');
  expect(done.textContent).toContain('Answer due');
});

class Given extends Store<CasesView> {
  readonly open = vi.fn();
  readonly leave = vi.fn();
  readonly show = vi.fn();
  readonly look = vi.fn(() => Promise.resolve());
  readonly more = vi.fn(() => Promise.resolve());
  readonly isNew = (of: ShownCase): boolean => of.number === 4;
}

test('the list: in charge of and opened apart, the open ones first, late ones and news marked', async () => {
  const list = [
    one({ number: 7, state: 'decided', outcome: 'not_upheld', may: ['appeal'] }),
    one({ number: 6, due: today - day }),
    one({ number: 5, inCharge: undefined, about: { is: 'person', person: eve } }),
    one({ number: 4, part: 'inCharge', reporter: eve, inCharge: me, about: { is: 'room', where: { ...where, name: '', here: false } } }),
    one({ number: 3, part: 'before', state: 'open', inCharge: undefined, appealed: true }),
  ];
  const cases = new Given({ list, fetching: false, more: true, fault: undefined, unseen: false });
  const { container } = render(<CaseList cases={cases} open={6} covered={false} />);
  expect(screen.getAllByRole('heading', { level: 3 }).map((title) => title.textContent)).toEqual(['You are in charge', 'Opened by you', 'You were in charge']);
  const lines = screen.getAllByRole('link');
  expect(lines.map((line) => /\d+/.exec(line.getAttribute('href')!)?.[0])).toEqual(['4', '6', '5', '7', '3']);
  expect(lines[0]?.textContent).toContain('Changed since you looked');
  expect(lines[0]?.textContent).toContain('A room');
  expect(lines[1]?.textContent).toContain('Late: answer was due');
  expect(lines[1]?.getAttribute('aria-current')).toBe('page');
  expect(lines[2]?.textContent).toContain('Nobody is in charge yet');
  expect(lines[3]?.textContent).toContain('Answered: not upheld');
  expect(cases.show).toHaveBeenCalledExactlyOnceWith(true);
  fireEvent.click(screen.getByRole('button', { name: 'Show older cases' }));
  expect(cases.more).toHaveBeenCalledOnce();
  expect(await barriers(container)).toEqual([]);
});

class OneGiven extends Store<OneCaseView> {
  readonly number = 12;
  readonly open = vi.fn();
  readonly close = vi.fn();
  readonly look = vi.fn(() => Promise.resolve());
  readonly act = vi.fn<OneCase['act']>(() => Promise.resolve());
}

function page(of: ShownCase) {
  const state = new OneGiven({ is: of });
  const onWrite = vi.fn(() => Promise.resolve());
  const shown = render(<CasePage one={state as unknown as OneCase} texts={{ ...kept, lookedAt: vi.fn() }} me="@me:port" onPerson={() => undefined} onWrite={onWrite} onBack={vi.fn()} />);
  return { ...shown, act: state.act, onWrite };
}
const items = () => screen.getAllByRole('listitem').map((item) => item.textContent);

test('who opened it: adds, withdraws after a question, writes to who is in charge, goes to the message', async () => {
  const { container, act, onWrite } = page(one());
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('A message by Eve Brandt in Harbour watch');
  expect(screen.getByRole('link', { name: 'Show the message' }).getAttribute('href')).toBe('#/room/!r%3Aport/%24e');
  expect(items()[0]).toMatch(/^Marta opened the case.*It hurts\.$/);
  expect(items()[1]).toMatch(/^Given to 林秋砚/);
  expect(items()[2]).toMatch(/^林秋砚 is to answer by/);
  expect(screen.queryByRole('button', { name: 'Answer…' })).toBeNull();
  expect(await barriers(container)).toEqual([]);
  write('There is more.');
  fireEvent.click(screen.getByRole('button', { name: 'Add' }));
  await waitFor(() => expect(act).toHaveBeenCalledExactlyOnceWith('say', 'There is more.', undefined));
  await waitFor(() => expect((screen.getByRole('textbox') as unknown as HTMLTextAreaElement).value).toBe(''));
  fireEvent.click(screen.getByRole('button', { name: 'Write to 林秋砚' }));
  expect(onWrite).toHaveBeenCalledExactlyOnceWith('@lin:port');
  fireEvent.click(screen.getByRole('button', { name: 'Withdraw…' }));
  const dialog = screen.getByRole('dialog', { name: 'Withdraw case 12?' });
  expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Leave it open' }));
  expect(act).toHaveBeenCalledOnce();
  fireEvent.submit(dialog.querySelector('form')!);
  await waitFor(() => expect(act).toHaveBeenLastCalledWith('withdraw', '', undefined));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('who is in charge answers with one of two outcomes, none chosen before, and reasons', async () => {
  const { container, act } = page(one({ part: 'inCharge', reporter: eve, inCharge: me, may: ['say', 'decide'], about: { is: 'message', where: { ...where, name: '', here: false }, event: '$e', sender: eve } }));
  expect(screen.queryByRole('link')).toBeNull();
  expect(screen.getByText('!r:port')).toBeTruthy();
  expect(items()[2]).toMatch(/^You are to answer by/);
  fireEvent.click(screen.getByRole('button', { name: 'Answer…' }));
  const dialog = screen.getByRole('dialog', { name: 'Answer case 12' });
  expect(within(dialog).getAllByRole('radio').filter((radio) => (radio as HTMLInputElement).checked)).toEqual([]);
  expect(await barriers(container)).toEqual([]);
  const give = () => fireEvent.submit(dialog.querySelector('form')!);
  give();
  expect(within(dialog).getByRole('alert').textContent).toBe('Choose one of the two.');
  fireEvent.click(within(dialog).getByRole('radio', { name: /^Not upheld/ }));
  give();
  expect(within(dialog).getByRole('alert').textContent).toBe('There is nothing written here yet.');
  expect(act).not.toHaveBeenCalled();
  fireEvent.change(within(dialog).getByRole('textbox'), { target: { value: 'It was a quotation.' } });
  give();
  await waitFor(() => expect(act).toHaveBeenCalledExactlyOnceWith('decide', 'It was a quotation.', 'not_upheld'));
});

test('an appeal that waits for somebody says why', () => {
  page(one({ state: 'open', appealed: true, inCharge: undefined, may: ['say', 'withdraw'] }));
  expect(screen.getByText(/An appeal goes to somebody else than who answered, and there is nobody else yet/)).toBeTruthy();
  expect(screen.queryByRole('button', { name: /^Write to/ })).toBeNull();
});

test('a late answer is said to be late; an answered case can be appealed against, an ended one only read', () => {
  const { unmount } = page(one({ due: today - day }));
  expect(screen.getByText(/The answer is late/)).toBeTruthy();
  unmount();
  const decided = page(one({ state: 'decided', outcome: 'upheld', may: ['appeal'] }));
  expect(screen.getByText(/You may appeal, once/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Appeal…' })).toBeTruthy();
  decided.unmount();
  page(one({ state: 'withdrawn', may: [] }));
  expect(screen.getByText(/The case has ended/)).toBeTruthy();
  expect(screen.queryByRole('textbox')).toBeNull();
});

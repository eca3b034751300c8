import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { now } from '../state/now';
import type { OwnActsView } from '../state/ownacts';
import { Store } from '../state/store';
import type { InOffice, Power, ShownWarrant, Warrants, WarrantsView } from '../state/warrants';
import { AskPage } from './AskPage';
import { DecidedNews } from './DecidedNews';
import { DecidedPlace } from './DecidedPlace';
import { DeskList } from './DeskList';
import { DeskPage } from './DeskPage';
import { OnTheDesk } from './OnTheDesk';

beforeAll(() => changeLanguage('en'));

const day = 86_400_000;
const today = now.snapshot();
const person = (id: string, name: string) => ({ id: `@${id}:port`, name, lang: undefined });
const [me, lin, eve, sora] = [person('me', 'Elena Voss'), person('lin', '林秋砚'), person('eve', 'Eve Brandt'), person('sora', '宮本 空')];
const officer = (of: typeof me, office: InOffice['office']): InOffice => ({ person: of, office, key: `ssh-ed25519 ${of.id}`, until: today + 300 * day });
const officers = [officer(lin, 'steward'), officer(me, 'counsel'), officer(sora, 'staff')];
const power: Power = { charter: { approvals: 2, seal_days: 0, state_secrets: false }, officers, own: officers[1], founder: false, witnessed: false };
const alone: Power = { charter: undefined, officers: [], own: undefined, founder: true, witnessed: false };
const one = (over: Partial<ShownWarrant> = {}): ShownWarrant => ({
  hash: 'abcdefgh-the-rest', short: 'abcdefgh', kind: 'suspend', state: 'open', law: 'NO', asked: today, approveBy: today + 7 * day, until: today + 9 * day, from: undefined, executed: undefined, entry: undefined,
  by: lin, byOffice: 'steward', subject: eve, outside: '', scope: 'Writing and joining.', ground: 'House rules, 14', contract: true, reasons: 'A drawing was shown on a forum.', automated: false, milder: 'To ask her.',
  evidence: [{ what: 'A picture of a screen', shows: 'Which session it was', not: 'Whose hand held the camera', sha256: 'ab'.repeat(32) }, { what: 'A letter', shows: 'That somebody wrote it' }],
  appeal: 'To another officer.', charter: undefined, appoint: [], dismiss: [], reverses: undefined, needs: 2, approvals: [], may: [officers[1]!, officers[2]!], words: [], agrees: true, mine: 'open', head: '{"v":1}', file: '{"head":{"v":1},"text":{}}',
  ...over,
});
const announced = one({ state: 'authorised', entry: 12, from: today + day, subject: me, mine: 'none', may: [], approvals: [officers[1]!, officers[2]!] });

class Given extends Store<WarrantsView> {
  readonly open = vi.fn();
  readonly leave = vi.fn();
  readonly look = vi.fn(() => Promise.resolve());
  readonly more = vi.fn(() => Promise.resolve());
  readonly see = vi.fn();
  constructor(over: Partial<WarrantsView>) {
    super({ power, about: [], tags: undefined, suspendedUntil: undefined, list: [], more: false, fault: undefined, unseen: false, desk: true, ...over });
  }
}
const nothingOwn = new Store<OwnActsView>({ hidden: [], unexplained: false });
const texts = new Map<string, string>();
const kept = {
  written: (name: string) => texts.get(name) ?? '',
  keep: (name: string, text: string) => {
    if (text === '') texts.delete(name);
    else texts.set(name, text);
  },
};
beforeEach(() => texts.clear());
const submit = (within: Element) => fireEvent.submit(within.querySelector('form') ?? within);

test('above the rooms: that something was decided, and while one cannot write, until when', async () => {
  const { container, unmount } = render(<DecidedNews warrants={new Given({ unseen: true })} own={nothingOwn} />);
  expect(screen.getByRole('alert').textContent).toContain('Something was decided about you');
  expect(screen.getByRole('link').getAttribute('href')).toBe('#/decided');
  expect(await barriers(container)).toEqual([]);
  unmount();
  const until = render(<DecidedNews warrants={new Given({ suspendedUntil: today + 9 * day })} own={nothingOwn} />);
  expect(screen.getByRole('alert').textContent).toMatch(/Your account cannot write until \w+day \d+ \w+.*Here are the reasons/);
  until.unmount();
  const none = render(<DecidedNews warrants={new Given({})} own={nothingOwn} />);
  expect(none.container.textContent).toBe('');
  none.unmount();
  const odd = render(<DecidedNews warrants={new Given({ suspendedUntil: today + 9 * day })} own={new Store<OwnActsView>({ hidden: [7, 9], unexplained: true })} />);
  expect(screen.getAllByRole('alert')).toHaveLength(3);
  expect(odd.container.textContent).toMatch(/No entry of the public record explains.*2 acts about you in the public record are not shown to you\. .*entry 7, 9\./);
  expect(await barriers(odd.container)).toEqual([]);
});

test('the person’s page: what, why, who, evidence with what it does not prove, how to object, and that nothing has happened', async () => {
  const onAppeal = vi.fn();
  const state = new Given({ about: [announced], unseen: true });
  const { container } = render(<DecidedPlace warrants={state} me={me.id} onAppeal={onAppeal} />);
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('What was decided about you');
  const deed = screen.getByRole('article');
  expect(within(deed).getByRole('heading', { level: 2 }).textContent).toMatch(/^Suspend your account until/);
  for (const said of ['Announced. Nothing has happened yet: it is carried out on', 'A drawing was shown on a forum.', 'A rule of the house', 'Norway', 'Elena Voss', 'Counsel', 'Staff representative', 'Asked for by 林秋砚', 'Proves: Which session it was', 'Does not prove: Whose hand held the camera', 'What it does not prove is not said', 'To another officer.']) {
    expect(deed.textContent).toContain(said);
  }
  expect(deed.querySelector('.sealmark.open')).toBeTruthy();
  expect(screen.getByText('entry 12')).toBeTruthy();
  expect(container.querySelector('li.now')?.textContent).toMatch(/^Carried out.*at the earliest/);
  expect(state.see).toHaveBeenCalled();
  fireEvent.click(screen.getByRole('button', { name: 'Object…' }));
  expect(onAppeal).toHaveBeenCalledExactlyOnceWith(announced);
  expect(await barriers(container)).toEqual([]);
});

test('while one cannot write: until when, and what one still can', async () => {
  const carried = { ...announced, state: 'done' as const, executed: today };
  const { container } = render(<DecidedPlace warrants={new Given({ about: [carried], suspendedUntil: today + 9 * day })} me={me.id} onAppeal={vi.fn()} />);
  expect(screen.getByRole('heading', { level: 1 }).textContent).toMatch(/^Your account cannot write until/);
  expect(screen.getByText('Read your rooms')).toBeTruthy();
  expect(screen.getByText(/^Carried out on/)).toBeTruthy();
  expect(container.querySelector('.sealmark:not(.open)')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
});

test('the desk’s list: what waits for this officer, for others, and what was decided', async () => {
  const list = [one(), one({ hash: 'b', mine: 'approved' }), one({ hash: 'c', state: 'expired' })];
  const onAsk = vi.fn();
  const { container } = render(<DeskList warrants={new Given({ list })} open="b" first me={me.id} onAsk={onAsk} />);
  expect(screen.getAllByRole('heading', { level: 3 }).map(({ textContent }) => textContent)).toEqual(['Waits for you', 'Waits for others', 'Decided', 'Ask for a warrant']);
  expect(screen.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual(['#/desk/abcdefgh-the-rest', '#/desk/b', '#/desk/c']);
  fireEvent.click(screen.getByRole('button', { name: 'Suspend somebody…' }));
  expect(onAsk).toHaveBeenCalledExactlyOnceWith('suspend');
  expect(await barriers(container)).toEqual([]);
});

function page(of: ShownWarrant, who = power) {
  const warrants = { ...kept, approve: vi.fn<Warrants['approve']>(() => Promise.resolve(of)), refuse: vi.fn<Warrants['refuse']>(() => Promise.resolve(of)) };
  const onAsk = vi.fn();
  return { ...render(<DeskPage of={of} me={me.id} warrants={warrants} power={who} onAsk={onAsk} />), warrants, onAsk };
}

test('an officer signs on their own machine and hands in what ssh-keygen wrote; anything else is told to be no signature', async () => {
  const { container, warrants } = page(one());
  expect(screen.getByText('Approvals: 0 of 2')).toBeTruthy();
  expect(screen.getAllByText('2 people may sign')).toHaveLength(2);
  expect(screen.getByText('No outside witness yet: this record could be rewritten by whoever runs the server.')).toBeTruthy();
  expect(screen.getByText('24 hours later, because there is no outside witness')).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Approve with your key…' }));
  const dialog = screen.getByRole('dialog', { name: 'Approve warrant abcdefgh with your key' });
  expect(dialog.textContent).toContain('wardroom approve --key ~/.ssh/id_ed25519 warrant-abcdefgh.json');
  expect(dialog.textContent).toContain('ssh-keygen -Y sign -n wardroom-warrant@v1 -f ~/.ssh/id_ed25519 warrant-abcdefgh.head');
  expect(await barriers(container)).toEqual([]);
  submit(dialog);
  expect(within(dialog).getByRole('alert').textContent).toContain('This is no signature');
  expect(warrants.approve).not.toHaveBeenCalled();
  const signature = '-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----';
  fireEvent.change(within(dialog).getByRole('textbox'), { target: { value: `\n${signature}\n` } });
  submit(dialog);
  await waitFor(() => expect(warrants.approve).toHaveBeenCalledExactlyOnceWith('abcdefgh-the-rest', `${signature}\n`));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('the file to sign is the warrant, byte for byte', async () => {
  const made: Blob[] = [];
  URL.createObjectURL = (blob) => (made.push(blob as Blob), 'blob:x');
  URL.revokeObjectURL = () => undefined;
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    expect(['warrant-abcdefgh.json', 'warrant-abcdefgh.head']).toContain(this.download);
  });
  page(one());
  fireEvent.click(screen.getByRole('button', { name: 'Approve with your key…' }));
  fireEvent.click(screen.getByRole('button', { name: 'Save the warrant' }));
  fireEvent.click(screen.getByText('Save what is signed', { selector: 'button' }));
  expect(clicked).toHaveBeenCalledTimes(2);
  expect(made.map(({ size }) => size)).toEqual([one().file.length, one().head.length]);
  clicked.mockRestore();
  await Promise.resolve();
});

test('refusing is as near, and takes reasons, which stay where the dialog is closed', async () => {
  const { warrants } = page(one());
  fireEvent.click(screen.getByRole('button', { name: 'Refuse with reasons…' }));
  submit(screen.getByRole('dialog'));
  expect(screen.getByRole('alert').textContent).toBe('This is needed.');
  fireEvent.change(screen.getByRole('textbox', { name: 'Reasons' }), { target: { value: 'A session is no person.' } });
  fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  fireEvent.click(screen.getByRole('button', { name: 'Refuse with reasons…' }));
  submit(screen.getByRole('dialog'));
  await waitFor(() => expect(warrants.refuse).toHaveBeenCalledExactlyOnceWith('abcdefgh-the-rest', 'A session is no person.'));
});

test('what is not what it says cannot be approved here, and says so', () => {
  page(one({ agrees: false }));
  expect(screen.getAllByText('What is to be signed is not what this page says')).toHaveLength(2);
  expect(screen.queryByRole('button', { name: 'Approve with your key…' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Refuse with reasons…' })).toBeTruthy();
});

test('the last slot is for another office; a suspension in the record can be asked to end', () => {
  const { unmount } = page(one({ approvals: [officers[2]!], may: [officers[1]!] }));
  expect(screen.getByText('An officer of another office')).toBeTruthy();
  unmount();
  const { onAsk } = page({ ...announced, subject: eve });
  fireEvent.click(screen.getByRole('button', { name: 'Ask to restore…' }));
  expect(onAsk.mock.calls[0]?.[0]).toBe('restore');
});

test('the founder alone: that they are, and that no act of power exists', async () => {
  const onAsk = vi.fn();
  const { container } = render(<OnTheDesk power={alone} list={[]} onAsk={onAsk} />);
  expect(screen.getByText('You are alone: nobody is an officer yet')).toBeTruthy();
  expect(container.textContent).toContain('no act of power exists here');
  fireEvent.click(screen.getByRole('button', { name: 'Appoint the first officers…' }));
  expect(onAsk).toHaveBeenCalledExactlyOnceWith('appoint');
  expect(await barriers(container)).toEqual([]);
});

function form(kind: Parameters<typeof AskPage>[0]['kind'], who = power) {
  const ask = vi.fn<Warrants['ask']>(() => Promise.resolve(one()));
  const onDone = vi.fn();
  const shown = render(<AskPage kind={kind} ends={undefined} warrants={{ ...kept, ask }} power={who} find={() => Promise.resolve([])} userId={(typed) => `@${typed}:port`} onDone={onDone} />);
  return { ...shown, ask, onDone };
}
const fill = (name: string | RegExp, value: string, n = 0) => fireEvent.change(screen.getAllByLabelText(name)[n]!, { target: { value } });

test('asking for a suspension: every field that the person will read is needed; what was written stays', async () => {
  const { container, ask, onDone, unmount } = form('suspend');
  submit(container);
  expect(ask).not.toHaveBeenCalled();
  expect(screen.getAllByRole('alert').length).toBeGreaterThanOrEqual(5);
  expect(await barriers(container)).toEqual([]);
  fireEvent.change(screen.getByRole('combobox', { name: 'Who' }), { target: { value: 'eve' } });
  fill('Which law or rule, and where in it', 'House rules, 14');
  fill('What happened, and why this follows', 'A drawing was shown.');
  fill('Under whose law', 'no');
  fireEvent.click(screen.getByRole('radio', { name: 'A rule of the house' }));
  unmount();
  const again = form('suspend');
  submit(again.container);
  await waitFor(() => expect(again.ask).toHaveBeenCalledOnce());
  expect(again.ask.mock.calls[0]![0]).toMatchObject({ kind: 'suspend', subject: '@eve:port', law: 'NO', contract: true, scope: 'Writing, joining rooms and inviting stop. Reading, leaving and objecting stay.' });
  await waitFor(() => expect(again.onDone).toHaveBeenCalledOnce());
  expect(onDone).not.toHaveBeenCalled();
  expect(texts.size).toBe(0);
});

test('the first appointment asks for two people of two offices and their keys', async () => {
  const { container, ask } = form('appoint', alone);
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Appoint the first officers');
  expect(await barriers(container)).toEqual([]);
  ['lin', 'sora'].forEach((account, n) => {
    fill('Account', account, n);
    fill('Public key', `ssh-ed25519 AAAA${account}`, n);
  });
  fill('Which law or rule, and where in it', 'Statutes, 3');
  fill('What happened, and why this follows', 'There is nobody yet.');
  fill('Under whose law', 'NO');
  fireEvent.click(screen.getByRole('radio', { name: 'A rule of the house' }));
  submit(container);
  await waitFor(() => expect(ask).toHaveBeenCalledOnce());
  expect(ask.mock.calls[0]![0]).toMatchObject({ charter: { approvals: 2 }, appoint: [{ user: '@lin:port', office: 'steward' }, { user: '@sora:port', office: 'counsel' }] });
});

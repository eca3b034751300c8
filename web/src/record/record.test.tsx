import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage, say } from '../lang/lang';
import { now } from '../state/now';
import type { Alarm, Build, Entry, RecordView, Seen } from '../state/record';
import { Store } from '../state/store';
import { OwnBuild } from './OwnBuild';
import { RecordPage } from './RecordPage';
import { kindIn, saidBy } from './says';

beforeAll(() => changeLanguage('en'));

const time = now.snapshot();
const seconds = Math.floor(time / 1000);
const build = '0f'.repeat(32);
const entry = (number: number, kind: string, body: object): Entry => ({ number, kind, at: seconds, text: JSON.stringify({ at: seconds, body, kind, v: 1 }) });
const seen: Seen = {
  key: 'quay.example.org/ledger+0a0b0c0d+AAAA', signed: '', size: 4, parts: [], policy: '', kinds: { genesis: 1, client: 1, policy: 1, novel: 1 },
  latest: [entry(0, 'genesis', { running: true, policy: 'quorum none\n' }), entry(1, 'client', { build, version: 'v2' }), entry(2, 'policy', { policy: 'witness east key url\nwitness west key url\nquorum east\n' }), entry(3, 'novel', { what: 'else' })],
  clients: [{ number: 1, build, version: 'v2', at: seconds }], acts: [], witnesses: [],
};

class Fake extends Store<RecordView> {
  readonly check = vi.fn(() => Promise.resolve());
  readonly acknowledge = vi.fn(() => Promise.resolve());
  constructor(over: Partial<RecordView> = {}) {
    super({ standing: 'checked', fault: undefined, seen, checked: time, first: time, alarms: [], ...over });
  }
  readonly is = (over: Partial<RecordView>): void => this.set({ ...this.snapshot(), ...over });
}
const alarm = (over: Partial<Alarm> = {}): Alarm => ({ why: 'rewritten', found: time, before: { key: 'k', signed: 'before' }, now: { key: 'k', signed: 'now' }, ...over });

test('the record: what was checked, who holds it, and each entry in words and as it is', () => {
  const record = new Fake();
  const { container } = render(<RecordPage record={record} />);
  expect(record.check).toHaveBeenCalledOnce();
  for (const words of ['No rewriting found', '4 entries', 'No outside witness yet', 'took it from the server itself when it first looked', `wardroom verify ${location.origin}`, 'People had accounts before', 'It is witnessed by: east, west.', 'Version v2, build 0f0f0f0f0f0f0f0f.', 'a kind that this client does not know: novel']) {
    expect(container.textContent).toContain(words);
  }
  fireEvent.click(screen.getByRole('button', { name: 'Who witnesses' }));
  expect(container.textContent).not.toContain('People had accounts before');
  expect(container.textContent).toContain('It is witnessed by: east, west.');
  fireEvent.click(screen.getByRole('button', { name: 'All kinds' }));
  expect(container.textContent).toContain('People had accounts before');
});

test('what each kind of entry says', () => {
  const says = (kind: string, body: object): string => [kindIn(say, kind), ...saidBy(say, entry(7, kind, body))].join(' ');
  expect(says('tags', { earlier: 2, key: 'k' })).toBe('Key of people’s tags From here on each person has one tag in the record. 2 people had an identity before.');
  expect(says('identity', { number: 1, earlier: true })).toBe('Somebody’s identity Somebody has made their first identity; who, is not said. It is older than the record’s knowledge of identities.');
  expect(says('identity', { number: 3, earlier: false })).toContain('another identity, number 3 of theirs');
  expect(says('authorised', { warrant: { kind: 'suspend' }, approvals: ['a', 'b'] })).toBe('Warrant: authorised To keep somebody from writing. 2 officers have signed it. Nothing was done yet.');
  expect(says('lapsed', { authorised: 12 })).toBe('Warrant: lapsed It belongs to entry 12.');
  for (const odd of [null, [], 'text', { warrant: 7, approvals: 'x', number: 'y', authorised: {} }]) {
    for (const kind of ['tags', 'identity', 'authorised', 'executed', 'genesis', 'novel']) expect(() => says(kind, odd as object)).not.toThrow();
  }
});

test('witnesses by name, the silent ones too', () => {
  const record = new Fake({ seen: { ...seen, witnessed: seconds, witnesses: [{ name: 'east', at: seconds }, { name: 'west', at: seconds - 3600 }, { name: 'north', at: undefined }] } });
  const { container } = render(<RecordPage record={record} />);
  expect(container.textContent).toContain('Held by 1 of 3 outside witnesses');
  expect(container.textContent).toContain('north, silent');
  expect(container.textContent).not.toContain('No outside witness yet');
  expect(container.querySelectorAll('.state.ok').length).toBeGreaterThanOrEqual(1);
});

test('an alarm stands on the page until somebody has seen it, and in the list afterwards', async () => {
  const record = new Fake({ standing: 'broken', alarms: [alarm()] });
  const { container } = render(<RecordPage record={record} />);
  expect(container.textContent).toContain('The record is not what it was');
  expect(container.textContent).not.toContain('No rewriting found');
  expect(await barriers(container.querySelector('[role=alert]')!)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'I have seen it' }));
  expect(record.acknowledge).toHaveBeenCalledOnce();
  record.is({ standing: 'checked', alarms: [alarm({ seen: time })] });
  await waitFor(() => expect(screen.queryByRole('button', { name: 'I have seen it' })).toBeNull());
  expect(screen.getByRole('heading', { name: 'What this browser found before' })).toBeTruthy();
  expect(container.textContent).toContain('The record was rewritten');
});

test('other witnesses are news, and say who they were', () => {
  const record = new Fake({ alarms: [alarm({ why: 'policy', before: { key: 'k', signed: '', policy: 'witness east a b\n' }, now: { key: 'k', signed: '', policy: 'quorum none\n' } })] });
  const { container } = render(<RecordPage record={record} />);
  expect(container.textContent).toContain('It was: east. It is: nobody.');
});

test('which build this is: named by the record, not named, exchanged, or not known', async () => {
  const shown = async (is: Build | undefined, checked = true) => {
    const { container, unmount } = render(<OwnBuild seen={checked ? seen : undefined} read={() => (is === undefined ? Promise.reject(new Error('away')) : Promise.resolve(is))} />);
    await waitFor(() => expect(container.textContent).not.toContain('is hashing'));
    const text = container.textContent;
    unmount();
    return text;
  };
  const whole: Build = { is: 'whole', hash: build, files: [] };
  expect(await shown(whole)).toContain('a build that the record names: entry 1, version v2');
  expect(await shown({ ...whole, hash: '1e'.repeat(32) })).toContain('The record names no such build');
  expect(await shown({ is: 'other', hash: build, files: ['assets/a.js'] })).toContain('assets/a.js');
  expect(await shown(whole, false)).toContain('the record was not checked');
  expect(await shown(undefined)).toContain('could not be read');
  expect(await shown(whole)).toContain('a client made to lie would say it as well');
});

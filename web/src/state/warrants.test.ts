import { EventEmitter } from 'node:events';
import { createHash } from 'node:crypto';
import { ClientEvent, MatrixEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { expect, test, vi } from 'vitest';
import { canonicalJson, type Json } from '../crypto/canonical';
import type { AboutMe, Head, Standing, Text, Warrant } from '../wire/warrants';
import { agrees } from './agrees';
import { waitingOn, Warrants } from './warrants';

const key = (of: string) => `ssh-ed25519 ${of}`;
const text = (over: Partial<Text> = {}): Text => ({
  v: 1, nonce: 'N', log: 'L', kind: 'suspend', law: 'NO', asked: 1000, approve_by: 2000, until: 9000, by: '@lin:port', subject: '@eve:port', scope: 'Writing', ground: 'House rules, 4',
  contract: true, reasons: '船 <b> & "x"', appeal: 'To another officer', evidence: [{ what: 'A picture', shows: 'A session', not: 'Whose hand' }], ...over,
} as Text);
const hashOf = (of: Text) => createHash('sha256').update(canonicalJson(of as unknown as Json)).digest('base64url');
const headOf = (of: Text, over: Partial<Head> = {}): Head => ({
  v: 1, log: of.log, kind: of.kind, law: of.law, hash: hashOf(of), asked: of.asked, approve_by: of.approve_by, until: of.until, by: key('LIN'), about: 'T', ...over,
} as Head);
const warrant = (of = text(), over: Partial<Warrant> = {}): Warrant => ({ hash: hashOf(of), state: 'open', head: headOf(of), text: of, needs: 2, approvals: [], words: [], ...over });
const officer = (user: string, office: 'steward' | 'counsel' | 'staff', name: string) => ({ user, office, key: key(name), until: 99_999 });
const officers = [officer('@lin:port', 'steward', 'LIN'), officer('@me:port', 'counsel', 'ME'), officer('@sora:port', 'staff', 'SORA')];
const inOffice: Standing = { charter: { approvals: 2, seal_days: 0, state_secrets: false }, officers, own: officers[1]!, founder: false, witnessed: false };

test('a head that is what its text says agrees with it, whatever order and form the answer has', async () => {
  const is = warrant();
  expect(await agrees(is)).toBe(true);
  expect(await agrees({ ...is, text: Object.fromEntries(Object.entries(is.text).reverse()) as unknown as Text })).toBe(true);
  const appointee = { user: '@me:port', office: 'counsel' as const, key: key('ME'), until: 9 };
  const charter = { approvals: 2, seal_days: 0, state_secrets: false };
  const first = text({ kind: 'appoint', charter, appoint: [appointee] });
  expect(await agrees(warrant(first, { head: headOf(first, { charter, appoint: [{ key: key('ME'), office: 'counsel', until: 9, person: 'P' } as never] }) }))).toBe(true);
});

test.each<[string, (is: Warrant) => Warrant]>([
  ['another reason', (is) => ({ ...is, text: { ...is.text, reasons: 'Another' } })],
  ['a field that is no text’s', (is) => ({ ...is, text: { ...is.text, more: 'x' } as Text })],
  ['another name', (is) => ({ ...is, hash: hashOf(text({ reasons: 'Another' })) })],
  ['a later end', (is) => ({ ...is, head: { ...is.head, until: 9001 } })],
  ['another law', (is) => ({ ...is, head: { ...is.head, law: 'SE' } })],
  ['another ledger', (is) => ({ ...is, head: { ...is.head, log: 'M' } })],
  ['another kind', (is) => ({ ...is, head: { ...is.head, kind: 'restore' } })],
  ['somebody who is dismissed', (is) => ({ ...is, head: { ...is.head, dismiss: [key('SORA')] } })],
  ['somebody who is appointed', (is) => ({ ...is, head: { ...is.head, appoint: [{ key: key('EVE'), office: 'staff', until: 9 }] } })],
  ['what is ended', (is) => ({ ...is, head: { ...is.head, reverses: 4 } })],
  ['a number that is none', (is) => ({ ...is, head: { ...is.head, asked: 1.5 } })],
])('a head that says something else is found out: %s', async (_, change) => {
  expect(await agrees(change(warrant()))).toBe(false);
});

/** An account at a server that says what is given. */
function account(given: { standing?: Standing; about?: AboutMe; list?: Warrant[]; data?: Record<string, number> } = {}) {
  const kept = new Map(Object.entries(given.data ?? {}).map(([type, changed]) => [type, new MatrixEvent({ type, content: { changed } })]));
  const asked: string[] = [];
  const server = { standing: given.standing ?? inOffice, about: given.about ?? { warrants: [] }, list: given.list ?? [] };
  const client = Object.assign(new EventEmitter(), {
    getSafeUserId: () => '@me:port',
    getUser: () => null,
    getProfileInfo: vi.fn((id: string) => (id === '@lin:port' ? Promise.resolve({ displayname: '林秋砚' }) : Promise.reject(new Error('none')))),
    getAccountData: (type: string) => kept.get(type),
    setAccountData: vi.fn((type: string, { changed }: { changed: number }) => {
      put(type, changed);
      return Promise.resolve({});
    }),
    http: {
      authedRequest: (method: string, path: string, query: { from?: string } | undefined, body: unknown) => {
        asked.push(`${method} ${path}${query?.from === undefined ? '' : ` from ${query.from}`}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
        if (path === '/warrants/standing') return Promise.resolve(server.standing);
        if (path === '/warrants/about') return Promise.resolve(server.about);
        if (method === 'POST') return Promise.resolve(server.list[0]);
        const behind = server.list.findIndex(({ hash }) => hash === query?.from) + 1;
        return Promise.resolve({ warrants: server.list.slice(behind, behind + 50) });
      },
    },
  });
  const put = (type: string, changed: number): void => {
    const event = new MatrixEvent({ type, content: { changed } });
    kept.set(type, event);
    client.emit(ClientEvent.AccountData, event);
  };
  const state = new Warrants(client as unknown as MatrixClient);
  return { state, client, server, asked, put, seen: () => kept.get('org.wardroom.warrants_seen')?.getContent()['changed'] as number | undefined };
}

test('what was decided is asked for when the server tells that it changed, and is news until it was seen', async () => {
  const { state, server, put, seen, client } = account({ standing: { officers: [], founder: false, witnessed: false } });
  client.emit(ClientEvent.Sync, SyncState.Syncing, null);
  await vi.waitFor(() => expect(state.snapshot().about).toEqual([]));
  expect(state.snapshot()).toMatchObject({ unseen: false, desk: false, suspendedUntil: undefined });
  const about = text({ subject: '@me:port' });
  server.about = { suspended_until: 9_000_000, warrants: [warrant(about, { state: 'executed', executed: 3000, entry: 7, approvals: [officers[2]!] })] };
  put('org.wardroom.warrants', 5);
  await vi.waitFor(() => expect(state.snapshot().about).toHaveLength(1));
  expect(state.snapshot()).toMatchObject({ unseen: true, suspendedUntil: 9_000_000 });
  expect(state.snapshot().about![0]).toMatchObject({
    by: { name: '林秋砚', lang: 'zh-Hans' }, until: 9_000_000, executed: 3_000_000, entry: 7, agrees: true, approvals: [{ office: 'staff', person: { name: 'sora' } }],
  });
  state.see();
  expect(seen()).toBe(5);
  expect(state.snapshot().unseen).toBe(false);
});

test('a warrant whose head is not what it says is shown as such', async () => {
  const is = warrant();
  const { state } = account({ list: [{ ...is, text: { ...is.text, reasons: 'Another' } }] });
  await state.look();
  expect(state.snapshot().list![0]!.agrees).toBe(false);
});

test('an officer: what waits for them, what they asked for, what is about them; the file is what was signed', async () => {
  const own = text({ by: '@me:port', nonce: 'own' } as Partial<Text>);
  const mine = text({ nonce: 'not' } as Partial<Text>);
  const given = [
    warrant(),
    warrant(own, { head: headOf(own, { by: key('ME') }) }),
    warrant(mine, { head: headOf(mine, { not: [key('ME')] }) }),
    warrant(text(), { approvals: [officers[1]!] }),
    warrant(text(), { words: [{ at: 5, by: '@me:port', refused: true, text: 'No.' }] }),
    warrant(text(), { state: 'authorised', entry: 3, from: 90 }),
  ];
  const { state, asked } = account({ list: given });
  await state.look();
  const list = state.snapshot().list!;
  expect(list.map(({ mine: is }) => is)).toEqual(['open', 'none', 'none', 'approved', 'refused', 'none']);
  expect(list[0]!.may.map(({ person }) => person.id)).toEqual(['@me:port', '@sora:port']);
  expect(list[0]!.head).toBe(canonicalJson(given[0]!.head as unknown as Json));
  expect(JSON.parse(list[0]!.file)).toEqual({ head: JSON.parse(list[0]!.head) as unknown, text: given[0]!.text });
  expect(waitingOn(state.snapshot())).toBe(1);
  await state.approve('H', 'S');
  expect(asked).toContain('POST /warrants/H/approve {"signature":"S"}');
  await state.refuse('H', 'No.');
  expect(asked).toContain('POST /warrants/H/refuse {"text":"No."}');
});

test('before there is a charter, the founder has a desk, and whom the first warrant appoints; nobody else', async () => {
  const nobody: Standing = { officers: [], founder: false, witnessed: false };
  const first = text({ kind: 'appoint', charter: inOffice.charter!, appoint: [{ user: '@me:port', office: 'counsel', key: key('ME'), until: 9 }] });
  const of = async (standing: Standing, list: Warrant[]) => {
    const { state } = account({ standing, list });
    await state.look();
    return waitingOn(state.snapshot());
  };
  expect(await of(nobody, [])).toBeUndefined();
  expect(await of({ ...nobody, founder: true }, [])).toBe(0);
  expect(await of(nobody, [warrant(first)])).toBe(1);
});

test('the desk shows as many as were asked for', async () => {
  const list = Array.from({ length: 70 }, (_, n) => warrant(text({ nonce: `${n}` } as Partial<Text>)));
  const { state } = account({ list });
  await state.look();
  expect([state.snapshot().list!.length, state.snapshot().more]).toEqual([50, true]);
  await state.more();
  expect([state.snapshot().list!.length, state.snapshot().more]).toEqual([70, false]);
  await state.look();
  expect(state.snapshot().list).toHaveLength(70);
});

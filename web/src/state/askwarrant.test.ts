import { expect, test } from 'vitest';
import { askedOf, blankForm, newOfficer, type AskForm } from './askwarrant';

const now = Date.parse('2026-11-29T12:00:00Z');
const texts = { scope: 'Writing', appeal: 'To another officer' };
const key = 'ssh-ed25519 AAAA';
const about = { first: false, reverses: undefined, userId: (typed: string) => (/^[a-z]+$/.test(typed) ? `@${typed}:port` : undefined), now };
const filled = (over: Partial<AskForm> = {}): AskForm => ({ ...blankForm(texts, about.first, now), subject: 'eve', law: ' no ', ground: 'House rules, 4', contract: true, reasons: 'Why', ...over });
const wrongsOf = (is: ReturnType<typeof askedOf>) => ('wrongs' in is ? is.wrongs : {});

test('a suspension is asked for in the server’s words and seconds', () => {
  const is = askedOf('suspend', filled({ evidence: [{ what: 'A picture', shows: 'A session', not: ' Whose hand ', sha256: 'A'.repeat(64) }] }), about);
  expect(is).toMatchObject({ asked: { kind: 'suspend', subject: '@eve:port', law: 'NO', contract: true, until: now / 1000 + 7 * 86_400, evidence: [{ not: 'Whose hand', sha256: 'a'.repeat(64) }] } });
});

test('what is missing is named, and nothing is chosen beforehand', () => {
  expect(wrongsOf(askedOf('suspend', { ...blankForm(texts, false, now), until: '' }, about))).toEqual({ law: 'law', contract: 'empty', ground: 'empty', reasons: 'empty', subject: 'empty', until: 'empty' });
  expect(wrongsOf(askedOf('suspend', filled({ subject: 'Nobody at all', until: '2027-11-29T12:00', scope: ' ', appeal: '' }), about))).toEqual({ scope: 'empty', appeal: 'empty', subject: 'user', until: 'time' });
  expect(wrongsOf(askedOf('suspend', filled({ evidence: [{ what: '', shows: 'x', not: '', sha256: 'zz' }] }), about))).toEqual({ 'evidence.0.sha256': 'sha256', 'evidence.0.what': 'empty' });
  expect(wrongsOf(askedOf('dismiss', filled(), about))).toEqual({ dismiss: 'empty' });
});

test('the first appointment is of two people of two offices, and sets the charter', () => {
  const first = { ...about, first: true };
  const two = [{ ...newOfficer('steward', now), user: 'lin', key }, { ...newOfficer('counsel', now), user: 'sora', key: 'sk-ssh-ed25519@openssh.com BBBB me@desk' }];
  const is = askedOf('appoint', filled({ appoint: two }), first);
  expect(is).toMatchObject({ asked: { charter: { approvals: 2, seal_days: 0, state_secrets: false }, appoint: [{ user: '@lin:port', office: 'steward', key }, { user: '@sora:port' }] } });
  expect(wrongsOf(askedOf('appoint', filled({ appoint: two.map((one) => ({ ...one, office: 'staff' as const })) }), first))).toEqual({ appoint: 'offices' });
  expect(wrongsOf(askedOf('appoint', filled({ appoint: two, approvals: '3', sealDays: '91' }), first))).toEqual({ approvals: 'number', sealDays: 'number' });
  expect(wrongsOf(askedOf('appoint', filled({ appoint: [{ ...two[0]!, key: 'ssh-rsa AAAA' }] }), about))).toEqual({ 'appoint.0.key': 'key' });
});

test('a restoration names the entry that it ends', () => {
  expect(askedOf('restore', filled(), { ...about, reverses: 12 })).toMatchObject({ asked: { kind: 'restore', reverses: 12 } });
});

import { MatrixEvent, type MatrixClient } from 'matrix-js-sdk';
import { EventShieldReason } from 'matrix-js-sdk/lib/crypto-api';
import { expect, test } from 'vitest';
import { doubtOf, judge, standingOf } from './trust';

function client(reason: EventShieldReason | null): MatrixClient {
  return { getCrypto: () => ({ getEncryptionInfoForEvent: () => Promise.resolve({ shieldReason: reason }) }) } as unknown as MatrixClient;
}

function encrypted(): MatrixEvent {
  const event = new MatrixEvent({ type: 'm.room.encrypted', room_id: '!r', content: {} });
  event.makeEncrypted('m.room.encrypted', {}, 'curve', 'ed');
  return event;
}

test.each([
  [EventShieldReason.UNSIGNED_DEVICE, 'unsigned'],
  [EventShieldReason.UNKNOWN_DEVICE, 'unknownDevice'],
  [EventShieldReason.VERIFICATION_VIOLATION, 'changed'],
  [EventShieldReason.MISMATCHED_SENDER, 'mismatched'],
  [EventShieldReason.AUTHENTICITY_NOT_GUARANTEED, undefined],
  [EventShieldReason.UNVERIFIED_IDENTITY, undefined],
  [null, undefined],
])('what the crypto says about an event becomes a doubt or none: %s → %s', async (reason, doubt) => {
  const event = encrypted();
  expect(await judge(client(reason), [event], true, false)).toBe(doubt !== undefined);
  expect(doubtOf(event)).toBe(doubt);
});

test('a doubt is asked for once, and again where trust changed', async () => {
  const event = encrypted();
  await judge(client(EventShieldReason.VERIFICATION_VIOLATION), [event], true, false);
  expect(await judge(client(null), [event], true, false)).toBe(false);
  expect(doubtOf(event)).toBe('changed');
  expect(await judge(client(null), [event], true, true)).toBe(true);
  expect(doubtOf(event)).toBeUndefined();
});

test('words that came in clear into an encrypted room are doubtful; a request to verify is not words', async () => {
  const clear = new MatrixEvent({ type: 'm.room.message', room_id: '!r', content: { msgtype: 'm.text', body: 'x' } });
  const request = new MatrixEvent({ type: 'm.room.message', room_id: '!r', content: { msgtype: 'm.key.verification.request', body: 'x' } });
  await judge(client(null), [clear, request], true, false);
  expect([doubtOf(clear), doubtOf(request)]).toEqual(['clear', undefined]);
});

test('who was verified and has another identity is told from who never was', async () => {
  const status = (verified: boolean, was: boolean, approve: boolean, known = true) =>
    ({
      getCrypto: () => ({
        getUserVerificationStatus: () => Promise.resolve({ isCrossSigningVerified: () => verified, wasCrossSigningVerified: () => was, needsUserApproval: approve, known }),
      }),
    }) as unknown as MatrixClient;
  expect(await standingOf(status(true, true, false), '@a:b')).toBe('verified');
  expect(await standingOf(status(false, true, true), '@a:b')).toBe('changed');
  expect(await standingOf(status(false, false, true), '@a:b')).toBe('renewed');
  expect(await standingOf(status(false, false, false), '@a:b')).toBe('unverified');
  expect(await standingOf(status(false, false, false, false), '@a:b')).toBe('none');
});

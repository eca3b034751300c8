import { EventEmitter } from 'node:events';
import type { MatrixClient } from 'matrix-js-sdk';
import type { VerificationRequest } from 'matrix-js-sdk/lib/crypto-api';
import { expect, test, vi } from 'vitest';
import { Verification, whyEnded, type Stage } from './verification';

// The phases of matrix-js-sdk.
const [requested, ready, started, cancelled] = [2, 3, 4, 5];

/** A request as matrix-js-sdk gives it, moved by hand. */
class Request extends EventEmitter {
  otherUserId = '@mio:port';
  isSelfVerification = false;
  pending = true;
  cancellationCode: string | null = null;
  phase = requested;
  verifier: EventEmitter | undefined;
  sas = { sas: { emoji: [['🐶', 'Dog']] }, confirm: vi.fn(() => Promise.resolve()), mismatch: vi.fn() };
  shown = false;
  accept = vi.fn(() => Promise.resolve());
  cancel = vi.fn(() => Promise.resolve());
  startVerification = vi.fn(() => Promise.resolve());
  finish: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  constructor(readonly initiatedByMe: boolean) {
    super();
  }

  to(phase: number, code: string | null = null): void {
    this.phase = phase;
    this.cancellationCode = code;
    if (phase === started && this.verifier === undefined) {
      this.verifier = Object.assign(new EventEmitter(), {
        getShowSasCallbacks: () => (this.shown ? this.sas : null),
        verify: () =>
          new Promise<void>((resolve, reject) => {
            this.finish = resolve;
            this.fail = reject;
          }),
      });
    }
    this.emit('change');
  }
}

function followed(mine: boolean) {
  const request = new Request(mine);
  const outgoing = vi.fn(() => Promise.resolve());
  const client = { getCrypto: () => ({ outgoingRequestsManager: { doProcessOutgoingRequests: outgoing } }) };
  const one = new Verification(client as unknown as MatrixClient, request as unknown as VerificationRequest);
  const stages: Stage[] = [];
  one.follow((stage) => stages.push(stage));
  return { request, one, outgoing, last: () => stages.at(-1) };
}

test('who asked starts, once, and both say that they see the same', async () => {
  const { request, one, outgoing, last } = followed(true);
  expect(last()).toEqual({ at: 'asked' });
  request.to(ready);
  request.to(ready);
  expect(request.startVerification).toHaveBeenCalledExactlyOnceWith('m.sas.v1');
  request.to(started);
  expect(last()).toEqual({ at: 'preparing' });
  request.shown = true;
  request.verifier?.emit('show_sas', request.sas);
  expect(last()).toEqual({ at: 'compare', emoji: ['🐶'] });
  await one.match();
  expect(last()).toEqual({ at: 'matched' });
  expect(request.sas.confirm).toHaveBeenCalledOnce();
  expect(outgoing).toHaveBeenCalledOnce();
  request.finish();
  await vi.waitFor(() => expect(last()).toEqual({ at: 'done' }));
});

test('who is asked does not start, and may decline', async () => {
  const { request, one, last } = followed(false);
  expect(last()).toEqual({ at: 'asks' });
  request.to(ready);
  expect(request.startVerification).not.toHaveBeenCalled();
  await one.cancel();
  expect(last()).toEqual({ at: 'ended', why: 'here' });
});

test('other emoji end it for good', () => {
  const { request, one, last } = followed(false);
  request.to(started);
  request.verifier?.emit('show_sas', request.sas);
  one.mismatch();
  expect(request.sas.mismatch).toHaveBeenCalledOnce();
  expect(last()).toEqual({ at: 'ended', why: 'mismatch' });
  request.to(cancelled, 'm.user');
  expect(last()).toEqual({ at: 'ended', why: 'mismatch' });
});

test('what another device took up is nothing for this one', () => {
  const { request, last } = followed(false);
  request.pending = false;
  request.to(ready);
  expect(last()).toEqual({ at: 'ended', why: 'elsewhere' });
});

test('why it ended is told apart', () => {
  expect(whyEnded('m.user', false)).toBe('declined');
  expect(whyEnded('m.user', true)).toBe('cancelled');
  expect(whyEnded('m.timeout', true)).toBe('timeout');
  expect(whyEnded('m.accepted', false)).toBe('elsewhere');
  for (const code of ['m.mismatched_sas', 'm.mismatched_commitment', 'm.key_mismatch']) expect(whyEnded(code, true)).toBe('mismatch');
  expect(whyEnded('m.unknown_method', false)).toBe('failed');
});

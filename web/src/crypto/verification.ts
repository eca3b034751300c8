// Verifying by emoji: two devices show the same seven, and their people say whether they see the same (m.sas.v1).
//
// Spec: client-server API, key verification framework; short authentication string.

import type { MatrixClient } from 'matrix-js-sdk';
import { CryptoEvent, VerificationPhase, VerificationRequestEvent, VerifierEvent, type ShowSasCallbacks, type VerificationRequest } from 'matrix-js-sdk/lib/crypto-api';
import { cryptoOf, machineOf } from './machine';
import { learnIdentity } from './trust';

/** How far a verification is. */
export type Stage =
  /** The other side has not answered. */
  | { at: 'asked' }
  /** The other side asks. */
  | { at: 'asks' }
  /** The devices are talking. */
  | { at: 'preparing' }
  | { at: 'compare'; emoji: readonly string[] }
  /** This side said that they match; the other has not said so yet. */
  | { at: 'matched' }
  | { at: 'done' }
  | { at: 'ended'; why: Ending };

/** Why a verification ended without a result. */
export type Ending =
  /** One side saw other emoji, or the devices did not agree on them: somebody may stand in between. */
  | 'mismatch'
  /** The other side did not want to begin. */
  | 'declined'
  /** The other side stopped it. */
  | 'cancelled'
  /** This side stopped it. */
  | 'here'
  | 'timeout'
  /** Another device of this person took it up. */
  | 'elsewhere'
  /** The devices did not understand each other. */
  | 'failed';

/** One verification, from the request to its end. changed hears of every stage. */
export class Verification {
  readonly #client: MatrixClient;
  readonly #request: VerificationRequest;
  #changed: ((stage: Stage) => void) | undefined;
  #compared: ShowSasCallbacks | undefined;
  #following = false;
  #begun = false;
  #matched = false;
  #stopped = false;
  #ended = false;

  constructor(client: MatrixClient, request: VerificationRequest) {
    this.#client = client;
    this.#request = request;
    request.on(VerificationRequestEvent.Change, () => this.#look());
  }

  /** Asks a person, in a room that the two share alone. It throws NoIdentity where there is nothing to verify. */
  static async askPerson(client: MatrixClient, userId: string, roomId: string): Promise<Verification> {
    await learnIdentity(client, userId);
    return new Verification(client, await cryptoOf(client).requestVerificationDM(userId, roomId));
  }

  /** Asks this person's other devices, or one of them. */
  static async askOwn(client: MatrixClient, deviceId?: string): Promise<Verification> {
    const crypto = cryptoOf(client);
    return new Verification(client, await (deviceId === undefined ? crypto.requestOwnUserVerification() : crypto.requestDeviceVerification(client.getSafeUserId(), deviceId)));
  }

  /** Calls back for every verification that somebody else, or another device of this person, asks for. */
  static onAsked(client: MatrixClient, asked: (one: Verification) => void): void {
    client.on(CryptoEvent.VerificationRequestReceived, (request) => {
      if (!request.initiatedByMe && request.pending) asked(new Verification(client, request));
    });
  }

  /** Whom it is with. */
  get with(): string {
    return this.#request.otherUserId;
  }

  /** Whether the other side is a device of the same person. */
  get own(): boolean {
    return this.#request.isSelfVerification;
  }

  /** The other device, where it is known already. */
  get device(): string | undefined {
    return this.#request.otherDeviceId;
  }

  /** Begins to tell of every stage, the present one first. */
  follow(changed: (stage: Stage) => void): void {
    this.#changed = changed;
    this.#look();
  }

  /** Agrees to verify. */
  readonly accept = (): Promise<void> => this.#request.accept();

  /** Ends it without a result, and tells the other side. */
  readonly cancel = async (): Promise<void> => {
    this.#stopped = true;
    await this.#request.cancel();
    this.#end('here');
  };

  /** This side sees the same emoji. Once both have said so, they are verified. */
  readonly match = async (): Promise<void> => {
    this.#matched = true;
    this.#look();
    await this.#compared?.confirm();
    // Where this was the last word, a new device now wants to ask for the keys; the SDK itself would send that with the
    // next news of the server.
    await machineOf(this.#client).outgoingRequestsManager.doProcessOutgoingRequests();
  };

  /** This side sees other emoji: nobody is verified, and the other side is told. */
  readonly mismatch = (): void => {
    this.#compared?.mismatch();
    this.#end('mismatch');
  };

  #tell(stage: Stage): void {
    if (!this.#ended) this.#changed?.(stage);
  }

  #end(why: Ending): void {
    this.#tell({ at: 'ended', why });
    this.#ended = true;
  }

  #look(): void {
    const request = this.#request;
    const { phase } = request;
    if (phase === VerificationPhase.Done) return this.#tell({ at: 'done' });
    if (phase === VerificationPhase.Cancelled) return this.#end(this.#why());
    if (!request.pending) return this.#end('elsewhere');
    if (phase === VerificationPhase.Ready) {
      // The side that asked starts, so that the two do not start against each other.
      if (request.initiatedByMe && !this.#begun) {
        this.#begun = true;
        request.startVerification('m.sas.v1').catch(() => request.cancel());
      }
      return this.#tell({ at: 'preparing' });
    }
    if (phase === VerificationPhase.Started) {
      this.#begun = true;
      this.#agree();
      if (this.#matched) return this.#tell({ at: 'matched' });
      const emoji = this.#compared?.sas.emoji;
      return this.#tell(emoji === undefined ? { at: 'preparing' } : { at: 'compare', emoji: emoji.map(([one]) => one) });
    }
    this.#tell({ at: request.initiatedByMe ? 'asked' : 'asks' });
  }

  #agree(): void {
    const { verifier } = this.#request;
    if (verifier === undefined) return;
    this.#compared = verifier.getShowSasCallbacks() ?? this.#compared;
    if (this.#following) return;
    this.#following = true;
    verifier.on(VerifierEvent.ShowSas, (sas) => {
      this.#compared = sas;
      this.#look();
    });
    verifier.verify().then(
      () => this.#tell({ at: 'done' }),
      () => this.#end(this.#why()),
    );
  }

  #why(): Ending {
    return this.#stopped ? 'here' : whyEnded(this.#request.cancellationCode, this.#begun);
  }
}

/**
 * What a code of cancellation means; begun: whether the other side had agreed to begin.
 *
 * Spec: client-server API, m.key.verification.cancel.
 */
export function whyEnded(code: string | null, begun: boolean): Ending {
  switch (code) {
    case 'm.timeout':
      return 'timeout';
    case 'm.accepted':
      return 'elsewhere';
    case 'm.user':
    case null:
      return begun ? 'cancelled' : 'declined';
    case 'm.mismatched_sas':
    case 'm.mismatched_commitment':
    case 'm.key_mismatch':
    case 'm.user_mismatch':
      return 'mismatch';
    default:
      return 'failed';
  }
}

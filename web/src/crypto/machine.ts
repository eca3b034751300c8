import type { OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { IToDeviceEvent, MatrixClient, MatrixEvent, ReceivedToDeviceMessage, UIAuthCallback } from 'matrix-js-sdk';
import type { CryptoApi, DeviceIsolationMode } from 'matrix-js-sdk/lib/crypto-api';

/** What matrix-js-sdk's Rust crypto has beside its published interface, and what we need of it. */
interface Machine {
  olmMachine: OlmMachine;
  processSyncChanges: (changes: { toDeviceEvents: IToDeviceEvent[] }) => Promise<ReceivedToDeviceMessage[]>;
  outgoingRequestProcessor: { makeOutgoingRequest: (request: object, prove?: UIAuthCallback<void>) => Promise<void> };
  outgoingRequestsManager: { doProcessOutgoingRequests: () => Promise<void> };
  shareRoomHistoryWithUser: (roomId: string, userId: string) => Promise<void>;
  maybeAcceptKeyBundle: (roomId: string, inviter: string) => Promise<boolean>;
  roomEncryptors: Partial<Record<string, { encryptEvent: (event: MatrixEvent, blacklist: boolean, mode: DeviceIsolationMode) => Promise<void> }>>;
}

/** The crypto of a client, or an error if it was not opened. */
export function cryptoOf(client: MatrixClient): CryptoApi {
  const crypto = client.getCrypto();
  if (crypto === undefined) throw new Error('crypto is not open');
  return crypto;
}

/** The private side of the crypto: the one cast there is. An update of matrix-js-sdk is checked against it. */
export function machineOf(client: MatrixClient): Machine {
  return cryptoOf(client) as unknown as Machine;
}

import type { MatrixClient, MatrixEvent } from 'matrix-js-sdk';
import { DecryptionFailureCode } from 'matrix-js-sdk/lib/crypto-api';
import { cryptoOf } from './machine';

/** Why a message cannot be read on this device. */
export type Unreadable =
  /** The key has not come, or not yet. */
  | 'noKey'
  /** It was sent before this device was added; the backup may have the key. */
  | 'before'
  /** It was sent before this person joined, and nobody shared the key. */
  | 'beforeJoin'
  /** The sender's device said that it keeps the key back. */
  | 'withheld';

/** Why event cannot be read, or undefined if it can, or is still being tried. */
export function whyUnreadable(event: MatrixEvent): Unreadable | undefined {
  if (!event.isDecryptionFailure()) return undefined;
  switch (event.decryptionFailureReason) {
    case DecryptionFailureCode.HISTORICAL_MESSAGE_NO_KEY_BACKUP:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_BACKUP_UNCONFIGURED:
    case DecryptionFailureCode.HISTORICAL_MESSAGE_WORKING_BACKUP:
      return 'before';
    case DecryptionFailureCode.HISTORICAL_MESSAGE_USER_NOT_JOINED:
      return 'beforeJoin';
    case DecryptionFailureCode.MEGOLM_KEY_WITHHELD:
    case DecryptionFailureCode.MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE:
      return 'withheld';
    default:
      return 'noKey';
  }
}

/** Tries once more to read what could not be read: its key may have come to the backup meanwhile, which tells nobody. */
export async function tryAgain(client: MatrixClient, events: readonly MatrixEvent[]): Promise<void> {
  const crypto = cryptoOf(client) as unknown as Parameters<MatrixEvent['attemptDecryption']>[0];
  for (const event of events) {
    if (event.isDecryptionFailure()) await event.attemptDecryption(crypto, { isRetry: true });
  }
}

import { keyToProve, Proofs, proveWith } from '../crypto/proven';
import { learnIdentity, NoIdentity, onTrust } from '../crypto/trust';
import type { Vault } from '../keep/vault';
import type { Chains } from '../ledger/chains';
import { treeOf } from '../ledger/checkpoint';
import { ConnectionError } from 'matrix-js-sdk/lib/http-api/errors';
import type { MatrixClient } from 'matrix-js-sdk';
import { openIdentities } from '../wire/identity';
import { readLedger } from '../wire/ledger';
import type { PublicRecord } from './record';

const kept = 'ledger/chains';
const moment = 500;

/** From here on nothing is encrypted for people whose identity is not in the record, as this browser has checked it. */
export function provePeople(client: MatrixClient, vault: Vault, record: PublicRecord): Proofs {
  const proofs = new Proofs({
    keyOf: (userId) => keyToProve(client, userId),
    learn: (userId) =>
      learnIdentity(client, userId).catch((error: unknown) => {
        if (!(error instanceof NoIdentity)) throw error;
      }),
    open: (people) => openIdentities(client, people),
    tree: async () => {
      await record.check();
      const { standing, seen } = record.snapshot();
      if (standing === 'browser') return 'unable';
      if (standing === 'away') throw new ConnectionError('the record does not answer');
      return standing === 'checked' && seen !== undefined ? treeOf(seen.signed.slice(0, seen.signed.lastIndexOf('\n\n') + 1)) : undefined;
    },
    read: readLedger,
    kept: () => vault.get<Chains>(kept),
    keep: (chains) => vault.put(kept, chains),
    wait: () => new Promise((resolve) => setTimeout(resolve, moment)),
  });
  proveWith(client, proofs);
  onTrust(client, (userIds) => proofs.forget(userIds));
  return proofs;
}

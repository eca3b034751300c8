// A few people with the real crypto, and a server of a few lines between them that does what a test has it do.

import '../src/polyfill';
import { initAsync, UserId } from '@matrix-org/matrix-sdk-crypto-wasm';
import { Direction, MatrixClient, MatrixEvent, MemoryStore, Room } from 'matrix-js-sdk';
import type { Logger } from 'matrix-js-sdk/lib/logger';
import type { Json } from '../src/crypto/canonical';
import { machineOf } from '../src/crypto/machine';

interface Keys {
  readonly devices: Map<string, Json>;
  readonly oneTime: Map<string, [string, Json][]>;
  cross: Record<string, Json>;
}

interface Signed {
  readonly signatures: Record<string, Record<string, string>>;
}

type Body = Record<string, Record<string, Record<string, Json>>>;

const nothing = (): void => undefined;
const silence: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, getChild: () => silence };

/** The server. It keeps keys, and writes down which device was sent how many keys. */
export class KeyServer {
  readonly #keys = new Map<string, Keys>();
  /** Encrypted messages to devices, by person. */
  readonly sent = new Map<string, number>();

  of(user: string): Keys {
    const before = this.#keys.get(user);
    if (before !== undefined) return before;
    const now: Keys = { devices: new Map(), oneTime: new Map(), cross: {} };
    this.#keys.set(user, now);
    return now;
  }

  fetch(user: string, device: string): typeof fetch {
    return (input, init) => {
      const path = new URL(input instanceof Request ? input.url : String(input)).pathname;
      const body = JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as Body;
      const answer = this.#answer(user, device, path, body);
      return Promise.resolve(new Response(JSON.stringify(answer ?? { errcode: 'M_NOT_FOUND' }), { status: answer === undefined ? 404 : 200, headers: { 'content-type': 'application/json' } }));
    };
  }

  #answer(user: string, device: string, path: string, body: Body): object | undefined {
    if (path.endsWith('/versions')) return { versions: ['v1.13'] };
    if (path.endsWith('/keys/upload')) {
      if (body['device_keys'] !== undefined) this.of(user).devices.set(device, body['device_keys']);
      const keys = [...(this.of(user).oneTime.get(device) ?? []), ...Object.entries<Json>(body['one_time_keys'] ?? {})];
      this.of(user).oneTime.set(device, keys);
      return { one_time_key_counts: { signed_curve25519: keys.length } };
    }
    if (path.endsWith('/keys/device_signing/upload')) {
      this.of(user).cross = { ...body };
      return {};
    }
    if (path.endsWith('/keys/signatures/upload')) {
      for (const [owner, objects] of Object.entries(body)) {
        for (const [id, signed] of Object.entries(objects)) {
          const before = this.of(owner).devices.get(id) as Signed | undefined;
          const added = (signed as unknown as Signed).signatures[owner];
          if (before !== undefined) this.of(owner).devices.set(id, { ...before, signatures: { ...before.signatures, [owner]: { ...before.signatures[owner], ...added } } });
        }
      }
      return { failures: {} };
    }
    if (path.endsWith('/keys/query')) {
      const asked = Object.keys(body['device_keys'] ?? {});
      const cross = (name: string) => Object.fromEntries(asked.flatMap((id) => (this.of(id).cross[name] === undefined ? [] : [[id, this.of(id).cross[name]]])));
      return { device_keys: Object.fromEntries(asked.map((id) => [id, Object.fromEntries(this.of(id).devices)])), master_keys: cross('master_key'), self_signing_keys: cross('self_signing_key'), failures: {} };
    }
    if (path.endsWith('/keys/claim')) {
      const claimed = Object.entries(body['one_time_keys'] ?? {}).map(([id, devices]): [string, Json] => {
        const keys = Object.keys(devices).flatMap((one): [string, Json][] => {
          const key = this.of(id).oneTime.get(one)?.shift();
          return key === undefined ? [] : [[one, Object.fromEntries([key])]];
        });
        return [id, Object.fromEntries(keys)];
      });
      return { one_time_keys: Object.fromEntries(claimed), failures: {} };
    }
    if (path.includes('/sendToDevice/m.room.encrypted/')) {
      for (const [to, devices] of Object.entries(body['messages'] ?? {})) this.sent.set(to, (this.sent.get(to) ?? 0) + Object.keys(devices).length);
      return {};
    }
    return path.includes('/sendToDevice/') ? {} : undefined;
  }
}

/** A device of somebody, which they sign with an identity of their own making unless they are not to. */
export async function device(server: KeyServer, userId: string, deviceId: string, identity = true): Promise<MatrixClient> {
  await initAsync();
  const client = new MatrixClient({ baseUrl: 'http://server', userId, deviceId, accessToken: 'x', store: new MemoryStore(), fetchFn: server.fetch(userId, deviceId), logger: silence });
  await client.initRustCrypto({ useIndexedDB: false });
  await machineOf(client).outgoingRequestsManager.doProcessOutgoingRequests();
  if (identity) await newIdentity(client);
  return client;
}

/** Makes signing keys for an account and signs this device with them. */
export async function newIdentity(client: MatrixClient): Promise<void> {
  const { olmMachine, outgoingRequestProcessor } = machineOf(client);
  const made = await olmMachine.bootstrapCrossSigning(true);
  for (const request of [made.uploadKeysRequest, made.uploadSigningKeysRequest, made.uploadSignaturesRequest]) if (request !== undefined) await outgoingRequestProcessor.makeOutgoingRequest(request as object);
}

let events = 0;

/** Tells a client a piece of a room's state. */
export async function tell(client: MatrixClient, roomId: string, sender: string, type: string, state_key: string, content: object, at = 1): Promise<void> {
  const before = client.getRoom(roomId);
  const room = before ?? new Room(roomId, client, client.getSafeUserId());
  if (before === null) client.store.storeRoom(room);
  const event = new MatrixEvent({ event_id: `$${++events}`, room_id: roomId, sender, type, state_key, content, origin_server_ts: at });
  room.getLiveTimeline().getState(Direction.Forward)?.setStateEvents([event]);
  if (type === 'm.room.encryption') await (client.getCrypto() as unknown as { onCryptoEvent: (room: Room, event: MatrixEvent) => Promise<void> }).onCryptoEvent(room, event);
}

/** Tells a client that somebody's keys may have changed, as sync does, and has it ask for them. */
export async function keysChanged(client: MatrixClient, ...userIds: string[]): Promise<void> {
  await machineOf(client).olmMachine.updateTrackedUsers(userIds.map((id) => new UserId(id)));
  const crypto = machineOf(client) as unknown as { processSyncChanges: (changes: object) => Promise<unknown>; outgoingRequestsManager: { doProcessOutgoingRequests: () => Promise<void> } };
  await crypto.processSyncChanges({ toDeviceEvents: [], deviceLists: { changed: userIds, left: [] }, oneTimeKeysCounts: { signed_curve25519: 50 } });
  await crypto.outgoingRequestsManager.doProcessOutgoingRequests();
}

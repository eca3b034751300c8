import { ClientEvent, SyncState, type IMyDevice, type MatrixClient } from 'matrix-js-sdk';
import { PasswordNeeded, withPassword, type Recovery } from '../crypto/recovery';
import { onTrust, signedDevices } from '../crypto/trust';
import { FaultError, faultOf, type Fault } from '../wire/fault';
import { oneLine } from './oneline';
import { Store } from './store';

/** One of this person's own devices. */
export interface OwnDevice {
  readonly id: string;
  readonly name: string;
  /** The name, with a number where several have the same: the first that was added is 1. */
  readonly called: string;
  /** Whether it is the device that shows this. */
  readonly here: boolean;
  /** Whether it is signed: only then do others send to it. */
  readonly signed: boolean;
  /** The last day on which it was used, in days since 1970 UTC; the server keeps no hour. */
  readonly lastDay: number | undefined;
}

/** The devices, or why they are not known; both absent while the server is asked for the first time. */
export interface OwnDevices {
  readonly list?: readonly OwnDevice[];
  /** Whether this device holds what another recovery key would lock away. */
  readonly mayRenew?: boolean;
  /** Whether another recovery key was put in force here just now. */
  readonly renewed?: true;
  readonly fault?: Fault;
}

/** Those that are not signed: whoever knows the password could have added them. */
export function unknownDevices({ list = [] }: OwnDevices): readonly OwnDevice[] {
  return list.filter((one) => !one.signed && !one.here);
}

/** This person's devices, as the server lists them and this device judges them. It follows them from `open` to `close`. */
export class Devices extends Store<OwnDevices> {
  readonly #client: MatrixClient;
  #stop: (() => void) | undefined;

  readonly #mayRenew: Recovery['mayRenew'];

  constructor(client: MatrixClient, mayRenew: Recovery['mayRenew']) {
    super({});
    this.#client = client;
    this.#mayRenew = mayRenew;
  }

  /** Begins to follow the devices, and asks the server for them. */
  open(): void {
    if (this.#stop !== undefined) return;
    const own = this.#client.getSafeUserId();
    const stop = onTrust(this.#client, (userIds) => void (userIds.includes(own) && this.look()));
    // Of a device that has no keys yet nobody is told, so the server is asked again after each silence.
    const again = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) void this.look();
    };
    this.#client.on(ClientEvent.Sync, again);
    this.#stop = () => {
      stop();
      this.#client.off(ClientEvent.Sync, again);
    };
    void this.look();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Asks whether this device can make another recovery key. Without an answer that stays unknown, and nothing is offered. */
  readonly askKeys = async (): Promise<void> => {
    const mayRenew = await this.#mayRenew(this.#client).catch(() => undefined);
    if (mayRenew !== undefined) this.set({ ...this.snapshot(), mayRenew });
  };

  /** Another recovery key was put in force: that is said until the client is opened again. */
  renewed(): void {
    this.set({ ...this.snapshot(), renewed: true });
  }

  /** Asks the server again. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      const [{ devices }, signed] = await Promise.all([this.#client.getDevices(), signedDevices(this.#client)]);
      const names = devices.map(nameOf);
      const list = devices.map(
        (one, n): OwnDevice => ({
          id: one.device_id,
          name: nameOf(one),
          called: numbered(names, n),
          here: one.device_id === this.#client.getDeviceId(),
          signed: signed.has(one.device_id),
          lastDay: one.last_seen_ts === undefined || one.last_seen_ts <= 0 ? undefined : Math.floor(one.last_seen_ts / 86_400_000),
        }),
      );
      const { mayRenew, renewed } = this.snapshot();
      this.set({ ...(mayRenew !== undefined && { mayRenew }), ...(renewed && { renewed }), list: list.sort((a, b) => Number(b.here) - Number(a.here) || (b.lastDay ?? 0) - (a.lastDay ?? 0) || a.name.localeCompare(b.name)) });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** Gives a device another name. */
  readonly rename = async (id: string, name: string): Promise<void> => {
    await this.#client.setDeviceDetails(id, { display_name: name.trim() });
    await this.look();
  };

  /** Signs another device out: the server forgets it and its keys. It throws fault.password where the password is wrong. */
  readonly signOut = async (id: string, password: string): Promise<void> => {
    try {
      await withPassword<unknown>(this.#client, password)((proof) => this.#client.deleteDevice(id, proof ?? undefined));
    } catch (error) {
      if (error instanceof PasswordNeeded) throw new FaultError({ id: 'fault.password', code: 'PASSWORD' }, error);
      throw error;
    }
    await this.look();
  };
}

function nameOf({ device_id, display_name }: IMyDevice): string {
  const name = oneLine(display_name ?? '');
  return name === '' ? device_id : name;
}

/** The name at a place among names in the order in which they were given. */
function numbered(names: readonly string[], at: number): string {
  const name = names[at] ?? '';
  const same = names.flatMap((other, n) => (other === name ? [n] : []));
  return same.length === 1 ? name : `${name} (${same.indexOf(at) + 1})`;
}

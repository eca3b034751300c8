import type { MatrixClient } from 'matrix-js-sdk';
import { PasswordNeeded, withPassword, type Recovery } from '../crypto/recovery';
import { onTrust, signedDevices } from '../crypto/trust';
import { FaultError, faultOf, type Fault } from '../wire/fault';
import { Store } from './store';

/** One of this person's own devices. */
export interface OwnDevice {
  readonly id: string;
  readonly name: string;
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
    this.#stop = onTrust(this.#client, () => void this.look());
    void this.look();
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Another recovery key was put in force: that is said until the client is opened again. */
  renewed(): void {
    this.set({ ...this.snapshot(), renewed: true });
  }

  /** Asks the server again. What was known stays where it gives no answer. */
  readonly look = async (): Promise<void> => {
    try {
      const [{ devices }, signed, mayRenew] = await Promise.all([this.#client.getDevices(), signedDevices(this.#client), this.#mayRenew(this.#client)]);
      const list = devices.map(
        (one): OwnDevice => ({
          id: one.device_id,
          name: one.display_name === undefined || one.display_name.trim() === '' ? one.device_id : one.display_name,
          here: one.device_id === this.#client.getDeviceId(),
          signed: signed.has(one.device_id),
          lastDay: one.last_seen_ts === undefined || one.last_seen_ts <= 0 ? undefined : Math.floor(one.last_seen_ts / 86_400_000),
        }),
      );
      const { renewed } = this.snapshot();
      this.set({ mayRenew, ...(renewed && { renewed }), list: list.sort((a, b) => Number(b.here) - Number(a.here) || (b.lastDay ?? 0) - (a.lastDay ?? 0) || a.name.localeCompare(b.name)) });
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

import { ClientEvent, SyncState, type IMyDevice, type MatrixClient } from 'matrix-js-sdk';
import { PasswordNeeded, withPassword, type Recovery } from '../crypto/recovery';
import { onTrust, signedDevices } from '../crypto/trust';
import type { Vault } from '../keep/vault';
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
  /** Whether it was signed since this device last asked its person, who has not said that it is theirs. */
  readonly added: boolean;
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

/**
 * Those that the person is asked about: devices that are not signed, which whoever knows the password could have added; and
 * those that were signed elsewhere, which takes the recovery key or another device.
 */
export function unknownDevices({ list = [] }: OwnDevices): readonly OwnDevice[] {
  return list.filter((one) => (!one.signed || one.added) && !one.here);
}

/** The ids of the devices that this one takes for the person's own. It is kept here: the server could say anything. */
const kept = 'devices/known';

/** How often the server is asked whether there is another device, in milliseconds. */
const every = 60_000;

/** This person's devices, as the server lists them and this device judges them. It follows them from `open` to `close`. */
export class Devices extends Store<OwnDevices> {
  readonly #client: MatrixClient;
  #stop: (() => void) | undefined;

  readonly #mayRenew: Recovery['mayRenew'];
  readonly #vault: Pick<Vault, 'get' | 'put'>;
  #known: Set<string> | undefined;

  constructor(client: MatrixClient, mayRenew: Recovery['mayRenew'], vault: Pick<Vault, 'get' | 'put'>) {
    super({});
    this.#client = client;
    this.#mayRenew = mayRenew;
    this.#vault = vault;
  }

  /** Begins to follow the devices, and asks the server for them. */
  open(): void {
    if (this.#stop !== undefined) return;
    const own = this.#client.getSafeUserId();
    const stop = onTrust(this.#client, (userIds) => void (userIds.includes(own) && this.look()));
    // Of a device that has no keys nobody is told, so the server is asked: after each silence, when somebody comes to the
    // page, and now and then while they look at it.
    const again = (state: SyncState, before: SyncState | null): void => {
      if (state === SyncState.Syncing && before !== SyncState.Syncing) void this.look();
    };
    const notice = (): void => {
      if (document.visibilityState === 'visible') void this.#notice();
    };
    const timer = setInterval(notice, every);
    this.#client.on(ClientEvent.Sync, again);
    document.addEventListener('visibilitychange', notice);
    this.#stop = () => {
      stop();
      clearInterval(timer);
      this.#client.off(ClientEvent.Sync, again);
      document.removeEventListener('visibilitychange', notice);
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
      const known = await this.#learn(signed);
      const list = devices.map(
        (one, n): OwnDevice => ({
          id: one.device_id,
          name: nameOf(one),
          called: numbered(names, n),
          here: one.device_id === this.#client.getDeviceId(),
          signed: signed.has(one.device_id),
          added: signed.has(one.device_id) && one.device_id !== this.#client.getDeviceId() && !known.has(one.device_id),
          lastDay: one.last_seen_ts === undefined || one.last_seen_ts <= 0 ? undefined : Math.floor(one.last_seen_ts / 86_400_000),
        }),
      );
      const { mayRenew, renewed } = this.snapshot();
      this.set({ ...(mayRenew !== undefined && { mayRenew }), ...(renewed && { renewed }), list: list.sort((a, b) => Number(b.here) - Number(a.here) || (b.lastDay ?? 0) - (a.lastDay ?? 0) || a.name.localeCompare(b.name)) });
    } catch (error) {
      this.set({ ...this.snapshot(), fault: faultOf(error) });
    }
  };

  /** The person knows a device as theirs: they said so, or compared emoji with it here. */
  readonly recognise = async (id: string): Promise<void> => {
    const known = this.#known;
    if (known === undefined || known.has(id)) return;
    known.add(id);
    const { list } = this.snapshot();
    if (list !== undefined) this.set({ ...this.snapshot(), list: list.map((one) => (one.id === id ? { ...one, added: false } : one)) });
    await this.#vault.put(kept, [...known]).catch(() => undefined); // a full disk: it is asked again after the next start
  };

  // Only whether there is another device, or one fewer, is looked at: that costs the server little.
  async #notice(): Promise<void> {
    const there = this.snapshot().list?.map(({ id }) => id).sort();
    const devices = await this.#client.getDevices().then(
      (answer) => answer.devices.map(({ device_id }) => device_id).sort(),
      () => undefined, // the next time comes soon
    );
    if (devices !== undefined && devices.join() !== there?.join()) await this.look();
  }

  /** The devices that are known; where nothing was kept yet, those that are signed now. */
  async #learn(signed: ReadonlySet<string>): Promise<Set<string>> {
    if (this.#known !== undefined) return this.#known;
    const before = await this.#vault.get<readonly string[]>(kept);
    if (before === undefined) {
      if (!signed.has(this.#client.getDeviceId() ?? '')) return new Set(signed); // the keys are not known yet
      await this.#vault.put(kept, [...signed]).catch(() => undefined); // a full disk: it is learned anew after the next start
    }
    return (this.#known ??= new Set(before ?? signed));
  }

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

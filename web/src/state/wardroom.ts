// Where a person stands with this browser: signed out, on the way in, or in.

import { KeysNotGiven, PasswordNeeded, WrongRecoveryKey, type NewRecoveryKey } from '../crypto/recovery';
import { KeysNotHeld } from '../crypto/renew';
import { isSigned, onTrust } from '../crypto/trust';
import { Vault } from '../keep/vault';
import { FaultError, faultOf, type Fault } from '../wire/fault';
import { learnHome } from '../wire/home';
import { deviceKnown, invitationOf, nameYourself, signIn, signOut, signUp, type SignUpInvitation } from '../wire/login';
import { signInWithPasskey } from '../wire/passkey';
import { keepLogin, keptLogin, type Login } from '../wire/tokens';
import { localpart } from './person';
import { route } from './route';
import { Session, wipeAll } from './session';
import { Store } from './store';
import { takePlace } from './tab';

export type Standing =
  | { at: 'starting' }
  /** Another tab of this browser is at work. */
  | { at: 'elsewhere' }
  | { at: 'failed'; fault: Fault }
  /** `account` is whose keys are still here, if anybody's: they sign in again on the same device. */
  | { at: 'signedOut'; why: Fault | undefined; account?: string }
  /** A recovery key is being made: the account's first; one after a loss, with new keys for the account; or another one for the same keys. */
  | { at: 'newKey'; session: Session; why: 'first' | 'afresh' | 'renew' }
  /** Signed in, and this device needs the recovery key that there is, or another device that verifies it. */
  | { at: 'locked'; session: Session; compared?: Compared; replaced: boolean }
  | { at: 'in'; session: Session };

// `replaced`: this device was signed before, and new signing keys were made elsewhere.

/** Another device has verified this one: its keys are being taken over, or did not come. */
export type Compared = { at: 'opening'; done: number; total: number } | { at: 'failed'; fault: Fault };

// True once this device is signed and has the keys; 'making' from before a recovery key is made until it opens
// everything; 'replaced' from when its owner's signing keys were replaced elsewhere until it has the new ones.
const keptReady = 'device/signed';

/** How this device is called in the list of devices. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom/.test(agent) ? 'Chromium' : /Safari\//.test(agent) ? 'Safari' : 'Browser';
  const system = /Android/.test(agent) ? 'Android' : /iPhone|iPad/.test(agent) ? 'iOS' : /Windows/.test(agent) ? 'Windows' : /Mac/.test(agent) ? 'macOS' : 'Linux';
  return `Wardroom, ${browser}, ${system}`;
}

/** The whole client. There is one. */
export class Wardroom extends Store<Standing> {
  #vault: Vault | undefined;
  #open: Session | undefined;
  #opening: Promise<Session> | undefined;
  // Whether this tab is the one that may use the keys.
  #placed = false;
  // Whom the server signed out without taking the device away.
  #paused: Login | undefined;
  // Kept between signing up and the making of the keys, where the server may ask for it once more.
  #password: string | undefined;
  // Whether this device was signed with keys that are no longer the account's.
  #replaced = false;
  #unfollow: (() => void) | undefined;

  constructor() {
    super({ at: 'starting' });
  }

  /** Takes up what was kept from the last visit. With `steal` it takes the place of another tab. */
  readonly start = async (steal = false): Promise<void> => {
    if (!isSecureContext) {
      this.set({ at: 'failed', fault: { id: 'fault.insecure', code: location.origin } }); // there are no locks here and no keys
      return;
    }
    this.set({ at: 'starting' });
    try {
      await learnHome();
      if (!(await takePlace(steal, () => this.#lost()))) {
        this.set({ at: 'elsewhere' });
        return;
      }
      this.#placed = true;
      this.#vault = await Vault.open();
      const login = await keptLogin(this.#vault);
      if (login === undefined) this.set({ at: 'signedOut', why: undefined });
      else await this.#take(login);
    } catch (error) {
      if (this.snapshot().at !== 'elsewhere') this.set({ at: 'failed', fault: faultOf(error) });
    }
  };

  /** Shows the invitation with which somebody is about to sign up. It throws a FaultError. */
  readonly invitation = (token: string): Promise<SignUpInvitation> => faults(() => invitationOf(token));

  /** Makes an account from an invitation and goes on to the recovery key. It throws a FaultError. */
  readonly signUp = async (invitation: string, name: string, account: string, password: string): Promise<void> => {
    const login = await faults(() => signUp(invitation, account, password, deviceName()));
    this.#password = password;
    // The account is made. Without its name it can be used, and the name be given later.
    await nameYourself(login, name).catch(() => undefined);
    await this.#enter(login);
    route.replace({ at: 'rooms' });
  };

  /** Signs this device in. It throws a FaultError. */
  readonly signIn = async (account: string, password: string): Promise<void> => {
    const login = await faults(() => this.#signIn(account.trim(), password));
    this.#password = password;
    await this.#enter(login);
  };

  /** Signs this device in with a passkey, which says whose it is. It throws a FaultError. */
  readonly signInWithPasskey = async (): Promise<void> => {
    await this.#enter(await faults(() => this.#signInWithPasskey()));
  };

  async #signInWithPasskey(): Promise<Login> {
    const paused = this.#paused;
    let login = await signInWithPasskey(deviceName(), paused?.deviceId);
    if (paused === undefined) return login;
    if (login.userId === paused.userId) {
      if (await deviceKnown(login)) return login;
      await signOut(login); // a device without keys helps nobody
      login = await signInWithPasskey(deviceName());
    }
    await this.#forget();
    return login;
  }

  /** Deletes what is still here of the device that was signed in before. */
  async #forget(): Promise<void> {
    this.#vault?.close();
    await wipeAll();
    this.#vault = await Vault.open();
  }

  /** Signs in, on the device whose keys are still here where they can be used; otherwise they are deleted. */
  async #signIn(account: string, password: string): Promise<Login> {
    const paused = this.#paused;
    if (paused !== undefined && (account === paused.userId || account === localpart(paused.userId))) {
      const login = await signIn(account, password, deviceName(), paused.deviceId);
      if (await deviceKnown(login)) return login;
      await signOut(login); // a device without keys helps nobody
    }
    const login = await signIn(account, password, deviceName());
    if (paused !== undefined) await this.#forget();
    return login;
  }

  /** Signs this device out and deletes everything it kept. */
  readonly signOut = async (): Promise<void> => {
    await this.#end(true, undefined);
  };

  /** Makes new keys for the account under a recovery key that the person has kept. It throws a FaultError. */
  readonly useNewKey = async (key: NewRecoveryKey, password?: string): Promise<void> => {
    const session = this.#session();
    const standing = this.snapshot();
    if (standing.at === 'newKey' && standing.why === 'renew') {
      await faults(() => session.recovery.renew(session.client, key));
      session.devices.renewed();
      this.#in(session);
      return;
    }
    // If this ends in the middle, the person is given another key: what the first one would have opened is not there.
    await this.#vault?.put(keptReady, 'making');
    try {
      await faults(() => session.recovery.setUp(session.client, key, password ?? this.#password));
    } catch (error) {
      if (error instanceof FaultError && error.fault.id === 'fault.passwordNeeded') await this.#vault?.delete(keptReady); // nothing was changed
      throw error;
    }
    await this.#signed(session);
  };

  /** Opens the account's earlier messages with the recovery key that was typed. It throws a FaultError. */
  readonly restore = async (typed: string, progress: (done: number, total: number) => void): Promise<void> => {
    const session = this.#session();
    await faults(() => session.recovery.restore(session.client, typed, progress));
    await this.#signed(session);
  };

  /** The recovery key is lost: goes on to the making of a new one. */
  readonly startAfresh = (): void => this.set({ at: 'newKey', session: this.#session(), why: 'afresh' });

  /** Goes on to the making of another recovery key for the keys that this device holds. */
  readonly startRenew = (): void => this.set({ at: 'newKey', session: this.#session(), why: 'renew' });

  /** Back from startAfresh or startRenew, before anything was done. */
  readonly backToKey = (): void => {
    const standing = this.snapshot();
    if (standing.at === 'newKey' && standing.why === 'renew') this.#in(this.#session());
    else this.set({ at: 'locked', session: this.#session(), replaced: this.#replaced });
  };

  // Another device may be the first to ask, so the verifications are followed, not the button.
  #awaitCompared(session: Session): void {
    const stop = session.verifications.subscribe(() => {
      const done = session.verifications.snapshot().find((one) => one.with === undefined && one.stage.at === 'done');
      if (done === undefined) return;
      stop();
      session.verifications.dismiss(done.id);
      void this.#takeOver(session);
    });
  }

  async #takeOver(session: Session): Promise<void> {
    const tell = (compared: Compared): void => {
      if (this.#open === session && this.snapshot().at === 'locked') this.set({ at: 'locked', session, compared, replaced: this.#replaced });
    };
    tell({ at: 'opening', done: 0, total: 0 });
    try {
      await faults(() => session.recovery.takeOver(session.client, (done, total) => tell({ at: 'opening', done, total })));
      if (this.#open === session && this.snapshot().at === 'locked') await this.#signed(session);
    } catch (error) {
      tell({ at: 'failed', fault: faultOf(error) });
      this.#awaitCompared(session);
    }
  }

  #session(): Session {
    if (this.#open === undefined) throw new Error('nobody is signed in');
    return this.#open;
  }

  async #enter(login: Login): Promise<void> {
    this.#paused = undefined;
    this.#vault ??= await Vault.open();
    await keepLogin(this.#vault, login);
    this.set({ at: 'starting' });
    try {
      await this.#take(login);
    } catch (error) {
      this.set({ at: 'failed', fault: faultOf(error) });
    }
  }

  async #take(login: Login): Promise<void> {
    if (this.#vault === undefined) throw new Error('the vault is closed');
    this.#opening = Session.open(login, this.#vault, (soft) => void (soft ? this.#pause(login) : this.#end(false, { id: 'fault.signedOut', code: 'M_UNKNOWN_TOKEN' })));
    const session = await this.#opening;
    this.#open = session;
    if (!this.#placed) return; // #lost waits for it and closes it
    const kept = await this.#vault.get<true | 'making' | 'replaced'>(keptReady);
    if (kept === true) {
      this.#in(session);
      return;
    }
    await session.ready();
    const standing = await session.recovery.standing(session.client, kept === 'making');
    if (this.#open !== session) return;
    switch (standing) {
      case 'signed':
        await this.#signed(session);
        return;
      case 'new':
      case 'unfinished':
        this.set({ at: 'newKey', session, why: 'first' });
        return;
      case 'unopenable':
        this.set({ at: 'newKey', session, why: 'afresh' });
        this.#awaitCompared(session);
        return;
      case 'locked':
        this.#replaced = kept === 'replaced';
        this.#lock(session);
    }
  }

  async #signed(session: Session): Promise<void> {
    this.#password = undefined;
    await this.#vault?.put(keptReady, true);
    this.#in(session);
  }

  #lock(session: Session): void {
    this.set({ at: 'locked', session, replaced: this.#replaced });
    this.#awaitCompared(session);
  }

  #in(session: Session): void {
    this.#replaced = false;
    this.#followSigned(session);
    this.set({ at: 'in', session });
    void session.search.run();
  }

  // Where new signing keys were made on another device, others send nothing to this one any more, nor can it send.
  #followSigned(session: Session): void {
    this.#unfollow?.();
    const look = async (): Promise<void> => {
      if (this.#open !== session || this.snapshot().at !== 'in' || (await isSigned(session.client))) return;
      // It may have been asked twice at once, and this tab may have lost its place meanwhile.
      if (this.#open !== session || this.snapshot().at !== 'in') return;
      this.#replaced = true;
      this.#lock(session);
      await this.#vault?.put(keptReady, 'replaced');
    };
    const own = session.client.getSafeUserId();
    this.#unfollow = onTrust(session.client, (userIds) => void (userIds.includes(own) && look()));
    void look();
  }

  async #end(tell: boolean, why: Fault | undefined): Promise<void> {
    const session = this.#open;
    this.#open = undefined;
    this.#password = undefined;
    this.set({ at: 'starting' });
    try {
      const known = (await session?.end(tell)) ?? true;
      this.#vault = await Vault.open();
      route.replace({ at: 'rooms' });
      this.set({ at: 'signedOut', why: known ? why : { id: 'fault.notEnded', code: 'NO_ANSWER' } });
    } catch (error) {
      this.set({ at: 'failed', fault: faultOf(error) });
    }
  }

  /** The server wants the password again. Everything stays in place for this person; unsent messages leave afterwards. */
  async #pause(login: Login): Promise<void> {
    const session = this.#open;
    this.#open = undefined;
    this.#paused = login;
    session?.close();
    await session?.client.store.destroy();
    this.set({ at: 'signedOut', why: { id: 'fault.signInAgain', code: 'M_UNKNOWN_TOKEN' }, account: localpart(login.userId) });
  }

  // Another tab waits for this to be over. What is being encrypted is let finish: the keys it moves on are kept then.
  async #lost(): Promise<void> {
    this.#placed = false;
    this.set({ at: 'elsewhere' });
    await this.#opening?.catch(() => undefined);
    const session = this.#open;
    this.#open = undefined;
    await session?.release();
    this.#vault?.close();
  }
}

/** Turns whatever is thrown into a FaultError. */
async function faults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WrongRecoveryKey) throw new FaultError({ id: 'fault.recoveryKey', code: 'WRONG_RECOVERY_KEY' }, error);
    if (error instanceof KeysNotGiven) throw new FaultError({ id: 'fault.keysNotGiven', code: 'KEYS_NOT_GIVEN' }, error);
    if (error instanceof KeysNotHeld) throw new FaultError({ id: 'fault.keysNotHeld', code: 'KEYS_NOT_HELD' }, error);
    if (error instanceof PasswordNeeded) throw new FaultError({ id: 'fault.passwordNeeded', code: 'PASSWORD_NEEDED' }, error);
    throw new FaultError(faultOf(error), error);
  }
}

export const wardroom = new Wardroom();

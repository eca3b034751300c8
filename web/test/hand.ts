// Somebody with cross-signing keys and a device, made with WebCrypto: they sign what tests have them say.

import { textOf, withEntry, type Checked, type Entry, type Somebody, type Statement } from '../src/crypto/admission';
import { canonicalJson, type Json } from '../src/crypto/canonical';

export const roomId = '!vGm9Jc';

interface Key {
  readonly pub: string;
  readonly sign: (text: string) => Promise<string>;
}

async function newKey(): Promise<Key> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/=+$/, '');
  return {
    pub: base64(await crypto.subtle.exportKey('raw', pair.publicKey)),
    sign: async (text) => base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text))),
  };
}

async function signed(object: { readonly [key: string]: Json }, by: string, key: Key): Promise<Json> {
  return { ...object, signatures: { [by]: { [`ed25519:${key.pub}`]: await key.sign(canonicalJson(object)) } } };
}

export class Hand {
  private constructor(
    readonly user: string,
    readonly who: Somebody,
    readonly device: Key,
    readonly cert: Statement['cert'],
  ) {}

  static async of(user: string): Promise<Hand> {
    const [master, self, device] = await Promise.all([newKey(), newKey(), newKey()]);
    const cert = {
      self: await signed({ user_id: user, usage: ['self_signing'], keys: { [`ed25519:${self.pub}`]: self.pub } }, user, master),
      device: await signed({ user_id: user, device_id: 'DEV', algorithms: [], keys: { 'ed25519:DEV': device.pub } }, user, self),
    };
    return new Hand(user, { user, master: master.pub }, device, cert);
  }

  /** The same person with a device that somebody else has made for them. */
  async withForeignDevice(): Promise<Hand> {
    const [device, self] = await Promise.all([newKey(), newKey()]);
    const cert = { ...this.cert, device: await signed({ user_id: this.user, device_id: 'DEV', algorithms: [], keys: { 'ed25519:DEV': device.pub } }, this.user, self) };
    return new Hand(this.user, this.who, device, cert);
  }

  let(at: number): Entry {
    return { user: this.user, at, master: this.who.master };
  }

  out(at: number, last?: Statement): Entry {
    return { user: this.user, at, out: true, said: last?.sig ?? '' };
  }

  async says(of: readonly Entry[], before?: Statement): Promise<Statement> {
    return this.#sign({ ...this.#to(), of, ...(before === undefined ? {} : { before }) });
  }

  async adds(all: readonly Checked[], entry: { user: string; master?: string; out?: true }, now: number, before?: Statement): Promise<Statement> {
    return this.#sign(withEntry(this.#to(), before, all, entry, now));
  }

  #to(): Omit<Statement, 'sig' | 'of'> {
    return { v: 1, room: roomId, by: this.user, master: this.who.master, device: 'DEV', cert: this.cert };
  }

  async #sign(statement: Omit<Statement, 'sig'>): Promise<Statement> {
    return { ...statement, sig: await this.device.sign(textOf(statement)) };
  }
}

// Whether what people are known by is in the ledger. What is not is not sent to (docs/decisions/master-keys.md).

import { UserId } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { MatrixClient } from 'matrix-js-sdk';
import { fromBase64 } from '../ledger/bytes';
import { boundTo, boundToTags, noChains, readChains, tagOf, type Chains } from '../ledger/chains';
import type { Tree } from '../ledger/checkpoint';
import type { Read } from '../ledger/tiles';
import { LedgerError } from '../ledger/wrong';
import { machineOf } from './machine';

/** What the server says opens the entries about people. */
export interface Openings {
  readonly tagKey: string;
  readonly people: ReadonlyMap<string, { readonly number: number; readonly nonce: string }>;
  readonly pending: ReadonlySet<string>;
}

/** How proofs reach the world. */
export interface Sources {
  /** The public master key of somebody as this device has it, in unpadded base64; undefined where they have none. */
  readonly keyOf: (userId: string) => Promise<string | undefined>;
  /** Asks the server for somebody's keys anew. */
  readonly learn: (userId: string) => Promise<void>;
  /** What opens the entries about people, at most a hundred. It throws where the server does not answer. */
  readonly open: (people: readonly string[]) => Promise<Openings>;
  /** The ledger as it is now, once it was checked; undefined where there is none that is right, `unable` where this browser can check none. */
  readonly tree: () => Promise<Tree | 'unable' | undefined>;
  readonly read: Read;
  readonly kept: () => Promise<Chains | undefined>;
  readonly keep: (chains: Chains) => Promise<void>;
  /** Waits a moment. */
  readonly wait: () => Promise<void>;
}

/** For so many moments it is waited for a checkpoint that covers an entry. */
const longest = 20;
const atOnce = 100;

interface Opened {
  readonly key: string;
  readonly tag: string;
  readonly bound: string;
}

/** What this device knows of what the ledger says about people. */
export class Proofs {
  readonly #sources: Sources;
  #chains: Chains | undefined;
  /** What each person is known by here; undefined: by nothing. Who is not in it is looked up. */
  readonly #keys = new Map<string, string | undefined>();
  readonly #opened = new Map<string, Opened>();
  /** The key of each person that the server was asked about, once more, because it is not in the ledger. */
  readonly #learned = new Map<string, string | undefined>();
  #turn: Promise<unknown> = Promise.resolve();
  /** This browser can check no ledger. Nobody else can make it say so. */
  #unable = false;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** What these people are known by may be another key now. */
  forget(userIds: readonly string[]): void {
    for (const userId of userIds) this.#keys.delete(userId);
  }

  /**
   * Those of these people whose master key, as this device has it, is not the newest that the ledger has of them. Of those of whom it is not known the server is
   * asked; it throws where that does not answer. Who has no key is not among them: nothing is sent to their devices anyway. A browser that can check no ledger finds nobody.
   */
  async unproven(userIds: readonly string[]): Promise<readonly string[]> {
    const open = await this.#open(userIds);
    if (open.length === 0) return [];
    return this.#prove(open);
  }

  /** Those who have a key that is not known to be the newest in the ledger. */
  async #open(userIds: readonly string[]): Promise<string[]> {
    const open: string[] = [];
    for (const userId of userIds) {
      if (!this.#keys.has(userId)) {
        const key = await this.#sources.keyOf(userId);
        this.#keys.set(userId, key);
      }
      const key = this.#keys.get(userId);
      if (key !== undefined && !this.#holds(userId, key)) open.push(userId);
    }
    return open;
  }

  #holds(userId: string, key: string): boolean {
    const opened = this.#opened.get(userId);
    return this.#unable || (opened?.key === key && this.#chains?.last[opened.tag]?.key === opened.bound);
  }

  async #prove(userIds: readonly string[]): Promise<readonly string[]> {
    let open = userIds;
    let learned = false; // once, however often the server changes its mind
    for (let n = 0; open.length > 0; n++) {
      const asking = open;
      const turn = this.#turn.then(() => this.#ask(asking)); // one after the other: each reads on from where the one before has come
      this.#turn = turn.catch(() => undefined);
      const pending = await turn;
      open = await this.#open(open);
      if (open.some((userId) => pending.has(userId))) {
        if (n >= longest) break;
        await this.#sources.wait();
      } else if (!learned && (await this.#learn(open))) {
        learned = true;
        open = await this.#open(open);
      } else {
        break;
      }
    }
    return open;
  }

  // The ledger may know of a newer key than this device. Of each key the server is asked once, as asking is itself news of somebody.
  async #learn(userIds: readonly string[]): Promise<boolean> {
    const fresh = userIds.filter((userId) => this.#learned.get(userId) !== this.#keys.get(userId));
    for (const userId of fresh) {
      this.#learned.set(userId, this.#keys.get(userId));
      await this.#sources.learn(userId);
    }
    this.forget(fresh);
    return fresh.length > 0;
  }

  /** Learns what opens the entries about these people, and reads the ledger as far as that needs. It says for whom it is too early. */
  async #ask(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const pending = new Set<string>();
    for (let at = 0; at < userIds.length; at += atOnce) {
      const people = userIds.slice(at, at + atOnce);
      const openings = await this.#sources.open(people);
      for (const userId of openings.pending) pending.add(userId);
      await this.#take(people, openings);
    }
    return pending;
  }

  async #take(people: readonly string[], { tagKey, people: opened }: Openings): Promise<void> {
    this.#chains ??= await this.#sources.kept();
    const newest = Math.max(-1, ...[...opened.values()].map(({ number }) => number));
    if (this.#chains === undefined || newest >= this.#chains.size) await this.#readOn();
    try {
      const key = fromBase64(tagKey);
      if (this.#chains === undefined || (await boundToTags(key)) !== this.#chains.tags) return;
      for (const userId of people) {
        const one = opened.get(userId);
        const is = this.#keys.get(userId);
        if (one === undefined || is === undefined) continue;
        this.#opened.set(userId, { key: is, tag: await tagOf(key, userId), bound: await boundTo(fromBase64(one.nonce), userId, is) });
      }
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error; // what is no key opens nothing
    }
  }

  // Another log than before may be right, once somebody was told of it: then all of it is read.
  async #readOn(): Promise<void> {
    const tree = await this.#sources.tree();
    this.#unable = tree === 'unable';
    if (tree === undefined || tree === 'unable') return;
    try {
      this.#chains = await readChains(this.#sources.read, tree, this.#chains).catch((error: unknown) => {
        if (this.#chains !== undefined && error instanceof LedgerError && error.wrong !== 'form') return readChains(this.#sources.read, tree, noChains);
        throw error;
      });
    } catch (error) {
      if (error instanceof LedgerError) this.#chains = undefined; // in which nothing is proven
      else throw error;
    }
    if (this.#chains !== undefined) await this.#sources.keep(this.#chains);
  }
}

/**
 * The public master key of somebody as this device has it. undefined: they have none, or this person has compared it with them by emoji, or it is one's own and this
 * device is signed with it; then it needs no ledger.
 */
export async function keyToProve(client: MatrixClient, userId: string): Promise<string | undefined> {
  const identity = await machineOf(client).olmMachine.getIdentity(new UserId(userId));
  if (identity === undefined) return undefined;
  const known = identity.isVerified();
  const { masterKey } = identity;
  identity.free();
  return known ? undefined : publicIn(masterKey);
}

/** The public key in a cross-signing key as the crypto library writes it. */
export function publicIn(masterKey: string): string | undefined {
  const { keys } = JSON.parse(masterKey) as { keys?: Record<string, string> };
  return Object.values(keys ?? {})[0];
}

/** Thrown where it cannot be found out now whether somebody's identity is in the ledger. Nothing has left this device. */
export class ProofAway extends Error {
  constructor(cause: unknown) {
    super('whether an identity is in the ledger cannot be found out now', { cause });
    this.name = 'ProofAway';
  }
}

const byClient = new WeakMap<MatrixClient, Proofs>();

/** Has everything that is encrypted with a client ask these proofs. */
export function proveWith(client: MatrixClient, proofs: Proofs): void {
  byClient.set(client, proofs);
}

/** Those of these people whose identity is not in the ledger. It throws ProofAway where that cannot be found out now. */
export async function unprovenOf(client: MatrixClient, userIds: readonly string[]): Promise<readonly string[]> {
  const proofs = byClient.get(client);
  if (proofs === undefined) throw new Error('nothing proves who people are');
  try {
    return await proofs.unproven(userIds);
  } catch (error) {
    throw new ProofAway(error);
  }
}

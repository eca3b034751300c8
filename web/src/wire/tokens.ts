// Who this browser is signed in as, and the two tokens that prove it. Everything that goes to the server with a
// token goes through `fetch` here, so that an access token that ran out is replaced in one place.

import type { Vault } from '../keep/vault';
import { at } from './home';

/** A sign-in on one device, as it is kept between visits. */
export interface Login {
  userId: string;
  deviceId: string;
  accessToken: string;
  /** Absent where the server gave none: then the access token does not run out. */
  refreshToken?: string;
  /** When the access token runs out, in milliseconds since 1970. */
  expiresAt?: number;
}

/** The answer to signing in, signing up and refreshing. */
interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  expires_in_ms?: number;
}

const kept = 'login';
const early = 10_000;
/** How often a request for reading is put off by the server before its refusal is told. */
const patience = 5;

export async function keptLogin(vault: Vault): Promise<Login | undefined> {
  return vault.get<Login>(kept);
}

export async function keepLogin(vault: Vault, login: Login): Promise<void> {
  await vault.put(kept, login);
}

/** The tokens out of a server's answer, with the moment at which the access token runs out. */
export function tokensOf(answer: TokenAnswer, now: number): Pick<Login, 'accessToken' | 'refreshToken' | 'expiresAt'> {
  return {
    accessToken: answer.access_token,
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    ...(answer.expires_in_ms === undefined ? {} : { expiresAt: now + answer.expires_in_ms }),
  };
}

/** The tokens in use. There is one for each sign-in, and only one tab has it at a time. */
export class Tokens {
  #login: Login;
  readonly #vault: Vault;
  /** Hears of every new access token: for what sends it without our `fetch`. */
  renewed: (accessToken: string) => void = () => undefined;
  #refreshing: Promise<Response | undefined> | undefined;

  constructor(login: Login, vault: Vault) {
    this.#login = login;
    this.#vault = vault;
  }

  get login(): Login {
    return this.#login;
  }

  /**
   * As the browser's fetch, with our access token in place of whatever token the request has. It refreshes the token
   * shortly before it runs out, and once more if the server does not take it any longer. Where the refresh is refused,
   * its refusal is the answer: it says whether the device is to forget its keys (soft_logout).
   *
   * Where the server has had enough of reading for now, it waits as long as it is told to and asks again. What changes something is
   * not repeated here: whoever asked for it is told, and decides.
   */
  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    for (let left = patience; ; left--) {
      const answer = await this.#ask(input, init);
      const wait = Number(answer.headers.get('Retry-After'));
      if (answer.status !== 429 || (init.method ?? 'GET') !== 'GET' || left === 0 || !(wait > 0)) return answer;
      await pause(wait * 1000, init.signal);
    }
  };

  readonly #ask = async (input: RequestInfo | URL, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('Authorization')) return fetch(input, init);
    const runsOut = this.#login.expiresAt;
    if (runsOut !== undefined && runsOut - early < Date.now()) await this.#refresh();
    const used = this.#login.accessToken;
    headers.set('Authorization', `Bearer ${used}`);
    const answer = await fetch(input, { ...init, headers });
    if (answer.status !== 401 || this.#login.refreshToken === undefined) return answer;
    const { errcode } = (await answer.clone().json().catch(() => ({}))) as { errcode?: string };
    if (errcode !== 'M_UNKNOWN_TOKEN') return answer;
    const refusal = used === this.#login.accessToken ? await this.#refresh() : undefined;
    if (refusal !== undefined) return refusal.clone();
    headers.set('Authorization', `Bearer ${this.#login.accessToken}`);
    return fetch(input, { ...init, headers });
  };

  /** Sees to it that the access token holds for a while: called before something that sends it without our `fetch`. */
  async freshen(): Promise<void> {
    const runsOut = this.#login.expiresAt;
    if (runsOut !== undefined && runsOut - 6 * early < Date.now()) await this.#refresh();
  }

  /** Gets a new pair of tokens and keeps it. It returns the server's refusal, if any; it throws where there is no answer. */
  #refresh(): Promise<Response | undefined> {
    this.#refreshing ??= this.#askForTokens().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  // Spec: client-server API, POST /refresh.
  async #askForTokens(): Promise<Response | undefined> {
    const answer = await fetch(at('/_matrix/client/v3/refresh'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token: this.#login.refreshToken }),
    });
    if (answer.status >= 500 || answer.status === 429) throw new TypeError(`refresh answered ${answer.status}`);
    if (!answer.ok) return answer;
    const tokens = tokensOf((await answer.json()) as TokenAnswer, Date.now());
    this.#login = { ...this.#login, ...tokens };
    this.renewed(tokens.accessToken);
    await keepLogin(this.#vault, this.#login);
    return undefined;
  }
}

/** Resolves after some milliseconds; it throws the signal's reason when that comes first. */
function pause(milliseconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Vault, wipe } from '../keep/vault';
import { keptLogin, Tokens, tokensOf, type Login } from './tokens';

let vault: Vault;
beforeEach(async () => {
  vault = await Vault.open();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vault.close();
  await wipe([]);
});

const login: Login = { userId: '@lin:port', deviceId: 'DEV', accessToken: 'old', refreshToken: 'r1' };

/** A server that takes one access token and gives a new pair for one refresh token. */
function server() {
  const state = { access: 'new', refresh: 'r1', refreshed: 0, refuse: false };
  const fetch = vi.fn((url: string | URL, init: RequestInit = {}) => {
    if (String(url).endsWith('/refresh')) {
      state.refreshed++;
      const { refresh_token } = JSON.parse(init.body as string) as { refresh_token: string };
      if (state.refuse || refresh_token !== state.refresh) return Promise.resolve(Response.json({ errcode: 'M_UNKNOWN_TOKEN' }, { status: 401 }));
      state.refresh = 'r2';
      return Promise.resolve(Response.json({ access_token: state.access, refresh_token: 'r2', expires_in_ms: 60_000 }));
    }
    const token = new Headers(init.headers).get('Authorization');
    const good = token === `Bearer ${state.access}`;
    return Promise.resolve(good ? Response.json({ ok: true }) : Response.json({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true }, { status: 401 }));
  });
  vi.stubGlobal('fetch', fetch);
  return { state, fetch };
}
const asked = { headers: { Authorization: 'Bearer whatever' } };

test('a token that ran out is replaced once, however many requests meet it, and kept', async () => {
  const { state } = server();
  const tokens = new Tokens(login, vault);
  const renewed = vi.fn();
  tokens.renewed = renewed;
  const answers = await Promise.all([1, 2, 3].map((n) => tokens.fetch(`/sync?${n}`, asked)));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  expect(state.refreshed).toBe(1);
  expect(renewed).toHaveBeenCalledExactlyOnceWith('new');
  expect(await keptLogin(vault)).toMatchObject({ accessToken: 'new', refreshToken: 'r2', deviceId: 'DEV' });
});

test('it is replaced before it runs out', async () => {
  const { state, fetch } = server();
  const tokens = new Tokens({ ...login, expiresAt: Date.now() + 1_000 }, vault);
  expect((await tokens.fetch('/sync', asked)).status).toBe(200);
  expect(state.refreshed).toBe(1);
  expect(fetch).toHaveBeenCalledTimes(2); // no request was refused on the way
});

test('a refused refresh is the answer: it says what to do with the keys', async () => {
  const { state } = server();
  state.refuse = true;
  const answer = await new Tokens(login, vault).fetch('/sync', asked);
  expect(answer.status).toBe(401);
  expect(await answer.json()).toEqual({ errcode: 'M_UNKNOWN_TOKEN' }); // without the soft_logout of a token that merely ran out
});

test('without an answer nobody is signed out: it throws, and the old pair stays', async () => {
  const { fetch } = server();
  fetch.mockImplementation((url) => (String(url).endsWith('/refresh') ? Promise.reject(new TypeError('no network')) : Promise.resolve(Response.json({ errcode: 'M_UNKNOWN_TOKEN' }, { status: 401 }))));
  const tokens = new Tokens(login, vault);
  await expect(tokens.fetch('/sync', asked)).rejects.toThrow('no network');
  expect(tokens.login.refreshToken).toBe('r1');
});

test('a server that has had enough of reading is asked again when it said, and told at once when nobody waits any longer', async () => {
  vi.useFakeTimers();
  try {
    const enough = () => Response.json({ errcode: 'M_LIMIT_EXCEEDED' }, { status: 429, headers: { 'Retry-After': '7' } });
    const fetch = vi.fn<(url: string, init?: RequestInit) => Promise<Response>>().mockImplementation(() => Promise.resolve(enough()));
    vi.stubGlobal('fetch', fetch);
    const tokens = new Tokens(login, vault);
    fetch.mockImplementationOnce(() => Promise.resolve(enough())).mockImplementationOnce(() => Promise.resolve(Response.json({ ok: true })));
    const reading = tokens.fetch('/messages', asked);
    await vi.advanceTimersByTimeAsync(6_999);
    expect(fetch).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await reading).status).toBe(200);

    fetch.mockClear();
    expect((await tokens.fetch('/send', { ...asked, method: 'PUT' })).status).toBe(429); // that is for the outbox to decide
    expect(fetch).toHaveBeenCalledTimes(1);

    const ending = new AbortController();
    const given = tokens.fetch('/messages', { ...asked, signal: ending.signal });
    const thrown = expect(given).rejects.toThrow('closed');
    await vi.advanceTimersByTimeAsync(1_000);
    ending.abort(new Error('closed'));
    await thrown;

    fetch.mockClear();
    const never = tokens.fetch('/messages', asked);
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await never).status).toBe(429); // and not asked for ever
    expect(fetch).toHaveBeenCalledTimes(6);
  } finally {
    vi.useRealTimers();
  }
});

test('a request without a token goes out without one', async () => {
  const { fetch } = server();
  await new Tokens(login, vault).fetch('/versions');
  expect(new Headers(fetch.mock.calls[0]?.[1]?.headers).has('Authorization')).toBe(false);
});

test('a token without an end has none', () => {
  expect(tokensOf({ access_token: 'a' }, 5)).toEqual({ accessToken: 'a' });
  expect(tokensOf({ access_token: 'a', refresh_token: 'r', expires_in_ms: 10 }, 5)).toEqual({ accessToken: 'a', refreshToken: 'r', expiresAt: 15 });
});

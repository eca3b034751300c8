import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const answer = (body: unknown) => vi.fn<typeof fetch>(() => Promise.resolve(new Response(JSON.stringify(body))));
/** The page opened at an address. */
async function opened(hostname: string, ask: typeof fetch) {
  vi.resetModules();
  vi.stubGlobal('location', { hostname, origin: `http://${hostname}:20001`, host: `${hostname}:20001` });
  vi.stubGlobal('fetch', ask);
  return import('./home');
}
const app = { 'org.wardroom.app': { base_url: 'https://chat.example.org' } };

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

test('a page of a server speaks with that, and asks nobody where it is', async () => {
  const ask = answer(app);
  const { at, home, isElsewhere, learnHome } = await opened('chat.evil.example', ask);
  await learnHome();
  expect(ask).not.toHaveBeenCalled();
  expect([home(), isElsewhere(), at('/_matrix/x')]).toEqual(['http://chat.evil.example:20001', false, '/_matrix/x']);
});

test('a page that this machine serves is told of its server, and remembers it', async () => {
  const first = await opened('127.0.0.1', answer(app));
  await first.learnHome();
  expect([first.home(), first.isElsewhere(), first.at('/_matrix/x')]).toEqual(['https://chat.example.org', true, 'https://chat.example.org/_matrix/x']);
  const later = await opened('127.0.0.1', vi.fn<typeof fetch>(() => Promise.reject(new TypeError('the program is not running'))));
  await later.learnHome();
  expect(later.home()).toBe('https://chat.example.org');
});

test('a server on this machine is its own', async () => {
  const { home, learnHome } = await opened('localhost', answer({ 'm.homeserver': { base_url: 'https://chat.example.org' } }));
  await learnHome();
  expect(home()).toBe('http://localhost:20001');
  expect(localStorage.length).toBe(0);
});

test('an address that was used for one server is not used for another', async () => {
  await (await opened('127.0.0.1', answer(app))).learnHome();
  for (const other of [{ 'org.wardroom.app': { base_url: 'https://talk.example.org' } }, {}]) {
    const { home, learnHome } = await opened('127.0.0.1', answer(other));
    await expect(learnHome()).rejects.toMatchObject({ fault: { id: 'fault.otherServer', code: 'https://chat.example.org' } });
    expect(home()).toBe('https://chat.example.org');
  }
});

test('what is no origin is not taken for one', async () => {
  for (const base_url of ['javascript:alert(1)', 'https://a.example/path', '//a.example', 7]) {
    const { isElsewhere, learnHome } = await opened('127.0.0.1', answer({ 'org.wardroom.app': { base_url } }));
    await learnHome();
    expect(isElsewhere()).toBe(false);
  }
});

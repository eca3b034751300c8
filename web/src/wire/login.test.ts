import { afterEach, expect, test, vi } from 'vitest';
import { faultOf } from './fault';
import { invitationOf, signIn, signUp } from './login';

afterEach(() => vi.unstubAllGlobals());

const granted = { user_id: '@lin:port', device_id: 'DEV', access_token: 'a', refresh_token: 'r', expires_in_ms: 1000 };
type Body = Record<string, unknown> & { auth?: Record<string, unknown> };

/** Answers with what `answer` says of each request's body, and remembers the requests. */
function server(answer: (body: Body) => [number, unknown]) {
  const requests: { url: string; body: Body }[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as Body;
    requests.push({ url, body });
    const [status, json] = answer(body);
    return Promise.resolve(Response.json(json, { status }));
  });
  return requests;
}

async function fault(work: Promise<unknown>) {
  return faultOf(await work.then(() => 'no error', (error: unknown) => error));
}

test('signing up proves the invitation, in the body alone', async () => {
  const requests = server(({ auth }) =>
    auth === undefined ? [401, { session: 's', flows: [{ stages: ['m.login.registration_token'] }] }] : [200, granted],
  );
  const login = await signUp('TOKEN', 'lin', 'four plain words', 'Wardroom');
  expect(login).toMatchObject({ userId: '@lin:port', deviceId: 'DEV', accessToken: 'a', refreshToken: 'r' });
  expect(requests[1]?.body.auth).toEqual({ type: 'm.login.registration_token', token: 'TOKEN', session: 's' });
  expect(requests.map(({ url }) => url).join()).not.toContain('TOKEN');
  expect(requests[1]?.body).toMatchObject({ username: 'lin', refresh_token: true });
});

test('a used invitation, a taken name, a weak password: each is said in its own words', async () => {
  server(() => [401, { session: 's', flows: [{ stages: ['m.login.registration_token'] }], errcode: 'M_UNAUTHORIZED' }]);
  expect(await fault(signUp('USED', 'lin', 'x', 'd'))).toMatchObject({ id: 'fault.invitation' });
  server(() => [400, { errcode: 'M_USER_IN_USE', error: 'taken' }]);
  expect(await fault(signUp('T', 'lin', 'x', 'd'))).toMatchObject({ id: 'fault.nameTaken' });
  server(() => [400, { errcode: 'M_WEAK_PASSWORD', error: 'short' }]);
  expect(await fault(signUp('T', 'lin', 'x', 'd'))).toMatchObject({ id: 'fault.weakPassword' });
});

test('signing in: a wrong password, too many attempts, no answer', async () => {
  server(() => [403, { errcode: 'M_FORBIDDEN', error: 'no' }]);
  expect(await fault(signIn('lin', 'x', 'd'))).toMatchObject({ id: 'fault.password' });
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ errcode: 'M_LIMIT_EXCEEDED' }, { status: 429, headers: { 'Retry-After': '12' } })));
  expect(await fault(signIn('lin', 'x', 'd'))).toEqual({ id: 'fault.limited', seconds: 12, code: 'M_LIMIT_EXCEEDED' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  expect(await fault(signIn('lin', 'x', 'd'))).toMatchObject({ id: 'fault.offline' });
});

test('an invitation is shown to whoever holds its token', async () => {
  const requests = server(() => [200, { server: 'Kestrel Bay Port', uses_left: 1, expires_ts: 7, invited_by: { user_id: '@lin:port', displayname: '林秋砚' } }]);
  expect(await invitationOf('TOKEN')).toEqual({ server: 'Kestrel Bay Port', uses: 1, expires: 7, by: { id: '@lin:port', name: '林秋砚' } });
  expect(requests[0]?.url).not.toContain('TOKEN');
  server(() => [404, { errcode: 'M_NOT_FOUND', error: 'gone' }]);
  expect(await fault(invitationOf('TOKEN'))).toMatchObject({ id: 'fault.invitation' });
});

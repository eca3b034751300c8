// Signing up, in and out: the few requests that are made before there is a client.

import { ConnectionError, MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { FaultError } from './fault';
import { at, home } from './home';
import { tokensOf, type Login } from './tokens';

const base = '/_matrix/client/v3';

export interface LoginAnswer {
  user_id: string;
  device_id: string;
  access_token: string;
  refresh_token?: string;
  expires_in_ms?: number;
}

interface AuthAnswer {
  session?: string;
  completed?: string[];
  flows?: { stages: string[] }[];
  errcode?: string;
  error?: string;
}

/** An invitation to sign up, as the server shows it to whoever holds its token. */
export interface SignUpInvitation {
  /** What the organisation calls itself. */
  server: string;
  /** Until when it is valid, in milliseconds since 1970. */
  expires: number;
  uses: number;
  /** Absent where it came from the machine's own command line. */
  by: { id: string; name: string } | undefined;
}

/** The answer's body, and whether the server asks for proof of who one is first (401 with flows). */
async function post(path: string, body: unknown): Promise<{ done: LoginAnswer } | { prove: AuthAnswer }> {
  const answer = await reach(base + path, body);
  const json = (await answer.json().catch(() => ({}))) as AuthAnswer & LoginAnswer;
  if (answer.ok) return { done: json };
  if (answer.status === 401 && json.flows !== undefined) return { prove: json };
  throw new MatrixError(json, answer.status, undefined, undefined, answer.headers);
}

/**
 * Shows an invitation. The token goes in the body, because addresses are written into logs. It throws fault.invitation
 * where the token is not valid, or no longer.
 *
 * Spec: our own, POST /_matrix/client/unstable/org.wardroom/invitation.
 */
export async function invitationOf(token: string): Promise<SignUpInvitation> {
  const answer = await reach('/_matrix/client/unstable/org.wardroom/invitation', { token });
  const json = (await answer.json().catch(() => ({}))) as {
    server?: string;
    organisation?: string;
    expires_ts?: number;
    uses_left?: number;
    invited_by?: { user_id: string; displayname?: string };
    errcode?: string;
  };
  if (answer.status === 404) throw new FaultError({ id: 'fault.invitation', code: json.errcode ?? 'M_NOT_FOUND' });
  if (!answer.ok) throw new MatrixError(json, answer.status, undefined, undefined, answer.headers);
  const by = json.invited_by;
  return {
    server: json.organisation ?? json.server ?? new URL(home()).host,
    expires: json.expires_ts ?? 0,
    uses: json.uses_left ?? 1,
    by: by === undefined ? undefined : { id: by.user_id, name: by.displayname ?? by.user_id },
  };
}

/**
 * What the organisation calls itself, or undefined where it does not say. It throws where the server does not answer.
 *
 * Spec: client-server API, GET /.well-known/matrix/client; the key is our own.
 */
export async function organisationName(): Promise<string | undefined> {
  const answer = await fetch(at('/.well-known/matrix/client'));
  if (!answer.ok) throw new MatrixError({}, answer.status);
  const says = (await answer.json()) as { 'org.wardroom.organisation'?: { name?: unknown } };
  const name = says['org.wardroom.organisation']?.name;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Posts JSON to the server, before there is a client. */
export async function reach(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(at(path), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  } catch (cause) {
    throw new ConnectionError('no answer', cause instanceof Error ? cause : undefined);
  }
}

/** The sign-in that the server has answered with. */
export function loginOf(answer: LoginAnswer): Login {
  return { userId: answer.user_id, deviceId: answer.device_id, ...tokensOf(answer, Date.now()) };
}

/**
 * Makes an account with an invitation's token and signs this device in. It throws fault.invitation where the
 * token is refused.
 *
 * Spec: client-server API, POST /register; user-interactive authentication, m.login.registration_token.
 */
export async function signUp(invitation: string, account: string, password: string, device: string): Promise<Login> {
  const body = { username: account, password, initial_device_display_name: device, refresh_token: true };
  const first = await post('/register', body);
  if ('done' in first) return loginOf(first.done);
  const session = first.prove.session;
  let answer = await post('/register', { ...body, auth: { type: 'm.login.registration_token', token: invitation, session } });
  if ('prove' in answer && answer.prove.completed?.includes('m.login.registration_token') === true) {
    answer = await post('/register', { ...body, auth: { type: 'm.login.dummy', session } });
  }
  if ('done' in answer) return loginOf(answer.done);
  throw new FaultError({ id: 'fault.invitation', code: answer.prove.errcode ?? 'M_UNAUTHORIZED' });
}

/**
 * Signs this device in. With a deviceId the sign-in continues on that device, whose keys are still here.
 *
 * Spec: client-server API, POST /login.
 */
export async function signIn(account: string, password: string, device: string, deviceId?: string): Promise<Login> {
  try {
    const answer = await post('/login', {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: account },
      password,
      initial_device_display_name: device,
      refresh_token: true,
      ...(deviceId === undefined ? {} : { device_id: deviceId }),
    });
    if ('done' in answer) return loginOf(answer.done);
    throw new FaultError({ id: 'fault.unknown', code: 'M_UNAUTHORIZED' });
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_FORBIDDEN') throw new FaultError({ id: 'fault.password', code: 'M_FORBIDDEN' }, error);
    throw error;
  }
}

/**
 * Whether the server has the keys of the device that login is for. A server that was put back to an older state may have
 * lost them, and a device publishes them only once.
 *
 * Spec: client-server API, POST /keys/query.
 */
export async function deviceKnown(login: Login): Promise<boolean> {
  const answer = await fetch(at(`${base}/keys/query`), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${login.accessToken}` },
    body: JSON.stringify({ device_keys: { [login.userId]: [] } }),
  });
  if (!answer.ok) throw new MatrixError((await answer.json().catch(() => ({}))) as object, answer.status);
  const { device_keys } = (await answer.json()) as { device_keys?: Partial<Record<string, object>> };
  return login.deviceId in (device_keys?.[login.userId] ?? {});
}

/**
 * Ends a sign-in at the server.
 *
 * Spec: client-server API, POST /logout.
 */
export async function signOut(login: Login): Promise<void> {
  await fetch(at(`${base}/logout`), { method: 'POST', headers: { Authorization: `Bearer ${login.accessToken}` } });
}

/**
 * Sets the name that others see.
 *
 * Spec: client-server API, PUT /profile/{userId}/{keyName}.
 */
export async function nameYourself(login: Login, name: string): Promise<void> {
  const answer = await fetch(at(`${base}/profile/${encodeURIComponent(login.userId)}/displayname`), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${login.accessToken}` },
    body: JSON.stringify({ displayname: name }),
  });
  if (!answer.ok) throw new MatrixError((await answer.json().catch(() => ({}))) as object, answer.status);
}

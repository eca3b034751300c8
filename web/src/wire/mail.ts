// The mail address of an account, and a new password by mail. Spec: client-server API, POST /account/3pid/…,
// POST /account/password; the link's page asks our own /_matrix/client/unstable/org.wardroom/mail/confirm.

import { Method, ThreepidMedium, type MatrixClient } from 'matrix-js-sdk';
import { MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { FaultError, type FaultId } from './fault';
import { at } from './home';
import { reach } from './login';
import { confirmed } from './passkey';

/** What was asked for by mail: the server's name for it, and what only who asked knows. */
export interface AskedByMail {
  readonly sid: string;
  readonly secret: string;
}

const v3 = '/_matrix/client/v3';

const inOurWords: Partial<Record<string, FaultId>> = {
  M_INVALID_PARAM: 'fault.mailForm',
  M_THREEPID_AUTH_FAILED: 'fault.linkNotOpened',
  M_THREEPID_IN_USE: 'fault.mailTaken',
  M_NOT_FOUND: 'fault.linkEnded',
};

/** The error that an answer is, in words about mail where there are some. */
function refused(error: MatrixError): Error {
  const id = inOurWords[error.errcode ?? ''];
  return id === undefined ? error : new FaultError({ id, code: error.errcode ?? '' }, error);
}

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const answer = await reach(path, body);
  const json: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refused(new MatrixError(json as object, answer.status, undefined, undefined, answer.headers));
  return json as Answer;
}

function newSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether a forgotten password can be replaced by mail here. It throws where the server does not answer. */
export async function resetOffered(): Promise<boolean> {
  const answer = await fetch(at('/.well-known/matrix/client'));
  if (!answer.ok) throw new MatrixError({}, answer.status);
  const says = (await answer.json()) as { 'org.wardroom.reset'?: { mail?: unknown } };
  return says['org.wardroom.reset']?.mail === true;
}

/** Has a link for a new password sent, where the address is somebody's; the server does not say whether it is. It throws fault.mailForm. */
export async function askToReset(address: string): Promise<AskedByMail> {
  const secret = newSecret();
  const { sid } = await post<{ sid: string }>(`${v3}/account/password/email/requestToken`, { client_secret: secret, email: address, send_attempt: 1 });
  return { sid, secret };
}

/** Takes what stands in the link of a letter, and says what the link is for. It throws fault.linkEnded. */
export async function confirmLink(sid: string, token: string): Promise<'add' | 'reset'> {
  const answer = await post<{ for: 'add' | 'reset' }>('/_matrix/client/unstable/org.wardroom/mail/confirm', { sid, token });
  return answer.for;
}

/** Sets a new password, once the link was opened. It throws fault.linkNotOpened and fault.weakPassword. */
export async function resetPassword(asked: AskedByMail, password: string, signOut: boolean): Promise<void> {
  await post(`${v3}/account/password`, {
    new_password: password,
    logout_devices: signOut,
    auth: { type: 'm.login.email.identity', threepid_creds: { sid: asked.sid, client_secret: asked.secret } },
  });
}

/** Whether this server sends mail, and the address that the account has. */
export async function ownAddress(client: MatrixClient): Promise<{ works: boolean; address: string | undefined }> {
  const [can, has] = await Promise.all([client.getCapabilities(), client.getThreePids()]);
  const changes = can['m.3pid_changes'] as { enabled?: unknown } | undefined;
  return { works: changes?.enabled === true, address: has.threepids.find((one) => one.medium === ThreepidMedium.Email)?.address };
}

/** Has a link sent to an address that is to be added; the letter is in the given language. It throws fault.mailForm. */
export async function askToAdd(client: MatrixClient, address: string, language: string): Promise<AskedByMail> {
  const secret = newSecret();
  try {
    const { sid } = await client.http.authedRequest<{ sid: string }>(
      Method.Post,
      '/account/3pid/email/requestToken',
      undefined,
      { client_secret: secret, email: address, send_attempt: 1 },
      { headers: { 'Accept-Language': language } },
    );
    return { sid, secret };
  } catch (error) {
    throw error instanceof MatrixError ? refused(error) : error;
  }
}

/** Adds the address, once the link was opened. It throws fault.linkNotOpened, fault.mailTaken and fault.password. */
export async function addAddress(client: MatrixClient, asked: AskedByMail, password: string): Promise<void> {
  try {
    await confirmed(client, Method.Post, '/account/3pid/add', password, { sid: asked.sid, client_secret: asked.secret }, v3);
  } catch (error) {
    throw error instanceof MatrixError ? refused(error) : error;
  }
}

/** Takes the address off the account. */
export async function removeAddress(client: MatrixClient, address: string): Promise<void> {
  await client.http.authedRequest(Method.Post, '/account/3pid/delete', undefined, { medium: 'email', address });
}

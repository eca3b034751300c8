// Passkeys. Spec: Web Authentication level 3; the requests are our own, /_matrix/client/unstable/org.wardroom/passkey….

import { Method, type MatrixClient } from 'matrix-js-sdk';
import { decodeBase64, encodeUnpaddedBase64Url } from 'matrix-js-sdk/lib/base64';
import { MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { FaultError } from './fault';
import { isElsewhere } from './home';
import { loginOf, reach, type LoginAnswer } from './login';
import type { Login } from './tokens';

/** One of this person's passkeys. Days are days since 1970. */
export interface OwnPasskey {
  readonly id: string;
  readonly name: string;
  readonly madeDay: number;
  readonly usedDay: number | undefined;
}

/** What a browser has answered a challenge with. */
export interface Shown {
  readonly challenge: string;
  readonly credential: object;
}

const prefix = '/_matrix/client/unstable/org.wardroom';

/** Whether there can be passkeys here: a browser keeps none for a server that has a number and no name, and shows a page those of its own address alone. */
export function passkeysWork(): boolean {
  return !isElsewhere() && 'credentials' in navigator && 'PublicKeyCredential' in globalThis && !/^[\d.]+$|:/.test(location.hostname);
}

async function post<Answer>(path: string, body: object): Promise<Answer> {
  const answer = await reach(prefix + path, body);
  const json: unknown = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new MatrixError(json as object, answer.status, undefined, undefined, answer.headers);
  return json as Answer;
}

// A browser takes bytes and gives bytes; JSON has base64url. Not all browsers turn one into the other by themselves yet.
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(decodeBase64(text));
const text = (of: ArrayBuffer): string => encodeUnpaddedBase64Url(new Uint8Array(of));

/** Has the person show a passkey, to sign in. It throws fault.passkey where none comes. */
export async function showPasskey(): Promise<Shown> {
  const { challenge, options } = await post<{ challenge: string; options: { challenge: string; rpId: string; timeout: number; userVerification: UserVerificationRequirement } }>('/passkey/challenge', {});
  let shown: Credential | null;
  try {
    shown = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge) } });
  } catch (error) {
    throw new FaultError({ id: 'fault.passkey', code: error instanceof Error ? error.name : '' }, error);
  }
  if (!(shown instanceof PublicKeyCredential)) throw new FaultError({ id: 'fault.passkey', code: 'none' });
  const answer = shown.response as AuthenticatorAssertionResponse;
  return {
    challenge,
    credential: {
      id: shown.id,
      rawId: text(shown.rawId),
      type: shown.type,
      response: {
        clientDataJSON: text(answer.clientDataJSON),
        authenticatorData: text(answer.authenticatorData),
        signature: text(answer.signature),
        ...(answer.userHandle === null ? {} : { userHandle: text(answer.userHandle) }),
      },
    },
  };
}

/** Signs this device in with a passkey. With a deviceId it continues on that device, where it is the same person's. */
export async function signInWithPasskey(device: string, deviceId?: string): Promise<Login> {
  const shown = await showPasskey();
  try {
    return loginOf(await post<LoginAnswer>('/passkey/login', { ...shown, initial_device_display_name: device, refresh_token: true, ...(deviceId === undefined ? {} : { device_id: deviceId }) }));
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_FORBIDDEN') throw new FaultError({ id: 'fault.passkey', code: 'M_FORBIDDEN' }, error);
    throw error;
  }
}

/** Lists this person's passkeys. */
export async function ownPasskeys(client: MatrixClient): Promise<OwnPasskey[]> {
  const answer = await client.http.authedRequest<{ passkeys: { id: string; name: string; made_day: number; used_day?: number }[] }>(Method.Get, '/passkeys', undefined, undefined, { prefix });
  return answer.passkeys.map((one) => ({ id: one.id, name: one.name, madeDay: one.made_day, usedDay: one.used_day }));
}

/** Sends a request that the server wants confirmed. It throws fault.password where the password is wrong. */
export async function confirmed<Answer>(client: MatrixClient, method: Method, path: string, password: string, what: object = {}, at = prefix): Promise<Answer> {
  const send = (body: object): Promise<Answer> => client.http.authedRequest<Answer>(method, path, undefined, { ...what, ...body }, { prefix: at });
  try {
    return await send({});
  } catch (error) {
    if (!(error instanceof MatrixError) || error.httpStatus !== 401) throw error;
    const session: unknown = (error.data as { session?: unknown }).session;
    if (typeof session !== 'string') throw error;
    try {
      return await send({ auth: { type: 'm.login.password', session, identifier: { type: 'm.id.user', user: client.getSafeUserId() }, password } });
    } catch (again) {
      if (again instanceof MatrixError && again.httpStatus === 401) throw new FaultError({ id: 'fault.password', code: again.errcode ?? '' }, again);
      throw again;
    }
  }
}

interface Making {
  challenge: string;
  options: Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> & {
    challenge: string;
    user: { id: string; name: string; displayName: string };
    excludeCredentials?: { id: string; type: 'public-key' }[];
  };
}

/** Has the person make a passkey, and keeps it under a name. It throws fault.password and fault.passkeyNotMade. */
export async function addPasskey(client: MatrixClient, password: string, name: string): Promise<void> {
  const { challenge, options } = await confirmed<Making>(client, Method.Post, '/passkeys/begin', password);
  let made: Credential | null;
  try {
    made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ type: one.type, id: bytes(one.id) })),
      },
    });
  } catch (error) {
    throw new FaultError({ id: 'fault.passkeyNotMade', code: error instanceof Error ? error.name : '' }, error);
  }
  if (!(made instanceof PublicKeyCredential)) throw new FaultError({ id: 'fault.passkeyNotMade', code: 'none' });
  const answer = made.response as AuthenticatorAttestationResponse;
  const credential = { id: made.id, rawId: text(made.rawId), type: made.type, response: { clientDataJSON: text(answer.clientDataJSON), attestationObject: text(answer.attestationObject) } };
  await client.http.authedRequest(Method.Post, '/passkeys', undefined, { challenge, credential, name }, { prefix });
}

/** Gives a passkey another name. */
export async function namePasskey(client: MatrixClient, id: string, name: string): Promise<void> {
  await client.http.authedRequest(Method.Put, `/passkeys/${encodeURIComponent(id)}`, undefined, { name }, { prefix });
}

/** Removes a passkey: nobody signs in with it any more. It throws fault.password. */
export async function removePasskey(client: MatrixClient, id: string, password: string): Promise<void> {
  await confirmed(client, Method.Delete, `/passkeys/${encodeURIComponent(id)}`, password);
}

// The page on which apps sign people in by OAuth 2.0. Spec: client-server API, "Authorisation code grant"; the requests are our own.

import { MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { FaultError } from './fault';
import { reach } from './login';
import type { Shown } from './passkey';

/** What an app asks for, as the server has understood it. */
export interface AppRequest {
  /** What it calls itself; empty where it does not. */
  readonly name: string;
  /** The host, or an app on this machine, that the answer goes to. */
  readonly to: string;
  /** Who is expected to sign in; may be empty. */
  readonly hint: string;
  /** The address that tells the app that nobody signs in. */
  readonly refuse: string;
}

/** The app has asked for what there is not, and there is an address that tells it so. */
export class AppError extends FaultError {
  readonly back: string;

  constructor(code: string, back: string) {
    super({ id: 'fault.app', code });
    this.back = back;
  }
}

const path = '/_matrix/client/unstable/org.wardroom/oauth/';

interface Answer {
  client_name?: string;
  to?: string;
  login_hint?: string;
  refuse?: string;
  redirect?: string;
  errcode?: string;
  error?: string;
}

async function ask(what: string, body: object): Promise<Answer> {
  const answer = await reach(path + what, body);
  const json = (await answer.json().catch(() => ({}))) as Answer;
  if (answer.ok) return json;
  if (json.redirect !== undefined) throw new AppError(json.error ?? '', json.redirect);
  throw new MatrixError(json, answer.status, undefined, undefined, answer.headers);
}

/** Tells who asks, by the query that the app has opened the page with. It throws fault.app where that is not in order. */
export async function appAsks(query: string): Promise<AppRequest> {
  try {
    const answer = await ask('asked', { query });
    return { name: answer.client_name ?? '', to: answer.to ?? '', hint: answer.login_hint ?? '', refuse: answer.refuse ?? '' };
  } catch (error) {
    if (error instanceof MatrixError && ['M_NOT_FOUND', 'M_FORBIDDEN', 'M_INVALID_PARAM'].includes(error.errcode ?? '')) throw new FaultError({ id: 'fault.app', code: error.errcode ?? '' }, error);
    throw error;
  }
}

/** Signs somebody in to the app, and gives the address that takes the answer there. It throws fault.password, fault.passkey. */
export async function approveApp(query: string, proof: { user: string; password: string } | Shown): Promise<string> {
  try {
    return (await ask('approve', { query, ...proof })).redirect ?? '';
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_FORBIDDEN') throw new FaultError({ id: 'user' in proof ? 'fault.password' : 'fault.passkey', code: 'M_FORBIDDEN' }, error);
    throw error;
  }
}

import { ConnectionError, MatrixError, TokenRefreshError } from 'matrix-js-sdk/lib/http-api/errors';
import type { SentenceId } from '../lang/lang';

/** The sentences that say what went wrong. */
export type FaultId = Extract<SentenceId, `fault.${string}`>;

/** What went wrong, for the person it happened to. */
export interface Fault {
  id: FaultId;
  /** For fault.limited: how long to wait. */
  seconds?: number;
  /** What the server itself wrote for people to read; it names the rule, so it is shown beside our sentence. */
  says?: string;
  /** Of a deletion: how many edits of the message still stand. */
  left?: number;
  /** For whoever is asked for help: the error code or the program's own words. */
  code: string;
}

/** An error that already is a sentence. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.code, { cause });
    this.name = 'FaultError';
    this.fault = fault;
  }
}

const byCode: Partial<Record<string, FaultId>> = {
  M_USER_IN_USE: 'fault.nameTaken',
  M_INVALID_USERNAME: 'fault.nameForm',
  M_WEAK_PASSWORD: 'fault.weakPassword',
  M_USER_SUSPENDED: 'fault.suspended',
  M_FORBIDDEN: 'fault.forbidden',
  M_NOT_FOUND: 'fault.notFound',
  M_TOO_LARGE: 'fault.tooLarge',
  M_RESOURCE_LIMIT_EXCEEDED: 'fault.quota',
  M_UNKNOWN_TOKEN: 'fault.signedOut',
  M_MISSING_TOKEN: 'fault.signedOut',
};

/** Turns whatever was thrown into what can be said about it. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  if (isUnreachable(error)) return { id: 'fault.offline', code: nameOf(error) };
  if (error instanceof MatrixError) {
    const code = error.errcode ?? `HTTP ${error.httpStatus ?? 0}`;
    const says = error.data.error === undefined || error.data.error === '' ? {} : { says: error.data.error };
    if (error.isRateLimitError()) return { id: 'fault.limited', seconds: secondsToWait(error), code, ...says };
    return { id: byCode[code] ?? 'fault.unknown', code, ...says };
  }
  if (error instanceof Error && error.name === 'VaultError') return { id: 'fault.browser', code: nameOf(error.cause) };
  return { id: 'fault.unknown', code: nameOf(error) };
}

/** Whether the request may or may not have arrived: no answer, or an answer by something that is not the server. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof TokenRefreshError) return true;
  if (error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError')) return true;
  if (error instanceof MatrixError) return (error.httpStatus ?? 0) >= 500;
  return error instanceof Error && error.name === 'ConnectionError';
}

/** Whether the server itself said no. */
export function isAnswer(error: unknown): boolean {
  return error instanceof MatrixError && !isUnreachable(error);
}

/** How long the server asked to be left alone, in milliseconds, or undefined if it did not ask. */
export function limitedFor(error: unknown): number | undefined {
  return error instanceof MatrixError && error.isRateLimitError() ? secondsToWait(error) * 1000 : undefined;
}

function secondsToWait(error: MatrixError): number {
  try {
    return Math.max(1, Math.ceil((error.getRetryAfterMs() ?? 5000) / 1000));
  } catch {
    return 5;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

// What somebody fills in to ask for a warrant, and what is sent of it. The server has the same rules and more: what it refuses, it says.

import type { Asked, Evidence, Office } from '../wire/warrants';
import type { Asking } from './route';

export const offices: readonly Office[] = ['steward', 'counsel', 'staff'];

export interface FormOfficer {
  readonly user: string;
  readonly office: Office;
  readonly key: string;
  /** A day, as a field of dates has it. */
  readonly until: string;
}

/** All fields of all kinds, as they are written. */
export interface AskForm {
  readonly subject: string;
  /** As a field of local times has it. */
  readonly until: string;
  readonly law: string;
  readonly scope: string;
  readonly ground: string;
  /** Whether it rests on a rule of the house and on no law; undefined until one of both is chosen. */
  readonly contract: boolean | undefined;
  readonly reasons: string;
  readonly automated: boolean;
  readonly milder: string;
  readonly outside: string;
  readonly appeal: string;
  readonly evidence: readonly Required<Evidence>[];
  readonly approvals: string;
  readonly sealDays: string;
  readonly stateSecrets: boolean;
  readonly appoint: readonly FormOfficer[];
  readonly dismiss: readonly string[];
}

export type Wrong = 'empty' | 'user' | 'time' | 'law' | 'number' | 'offices' | 'key' | 'sha256';
/** What is wrong, by field: `law`, `evidence.0.what`, `appoint.1.key`. */
export type Wrongs = Readonly<Partial<Record<string, Wrong>>>;

export const noEvidence: Required<Evidence> = { what: '', shows: '', not: '', sha256: '' };

/** An officer of whom nothing but a year's term is written. */
export function newOfficer(office: Office, now: number): FormOfficer {
  return { user: '', office, key: '', until: local(now + 365 * day).slice(0, 10) };
}

const day = 86_400_000;

/** A form in which nothing is written but what every warrant of its kind says. */
export function blankForm(texts: { scope: string; appeal: string }, first: boolean, now: number): AskForm {
  const one = (office: Office): FormOfficer => newOfficer(office, now);
  return {
    subject: '', until: local(now + 7 * day), law: '', ground: '', contract: undefined, reasons: '', automated: false, milder: '', outside: '', evidence: [],
    approvals: '2', sealDays: '0', stateSecrets: false, dismiss: [], appoint: first ? [one('steward'), one('counsel')] : [one('steward')], ...texts,
  };
}

interface Circumstances {
  /** The first appointment also says how warrants are decided. */
  readonly first: boolean;
  /** The entry that is ended. */
  readonly reverses: number | undefined;
  /** The user id that is meant; undefined if none can be. */
  readonly userId: (typed: string) => string | undefined;
  readonly now: number;
}

/** What is sent, or what is wrong with it. */
export function askedOf(kind: Asking, form: AskForm, { first, reverses, userId, now }: Circumstances): { asked: Asked } | { wrongs: Wrongs } {
  const wrongs: Record<string, Wrong> = {};
  const wrong = (field: string, is: Wrong | false): void => {
    if (is !== false) wrongs[field] ??= is;
  };
  const text = (field: string, value: string): string => {
    wrong(field, value.trim() === '' && 'empty');
    return value.trim();
  };
  const user = (field: string, value: string): string => {
    text(field, value);
    const id = userId(value);
    wrong(field, id === undefined && 'user');
    return id ?? '';
  };
  const time = (field: string, value: string, most: number): number => {
    text(field, value);
    const at = Date.parse(value);
    wrong(field, !(at > now && at <= now + most) && 'time');
    return Math.floor(at / 1000);
  };
  const number = (field: string, value: string, least: number, most: number): number => {
    wrong(field, !(/^\d{1,2}$/.test(value.trim()) && Number(value) >= least && Number(value) <= most) && 'number');
    return Number(value);
  };
  const law = form.law.trim().toUpperCase();
  wrong('law', !/^[A-Z]{2}$/.test(law) && 'law');
  wrong('contract', form.contract === undefined && 'empty');
  const asked: Asked = {
    kind, law, scope: text('scope', form.scope), ground: text('ground', form.ground), contract: form.contract === true, reasons: text('reasons', form.reasons), appeal: text('appeal', form.appeal),
    automated: form.automated, milder: form.milder.trim(), outside: form.outside.trim(),
    evidence: form.evidence.map(({ what, shows, not, sha256 }, n) => {
      const digest = sha256.trim().toLowerCase();
      wrong(`evidence.${n}.sha256`, digest !== '' && !/^[0-9a-f]{64}$/.test(digest) && 'sha256');
      return { what: text(`evidence.${n}.what`, what), shows: text(`evidence.${n}.shows`, shows), not: not.trim(), sha256: digest };
    }),
  };
  switch (kind) {
    case 'suspend':
      asked.subject = user('subject', form.subject);
      asked.until = time('until', form.until, 90 * day);
      break;
    case 'restore':
      if (reverses !== undefined) asked.reverses = reverses;
      break;
    case 'appoint': {
      asked.appoint = form.appoint.map((one, n) => {
        const key = text(`appoint.${n}.key`, one.key);
        wrong(`appoint.${n}.key`, !/^(sk-)?(ssh-ed25519|ecdsa-sha2-nistp256)\S* \S+/.test(key) && 'key');
        return { user: user(`appoint.${n}.user`, one.user), office: one.office, key, until: time(`appoint.${n}.until`, one.until, 2 * 365 * day) };
      });
      if (!first) break;
      wrong('appoint', (new Set(form.appoint.map(({ office }) => office)).size < 2 || new Set(asked.appoint.map((one) => one.user)).size < 2) && 'offices');
      asked.charter = { approvals: number('approvals', form.approvals, 2, Math.min(7, form.appoint.length)), seal_days: number('sealDays', form.sealDays, 0, 90), state_secrets: form.stateSecrets };
      break;
    }
    case 'dismiss':
      wrong('dismiss', form.dismiss.length === 0 && 'empty');
      asked.dismiss = [...form.dismiss];
      break;
  }
  return Object.keys(wrongs).length > 0 ? { wrongs } : { asked };
}

/** A moment as a field of local times has it. */
function local(at: number): string {
  const zone = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - zone).toISOString().slice(0, 16);
}

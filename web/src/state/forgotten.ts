// A forgotten password: what was asked for by mail on this device, and what came of it.

import { FaultError, faultOf } from '../wire/fault';
import { askToReset, confirmLink, resetOffered, resetPassword, type AskedByMail } from '../wire/mail';
import { Store } from './store';

const kept = 'wardroom.forgotten';

/** Whether a forgotten password can be replaced by mail here, as far as the server has said. */
class ResetByMail extends Store<boolean> {
  constructor() {
    super(false);
  }

  /** Asks the server. */
  async learn(): Promise<void> {
    this.set(await resetOffered().catch(() => this.snapshot()));
  }
}

export const resetByMail = new ResetByMail();

async function faults<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new FaultError(faultOf(error), error);
  }
}

/** Asks for a link, and keeps here that it was asked for: whoever opens the link in this browser goes on at once. It throws a FaultError. */
export async function askForLink(address: string): Promise<void> {
  const asked = await faults(askToReset(address.trim()));
  localStorage.setItem(kept, JSON.stringify(asked));
}

/** What was asked for last in this browser. */
export function askedHere(): AskedByMail | undefined {
  try {
    const asked = JSON.parse(localStorage.getItem(kept) ?? 'null') as Partial<AskedByMail> | null;
    return typeof asked?.sid === 'string' && typeof asked.secret === 'string' ? { sid: asked.sid, secret: asked.secret } : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the link of a letter, and says whether this browser goes on, or the place where it was asked for. It throws a FaultError. */
export async function openLink(sid: string, token: string): Promise<'add' | 'here' | 'there'> {
  const purpose = await faults(confirmLink(sid, token));
  if (purpose === 'add') return 'add';
  return askedHere()?.sid === sid ? 'here' : 'there';
}

/** Sets a new password with what was asked for in this browser. It throws a FaultError. */
export async function setNewPassword(password: string, signOut: boolean): Promise<void> {
  const asked = askedHere();
  if (asked === undefined) throw new FaultError({ id: 'fault.linkNotOpened', code: 'not asked here' });
  await faults(resetPassword(asked, password, signOut));
  localStorage.removeItem(kept);
}

// Where the server is: where the page came from, or, where a program on this machine serves the page ("wardroom app"), elsewhere.

import { FaultError } from './fault';

const key = 'org.wardroom.app';
/** The server that this address was used for. Its sign-in must never reach another one. */
const kept = 'wardroom.server';
const patience = 2_000;

let server = location.origin;

/** The server's origin. */
export function home(): string {
  return server;
}

/** Whether the page came from another place than its server. */
export function isElsewhere(): boolean {
  return server !== location.origin;
}

/** The address of something on the server. */
export function at(path: string): string {
  return isElsewhere() ? server + path : path;
}

let learned: Promise<void> | undefined;

/**
 * Learns where the server is; before that nothing is asked of it. It throws fault.otherServer where this address was used for another one.
 *
 * Only a page that this machine itself has served is told of a server elsewhere: nobody's link can change where a page of a server speaks.
 */
export function learnHome(): Promise<void> {
  learned ??= learn();
  return learned;
}

async function learn(): Promise<void> {
  if (!/^(127\.\d+\.\d+\.\d+|\[::1\]|(.+\.)?localhost)$/.test(location.hostname)) return;
  const before = localStorage.getItem(kept) ?? undefined;
  if (before !== undefined) server = before; // also while the program that serves the page is not running
  let told: string | undefined;
  try {
    const answer = await fetch('/.well-known/matrix/client', { cache: 'no-store', signal: AbortSignal.timeout(patience) });
    const says = (await answer.json()) as Partial<Record<typeof key, { base_url?: unknown }>>;
    const said = says[key]?.base_url;
    told = typeof said === 'string' && /^https?:\/\/[^/?#]+$/.test(said) ? said : undefined;
  } catch {
    return;
  }
  if (before !== undefined && told !== before) throw new FaultError({ id: 'fault.otherServer', code: before });
  if (told === undefined) return;
  localStorage.setItem(kept, told);
  server = told;
}

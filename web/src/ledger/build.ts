// Which build of this client the page is: the list of its files, and whether they are what the list says.

import { hex, sha256, type Bytes } from './bytes';

/** `other`: a file is not the one that the list names. */
export type Build = { readonly is: 'whole' | 'other'; readonly hash: string; readonly files: readonly string[] };

/** The file in which a build names its files. Its hash is what the ledger calls the build. */
export const list = 'build.txt';

/**
 * Reads all files that the page's build names, and hashes them. It throws whatever read throws.
 * Who serves the page has written what does this, too: it finds a file that was exchanged, and no lie.
 */
export async function readBuild(read: (name: string) => Promise<Bytes>): Promise<Build> {
  const named = await read(list);
  const lines = new TextDecoder().decode(named).trimEnd().split('\n');
  const other: string[] = [];
  for (const line of lines) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) other.push(list);
    else if (hex(await sha256(await read(name))) !== sum) other.push(name);
  }
  return { is: other.length === 0 ? 'whole' : 'other', hash: hex(await sha256(named)), files: other };
}

import { MatrixError } from 'matrix-js-sdk/lib/http-api/errors';
import { expect, test, vi } from 'vitest';
import { fromBase64, utf8, type Bytes } from '../ledger/bytes';
import vectors from '../ledger/vectors.json';
import { ownBuild, PublicRecord } from './record';

vi.setConfig({ testTimeout: 60_000 }); // thousands of hashes, on a machine that may be busy

/** A server's ledger that can be exchanged, and a browser that remembers. */
function place() {
  const kept = new Map<string, string>();
  const vault = { get: <T>(name: string) => Promise.resolve(kept.has(name) ? (JSON.parse(kept.get(name)!) as T) : undefined), put: (name: string, value: unknown) => Promise.resolve(void kept.set(name, JSON.stringify(value))) };
  const at: { checkpoint: string | undefined; tiles: Partial<Record<string, string>>; away: boolean; time: number } = { checkpoint: vectors.checkpoints[3], tiles: vectors.tiles, away: false, time: 1_000 };
  const read = (path: string): Promise<Bytes> => {
    if (at.away) return Promise.reject(new TypeError('no network'));
    const [name, upto] = path.split('.p/');
    if (path === 'checkpoint' && at.checkpoint !== undefined) return Promise.resolve(utf8(at.checkpoint));
    const tile = at.tiles[path] ?? at.tiles[name!] ?? Object.entries(at.tiles).find(([one]) => one.startsWith(`${name!}.p/`))?.[1];
    if (tile === undefined) return Promise.reject(new MatrixError({ errcode: 'M_NOT_FOUND' }, 404));
    const bytes = fromBase64(tile);
    return Promise.resolve(upto === undefined || path.includes('entries') ? bytes : bytes.slice(0, Number(upto) * 32));
  };
  /** The client opened again in the same browser. */
  const opens = () => new PublicRecord(vault, read, () => at.time++);
  return { at, opens, forget: () => kept.clear() };
}
// The entries of the file name no witnesses in the end, so that it is another policy at each size.
const whys = (record: PublicRecord) => record.snapshot().alarms.filter(({ why }) => why !== 'policy').map(({ why, seen }) => [why, seen !== undefined]);

test('a record is read once, remembered, and read on from there', async () => {
  const { at, opens } = place();
  const first = opens();
  await first.check();
  expect(first.snapshot()).toMatchObject({ standing: 'checked', seen: { size: 100, key: vectors.key, kinds: { genesis: 1, policy: 99 } }, alarms: [] });
  expect(first.snapshot().seen?.witnesses.map(({ at: time }) => time !== undefined)).toEqual([true, true, false]);
  at.checkpoint = vectors.checkpoints[7];
  delete at.tiles['tile/entries/000.p/100'];
  const later = opens();
  await later.check();
  expect(later.snapshot()).toMatchObject({ standing: 'checked', seen: { size: 300, kinds: { genesis: 1, policy: 299 } }, alarms: [] });
  expect(later.snapshot().seen?.latest.at(-1)?.number).toBe(299);
  expect(later.snapshot().first).toBe(first.snapshot().first);
});

test('without an answer what was seen stays, and nothing is called wrong', async () => {
  const { at, opens } = place();
  const record = opens();
  at.checkpoint = undefined;
  await record.check();
  expect(record.snapshot()).toMatchObject({ standing: 'none', seen: undefined });
  at.checkpoint = vectors.checkpoints[3];
  await record.check();
  for (const [standing, change] of [['away', { away: true }], ['unreadable', { away: false, checkpoint: '<html>Please sign in to the network</html>' }], ['away', { checkpoint: undefined }]] as const) {
    Object.assign(at, change);
    await record.check();
    expect(record.snapshot()).toMatchObject({ standing, seen: { size: 100 }, alarms: [] });
  }
});

test('a record that was cut off, forked or rewritten is an alarm, on every visit, until somebody has seen it', async () => {
  for (const [before, after, why] of [[7, 'true', 'shorter'], [4, 'fork', 'rewritten'], [7, 'fork', 'forked']] as const) {
    const { at, opens } = place();
    at.checkpoint = vectors.checkpoints[before];
    await opens().check();
    Object.assign(at, after === 'fork' ? { checkpoint: vectors.fork.checkpoint, tiles: vectors.fork.tiles } : { checkpoint: vectors.checkpoints[5] });
    const record = opens();
    await record.check();
    await record.check();
    expect(record.snapshot().standing).toBe('broken');
    expect(whys(record)).toEqual([[why, false]]);
    expect(record.snapshot().alarms[0]).toMatchObject({ before: { key: vectors.key, signed: vectors.checkpoints[before] }, now: { key: vectors.key, signed: at.checkpoint } });
    expect(record.snapshot().seen?.size).toBe([1, 2, 7, 100, 255, 256, 257, 300][before]);
    const again = opens();
    await again.check();
    expect(whys(again)).toEqual([[why, false]]);
    await again.acknowledge();
    expect(again.snapshot().standing).toBe('checked');
    expect(whys(again)).toEqual([[why, true]]);
    // The one that was there before is another log by now.
    Object.assign(at, { checkpoint: vectors.checkpoints[7], tiles: vectors.tiles });
    await again.check();
    if (after === 'fork') expect(whys(again)).toEqual([['forked', false], [why, true]]);
    else expect(whys(again)).toEqual([[why, true]]);
  }
});

test('a record that is right again goes on, and that it was not stays said', async () => {
  const { at, opens } = place();
  at.checkpoint = vectors.checkpoints[4];
  const record = opens();
  await record.check();
  Object.assign(at, { checkpoint: vectors.fork.checkpoint, tiles: vectors.fork.tiles });
  await record.check();
  Object.assign(at, { checkpoint: vectors.checkpoints[7], tiles: vectors.tiles });
  await record.check();
  expect(record.snapshot()).toMatchObject({ standing: 'checked', seen: { size: 300 } });
  expect(whys(record)).toEqual([['rewritten', false]]);
  await record.acknowledge();
  expect(whys(record)).toEqual([['rewritten', true]]);
  // The same fork later is not forgiven.
  Object.assign(at, { checkpoint: vectors.fork.checkpoint, tiles: vectors.fork.tiles });
  await record.check();
  expect(whys(record)).toEqual([['forked', false], ['rewritten', true]]);
});

test('a record without the signatures of its witnesses is an alarm, and so is one of another key', async () => {
  const { at, opens } = place();
  at.checkpoint = vectors.checkpoints[2];
  const record = opens();
  await record.check();
  const [text, lines] = vectors.checkpoints[3]!.split('\n\n');
  at.checkpoint = `${text!}\n\n${lines!.split('\n')[0]!}\n`;
  await record.check();
  expect(whys(record)).toEqual([['witnesses', false]]);
  await record.acknowledge();
  await record.check();
  expect(record.snapshot().standing).toBe('broken');
  expect(whys(record), 'it is said once').toEqual([['witnesses', true]]);
  at.checkpoint = vectors.checkpoints[3]!.replace(/^— quay.*\n/m, '');
  await record.check();
  expect(whys(record)[0]).toEqual(['key', false]);
});

test('entries that are not those under the checkpoint are an alarm', async () => {
  const { at, opens } = place();
  const entries = fromBase64(vectors.tiles['tile/entries/000']);
  entries[entries.length - 2]! ^= 1;
  at.checkpoint = vectors.checkpoints[7];
  at.tiles = { ...vectors.tiles, 'tile/entries/000': Buffer.from(entries).toString('base64') };
  const record = opens();
  await record.check();
  expect(record.snapshot().standing).not.toBe('checked');
  expect(whys(record)).toEqual([['rewritten', false]]);
});

test('a build is what its list says, or the file is named that is not', async () => {
  const sum = { page: '3660315a9af3df255d8f19ab077e4797822b41488a0e2a04bc6af71213c23274', code: '5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b' };
  const files: Record<string, string> = { 'build.txt': `${sum.code}  assets/a.js\n${sum.page}  index.html\n`, 'index.html': 'page', 'assets/a.js': 'code' };
  const read = (name: string) => Promise.resolve(utf8(files[name]!));
  expect(await ownBuild(read)).toEqual({ is: 'whole', hash: 'bada4d94f1de6ae91d002ebef5400704c836ff8d735e1854ff1bc36e80650f7a', files: [] });
  files['assets/a.js'] = 'other';
  expect(await ownBuild(read)).toMatchObject({ is: 'other', files: ['assets/a.js'] });
  files['build.txt'] = 'not a list';
  expect(await ownBuild(read)).toMatchObject({ is: 'other', files: ['build.txt'] });
});

import { expect, test } from 'vitest';
import { chainAfter, emptyChain, eventsDigest, nextEnvelope, withEnvelope, type Chain, type Content } from '../crypto/envelope';
import { Gaps, readAnswer, readQuestion, type Gap, type Raw, type Read } from './gaps';

const me = '@me:x';

/** A device that writes, as the outbox has it. */
class Writer {
  readonly sender: string;
  chain: Chain = emptyChain;
  constructor(sender: string) {
    this.sender = sender;
  }
  async write(body: string, seen = '', between?: string): Promise<Content> {
    const content = withEnvelope({ msgtype: 'm.text', body }, nextEnvelope(this.chain, 'run', 'DEV', seen, undefined, between));
    this.chain = await chainAfter(content);
    return content;
  }
}

/** A room on a server: all that was said, and what of it this device can read. */
class Server {
  readonly all: Raw[] = [];
  readonly closed = new Set<string>();
  readonly emptied = new Set<string>();
  away = false;
  asked = 0;
  say(id: string, sender: string, content: Content, rest: Partial<Raw> = {}): Raw {
    const raw: Raw = { event_id: id, type: 'm.room.encrypted', sender, origin_server_ts: this.all.length, content, ...rest };
    this.all.push(raw);
    return raw;
  }
  member(id: string, who: string, membership: string, before?: string): Raw {
    return this.say(id, who, { membership }, { type: 'm.room.member', state_key: who, ...(before && { unsigned: { prev_content: { membership: before } } }) });
  }
  read = (raw: Raw): Promise<Read> => Promise.resolve(this.emptied.has(raw.event_id) ? { is: 'emptied' } : this.closed.has(raw.event_id) ? { is: 'closed' } : { is: 'sent', content: raw.content as Content });
  // A token is how many events lie before it.
  before = (token: string) => {
    this.asked++;
    if (this.away) return Promise.reject(new Error('no answer'));
    const end = Number(token);
    const start = Math.max(0, end - 2);
    return Promise.resolve({ events: this.all.slice(start, end).reverse(), before: start === 0 ? undefined : String(start) });
  };
}

const told = (...events: Raw[]) => ({ events, gap: false, before: undefined });
const nobody: ReadonlySet<string> = new Set();
const words = (gaps: readonly Gap[]) => gaps.map((gap) => (gap.is === 'missing' ? `${gap.from}-${gap.to}` : gap.is === 'named' ? gap.id : gap.is));

async function talk(count: number): Promise<{ server: Server; check: Gaps; raws: Raw[]; writer: Writer }> {
  const [server, writer] = [new Server(), new Writer('@a:x')];
  const raws: Raw[] = [];
  for (let n = 1; n <= count; n++) raws.push(server.say(`$${n}`, writer.sender, await writer.write(`words ${n}`)));
  return { server, check: new Gaps(me, server), raws, writer };
}

test('a message that is left out is missing, with the time of what came after it, after a restart too', async () => {
  const { server, check, raws } = await talk(4);
  await check.take(told(raws[0]!, raws[1]!, raws[3]!), false);
  const [gap] = check.found(nobody);
  expect(gap).toMatchObject({ is: 'missing', from: 3, to: 3, before: '$4', at: 3 });
  const again = new Gaps(me, server, JSON.parse(JSON.stringify(check.kept())) as ReturnType<Gaps['kept']>);
  expect(again.found(nobody)).toEqual([gap]);
  await again.take(told(...raws.slice(0, 2), raws[3]!), false); // what was kept comes again
  expect(again.found(nobody)).toEqual([gap]);
  await again.take(told(raws[2]!), false);
  expect(again.found(nobody)).toEqual([]);
});

test('a gap in what is told is filled before anything is concluded, and what waits for an answer is not judged', async () => {
  const { server, check, raws } = await talk(6);
  await check.take(told(raws[0]!), false);
  server.away = true;
  const rest = { events: [raws[5]!], gap: true, before: '5' };
  await expect(check.take(rest, false)).rejects.toThrow();
  expect(check.found(nobody)).toEqual([]);
  server.away = false;
  await check.take(rest, false);
  expect(check.found(nobody)).toEqual([]);
  expect(check.seen).toBe('$6');
});

test('what is left out of the history too is missing', async () => {
  const { server, check, raws } = await talk(6);
  await check.take(told(raws[0]!), false);
  server.all.splice(2, 1);
  await check.take({ events: [raws[5]!], gap: true, before: '4' }, false);
  expect(words(check.found(nobody))).toEqual(['3-3']);
});

test('a gap that is too long to be fetched is not judged', async () => {
  const { check, raws, server } = await talk(30);
  await check.take(told(raws[0]!), false);
  await check.take({ events: [raws[29]!], gap: true, before: '29' }, false);
  expect(server.asked).toBe(3);
  expect(check.found(nobody)).toEqual([]);
});

test('history that begins with one’s own joining, or goes on after one was away, has no gaps', async () => {
  const { server, check, raws, writer } = await talk(3);
  const join = server.member('$join', me, 'join', 'invite');
  const later = server.say('$4', writer.sender, await writer.write('later', '$3'));
  await check.take(told(raws[0]!, join, later), false);
  expect(check.found(nobody)).toEqual([]);
  const named = server.say('$5', writer.sender, await writer.write('much later', '$not seen here'));
  await check.take(told(server.member('$name', me, 'join', 'join'), named), false); // a new name is no joining
  expect(words(check.found(nobody))).toEqual([]); // what it had seen before is not known here
});

test('what was left out at one’s own wish and was fetched since is not missing', async () => {
  const { server, check, raws, writer } = await talk(2);
  const own = server.say('$own', me, { msgtype: 'm.text', body: 'own' });
  await check.take(told(raws[0]!, own), true);
  await check.take(told(raws[0]!, raws[1]!, own, server.say('$3', writer.sender, await writer.write('three'))), false);
  expect(check.found(nobody)).toEqual([]);
});

test('who makes a room has all of it', async () => {
  const server = new Server();
  const check = new Gaps(me, server);
  const create = server.say('$create', me, {}, { type: 'm.room.create', state_key: '' });
  const writer = new Writer('@a:x');
  await writer.write('the first');
  await check.take(told(create, server.member('$join', me, 'join'), server.say('$2', writer.sender, await writer.write('the second'))), false);
  expect(words(check.found(nobody))).toEqual(['1-1']);
});

test('what cannot be read yet takes its place once it is decrypted', async () => {
  const { server, check, raws } = await talk(3);
  server.closed.add('$2');
  await check.take(told(...raws), false);
  expect(check.found(nobody)).toEqual([]);
  expect(check.isClosed('$2')).toBe(true);
  server.emptied.add('$2');
  await check.opened(raws[1]!);
  expect(check.found(nobody)).toEqual([]); // it was deleted before it could be read
  server.emptied.clear();
  server.closed.clear();
  await check.opened(raws[1]!);
  expect(check.isClosed('$2')).toBe(false);
  expect(check.found(nobody)).toEqual([]);
});

test('what a device saw between two messages of its own is compared', async () => {
  const { server, check, raws, writer } = await talk(3);
  const other = new Writer('@b:x');
  const first = server.say('$b1', other.sender, await other.write('one', '$1'));
  const digest = await eventsDigest(['$2', '$3']);
  await check.take(told(...raws, first), false);
  expect(await check.between('$1', '$3')).toBe(digest);
  expect(await check.between('$3', '$3')).toBeUndefined();
  await check.take(told(server.say('$b2', other.sender, await other.write('two', '$3', digest))), false);
  expect(check.found(nobody)).toEqual([]);
  const last = server.say('$4', writer.sender, await writer.write('four'));
  await check.take(told(last, server.say('$b3', other.sender, await other.write('three', '$4', await eventsDigest(['$b1', '$4'])))), false);
  expect(words(check.found(nobody))).toEqual(['differs']); // it was not given $b2, its own
});

test('what is handed on must be what was asked for, and what the next message fixed', async () => {
  const { server, check, raws, writer } = await talk(5);
  await check.take(told(raws[0]!, raws[4]!), false);
  const key = check.found(nobody)[0]!.key;
  const hand = (raw: Raw, signed = false) => check.hand('ask', { by: '@b:x', id: raw.event_id, sender: raw.sender, at: raw.origin_server_ts, content: raw.content as Content }, signed);
  expect(await hand(raws[3]!)).toBe(false); // nobody asked
  check.asked(key, 'ask', 2);
  expect(check.found(nobody)[0]).toMatchObject({ asked: 2, handed: [] });
  expect(await hand(raws[4]!)).toBe(false); // it is here
  expect(await hand(server.say('$x', writer.sender, await writer.write('another')))).toBe(false); // not one of those
  expect(await hand({ ...raws[3]!, sender: '@c:x' })).toBe(false);
  expect(await hand({ ...raws[3]!, content: { ...raws[3]!.content, body: 'changed' } })).toBe(false);
  expect(await hand(raws[1]!)).toBe(true); // nothing fixes it yet
  expect(check.found(nobody)[0]?.handed.map(({ id, checked }) => [id, checked])).toEqual([['$2', false]]);
  expect(await hand(raws[3]!)).toBe(true);
  expect(await hand(raws[2]!)).toBe(true);
  expect(check.found(nobody)[0]?.handed.map(({ id, checked }) => [id, checked])).toEqual([['$2', true], ['$3', true], ['$4', true]]);
});

test('what is known by its id alone is checked by a signature', async () => {
  const { server, check, raws, writer } = await talk(3);
  const other = new Writer('@b:x');
  await check.take(told(raws[0]!, server.say('$b1', other.sender, await other.write('one', '$1')), server.say('$b2', other.sender, await other.write('two', '$2'))), false);
  const [gap] = check.found(nobody);
  expect(words([gap!])).toEqual(['$2']);
  check.asked(gap!.key, 'ask', 1);
  const handed = { by: '@b:x', id: '$2', sender: writer.sender, at: 1, content: raws[1]!.content as Content };
  expect(await check.hand('ask', handed, false)).toBe(true);
  expect(await check.hand('ask', handed, true)).toBe(true);
  expect(check.found(nobody)[0]?.handed.map(({ checked }) => checked)).toEqual([true]);
});

test('only who was heard in the room before a message was sent is handed it', async () => {
  const { server, check, raws, writer } = await talk(2);
  await check.take(told(raws[0]!), false);
  check.meet(['@a:x', '@old:x']);
  const joined = server.member('$j', '@new:x', 'join');
  await check.take(told(raws[1]!, joined, server.say('$3', writer.sender, await writer.write('three'))), false);
  expect(['$1', '$2', '$3'].map((id) => check.wasHere('@old:x', id))).toEqual([false, true, true]);
  expect(['$2', '$3'].map((id) => check.wasHere('@new:x', id))).toEqual([false, true]);
  expect(check.wasHere('@ghost:x', '$3')).toBe(false);
  check.meet(['@ghost:x']); // who is named a member later was not here
  expect(check.wasHere('@ghost:x', '$3')).toBe(false);
  await check.take(told(server.member('$l', '@new:x', 'leave'), server.say('$4', writer.sender, await writer.write('four'))), false);
  expect(check.wasHere('@new:x', '$4')).toBe(false);
});

test('what is no question and no answer is none', () => {
  const of = { sender: '@a:x', device: 'D', run: 'r', from: 1, to: 2 };
  expect(readQuestion({ v: 1, ask: 'a', room: '!r', of })).toEqual({ v: 1, ask: 'a', room: '!r', of });
  expect(readQuestion({ v: 1, ask: 'a', room: '!r', of: { id: '$1' } })).toEqual({ v: 1, ask: 'a', room: '!r', of: { id: '$1' } });
  for (const bad of [{}, { v: 2, ask: 'a', room: '!r', of }, { v: 1, ask: 'a', room: '!r', of: { ...of, from: '1' } }, { v: 1, ask: 'a', room: '!r' }]) expect(readQuestion(bad)).toBeUndefined();
  const answer = { v: 1, ask: 'a', room: '!r', id: '$1', sender: '@a:x', at: 1, content: {} };
  expect(readAnswer(answer)).toEqual(answer);
  for (const bad of [{}, { ...answer, v: 2 }, { ...answer, content: [] }, { ...answer, at: '1' }]) expect(readAnswer(bad)).toBeUndefined();
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { contentHash, readEnvelope, type Content } from '../crypto/envelope';
import { Outbox, type KeptBox, type Post } from './outbox';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

class NoAnswer extends Error {}
class Refused extends Error {}

/** A server that keeps what it was sent by transaction id, and fails on command. */
class Server implements Post {
  readonly device = 'DEV';
  readonly stored = new Map<string, Content>();
  kept: KeptBox | undefined;
  fail: (id: string) => void = () => undefined;
  lose: (id: string) => void = () => undefined;
  seen = () => `$${this.stored.size}`;
  send = (_type: string, id: string, content: Content) => {
    return Promise.resolve().then(() => {
      this.fail(id);
      if (!this.stored.has(id)) this.stored.set(id, content);
      this.lose(id);
      return `$${[...this.stored.keys()].indexOf(id) + 1}`;
    });
  };
  judge = (error: unknown) => (error instanceof Refused ? { refused: { id: 'fault.forbidden', code: 'M_FORBIDDEN' } as const } : { again: undefined });
  keep = (box: KeptBox) => {
    this.kept = structuredClone(box);
    return Promise.resolve();
  };
}

const text = (body: string): Content => ({ msgtype: 'm.text', body });

/** Waits until nothing is under way: hashing happens on another thread, so promises alone do not tell. */
async function settled(box: Outbox): Promise<void> {
  const before = () => JSON.stringify(box.snapshot());
  for (let same = 0, last = before(); same < 5; same = last === before() && !last.includes('sending') ? same + 1 : 0, last = before()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const later = async (box: Outbox) => {
  await vi.advanceTimersByTimeAsync(1_000);
  await settled(box);
};

const bodies = (server: Server) => [...server.stored.values()].map((content) => content['body']);

async function chained(server: Server): Promise<void> {
  let prev = '';
  let n = 0;
  for (const content of server.stored.values()) {
    expect(readEnvelope(content)).toMatchObject({ n: ++n, prev });
    prev = await contentHash(content);
  }
}

test('three written at once leave in order, each naming the one before', async () => {
  const server = new Server();
  const box = new Outbox(server);
  await Promise.all([box.add('m.room.message', text('1'), 'en'), box.add('m.reaction', { 'm.relates_to': { key: '👍' } }), box.add('m.room.message', text('3'))]);
  await settled(box);
  expect(bodies(server)).toEqual(['1', undefined, '3']);
  expect(readEnvelope([...server.stored.values()][0]!)).toMatchObject({ seen: '$0', lang: 'en' });
  await chained(server);
  expect(box.snapshot().map((item) => item.state.is)).toEqual(['saved', 'saved', 'saved']);
  box.arrived(new Set(['$1', '$2', '$3']));
  expect(box.snapshot()).toEqual([]);
});

test('no answer: it is sent again by itself, and the rest waits behind it', async () => {
  const server = new Server();
  let down = true;
  server.fail = () => {
    if (down) throw new NoAnswer();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await box.add('m.room.message', text('2'));
  await settled(box);
  expect(box.snapshot().map((item) => item.state.is)).toEqual(['waiting', 'waiting']);
  down = false;
  await later(box);
  expect(bodies(server)).toEqual(['1', '2']);
  await chained(server);
});

test('the answer was lost: the same transaction id and envelope go again, and there is one message', async () => {
  const server = new Server();
  let once = true;
  server.lose = () => {
    if (once) {
      once = false;
      throw new NoAnswer();
    }
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await settled(box);
  await later(box);
  await box.add('m.room.message', text('2'));
  await settled(box);
  expect(bodies(server)).toEqual(['1', '2']);
  await chained(server);
});

test('the tab closed before the answer: the next visit sends the same again', async () => {
  const server = new Server();
  server.lose = () => {
    throw new NoAnswer();
  };
  const before = new Outbox(server);
  await before.add('m.room.message', text('1'));
  await settled(before);
  before.close();
  expect(server.kept?.underWay?.envelope.n).toBe(1);
  server.lose = () => undefined;
  const after = new Outbox(server, server.kept);
  await after.add('m.room.message', text('2'));
  await settled(after);
  expect(bodies(server)).toEqual(['1', '2']);
  await chained(server);
});

test('refused: it stays with its reason, the next one leaves, and the chain has no gap', async () => {
  const server = new Server();
  let refuse = true;
  server.fail = (id) => {
    if (refuse && id === box.snapshot()[0]?.id) throw new Refused();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await box.add('m.room.message', text('2'));
  await settled(box);
  expect(box.snapshot().map((item) => item.state)).toMatchObject([{ is: 'stopped', fault: { code: 'M_FORBIDDEN' } }, { is: 'saved' }]);
  refuse = false;
  box.retry(box.snapshot()[0]!.id);
  await settled(box);
  expect(bodies(server)).toEqual(['2', '1']);
  await chained(server);
});

test('what may be on the server already cannot be deleted here; what was refused can', async () => {
  const server = new Server();
  server.lose = () => {
    throw new NoAnswer();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await box.add('m.room.message', text('2'));
  await settled(box);
  await box.discard(box.snapshot()[0]!.id);
  await box.discard(box.snapshot()[1]!.id);
  expect(box.snapshot().map((item) => item.content['body'])).toEqual(['1']);

  const refusing = new Server();
  refusing.fail = () => {
    throw new Refused();
  };
  const other = new Outbox(refusing);
  await other.add('m.room.message', text('3'));
  await settled(other);
  await other.discard(other.snapshot()[0]!.id);
  expect(other.snapshot()).toEqual([]);
  expect(refusing.kept).toEqual({ chain: { n: 0, prev: '' }, items: [] });
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { contentHash, readEnvelope, type Content } from '../crypto/envelope';
import { Outbox, type Judged, type KeptBox, type OutgoingState, type Post } from './outbox';

// Hashing happens on another thread: what of it is under way is counted.
let hashing = 0;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  vi.spyOn(crypto.subtle, 'digest').mockImplementation((algorithm, data) => {
    hashing++;
    return digest(algorithm, data).finally(() => hashing--);
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

class NoAnswer extends Error {}
class Refused extends Error {}
class RefusedHere extends Error {}
class SignedOut extends Error {}

/** A server that keeps what it was sent by transaction id, and fails on command. */
class Server implements Post {
  readonly device = 'DEV';
  readonly stored = new Map<string, Content>();
  kept: KeptBox | undefined;
  fail: (id: string) => void = () => undefined;
  lose: (id: string) => void = () => undefined;
  seen = () => `$${this.stored.size}`;
  sign = (content: Content) => Promise.resolve(content);
  between = (a: string, s: string) => Promise.resolve(`${a} to ${s}`);
  send = (_type: string, id: string, content: Content) => {
    return Promise.resolve().then(() => {
      this.fail(id);
      if (!this.stored.has(id)) this.stored.set(id, content);
      this.lose(id);
      return `$${[...this.stored.keys()].indexOf(id) + 1}`;
    });
  };
  readable = true;
  read = (eventId: string) => Promise.resolve(this.readable ? [...this.stored.values()][Number(eventId.slice(1)) - 1] : undefined);
  judge = (error: unknown): Judged => {
    if (error instanceof Refused) return { refused: { id: 'fault.forbidden', code: 'M_FORBIDDEN' }, by: 'server' };
    if (error instanceof RefusedHere) return { refused: { id: 'fault.identityChanged', code: 'IDENTITY_CHANGED' }, by: 'device' };
    return error instanceof SignedOut ? { again: undefined } : { again: undefined, unsure: true };
  };
  full = false;
  keep = (box: KeptBox) => {
    if (this.full) return Promise.reject(new Error('the disk is full'));
    this.kept = structuredClone(box);
    return Promise.resolve();
  };
}

const text = (body: string): Content => ({ msgtype: 'm.text', body });

/** Waits until nothing is under way. */
async function settled(box: Outbox): Promise<void> {
  const before = () => JSON.stringify(box.snapshot());
  for (let same = 0, last = before(); same < 5; same = last === before() && hashing === 0 && !last.includes('sending') ? same + 1 : 0, last = before()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const later = async (box: Outbox) => {
  await vi.advanceTimersByTimeAsync(1_000);
  await settled(box);
};

/** Lets the pauses pass and waits until all of it is in a state. */
async function until(box: Outbox, ...states: OutgoingState['is'][]): Promise<void> {
  await vi.advanceTimersByTimeAsync(30_000);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (box.snapshot().every((item, n) => item.state.is === (states[n] ?? 'saved'))) resolve();
    };
    box.subscribe(look);
    look();
  });
  await settled(box);
}

const bodies = (server: Server) => [...server.stored.values()].map((content) => content['body']);

/** Each names the one before it: the numbers of a run have no gaps, and a run begins after one of an earlier run. */
async function chained(server: Server): Promise<void> {
  const places = new Map<string, string>();
  for (const content of server.stored.values()) {
    const { run, n, prev, after } = readEnvelope(content)!;
    const before = n === 1 ? after && `${after.run} ${after.n}` : `${run} ${n - 1}`;
    expect(prev).toBe(before === undefined ? '' : places.get(before));
    expect(places.has(`${run} ${n}`)).toBe(false);
    places.set(`${run} ${n}`, await contentHash(content));
  }
}
const placesIn = (server: Server) => {
  const runs: (string | undefined)[] = [];
  return [...server.stored.values()].map((content) => {
    const { run, n, after } = readEnvelope(content)!;
    if (!runs.includes(run)) runs.push(run);
    const place = `${runs.indexOf(run) + 1}:${n}`;
    return after === undefined ? place : `${place} after ${runs.indexOf(after.run) + 1}:${after.n}`;
  });
};

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
  expect(box.snapshot().map((item) => item.state.is)).toEqual(['unknown', 'waiting']);
  down = false;
  await later(box);
  expect(bodies(server)).toEqual(['1', '2']);
  await chained(server);
});

test('the connection comes while a failure is still being kept: it is tried again at once, with no clock', async () => {
  const server = new Server();
  const box = new Outbox(server);
  let down = true;
  server.fail = () => {
    if (down) throw new NoAnswer();
  };
  const keep = server.keep;
  server.keep = async (kept) => {
    await keep(kept);
    if (!down || kept.items[0]?.state.is !== 'unknown') return;
    down = false;
    box.flush();
  };
  await box.add('m.room.message', text('1'));
  await settled(box);
  expect(bodies(server)).toEqual(['1']);
  expect(box.snapshot().map((item) => item.state.is)).toEqual(['saved']);
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

test('a full disk: it is sent all the same, and says that it is not kept until the server has it', async () => {
  const server = new Server();
  server.full = true;
  let down = true;
  server.fail = () => {
    if (down) throw new NoAnswer();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await settled(box);
  expect(box.snapshot()[0]?.state).toEqual({ is: 'unknown', unkept: true });
  down = false;
  await until(box);
  expect(box.snapshot()[0]?.state).toEqual({ is: 'saved', eventId: '$1' });

  down = true;
  await box.add('m.room.message', text('2'));
  await settled(box);
  expect(box.snapshot()[1]?.state.unkept).toBe(true);
  server.full = false;
  await later(box);
  expect(box.snapshot()[1]?.state).toEqual({ is: 'unknown' });
  expect(server.kept?.items[1]?.content).toEqual(text('2'));
});

test('no answer, then refused on this device: its place in the chain is held until the server says what became of it', async () => {
  const server = new Server();
  let lost = true;
  let changed = false;
  server.lose = () => {
    if (lost) throw new NoAnswer();
  };
  server.fail = () => {
    if (changed) throw new RefusedHere();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await box.add('m.room.message', text('2'));
  await settled(box);
  changed = true;
  await later(box);
  expect(box.snapshot().map((item) => item.state)).toMatchObject([{ is: 'unknown', fault: { code: 'IDENTITY_CHANGED' } }, { is: 'waiting' }]);
  await box.discard(box.snapshot()[0]!.id);
  expect(box.snapshot()).toHaveLength(2);
  changed = lost = false;
  await until(box);
  expect(bodies(server)).toEqual(['1', '2']);
  await chained(server);
});

test('no answer, but the event in a sync: it is saved, nothing is sent again, and the chain goes on', async () => {
  const server = new Server();
  let lost = true;
  let sent = 0;
  server.lose = () => {
    sent++;
    if (lost) throw new NoAnswer();
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await settled(box);
  lost = false;
  box.came(box.snapshot()[0]!.id, '$1');
  await until(box);
  expect(box.snapshot()[0]?.state).toEqual({ is: 'saved', eventId: '$1' });
  expect(sent).toBe(1);
  await box.add('m.room.message', text('2'));
  await until(box);
  await chained(server);
});

test('the event comes before the answer, which never comes: the next one does not wait for it', async () => {
  const server = new Server();
  const { send } = server;
  let first = true;
  server.send = async (type, id, content) => {
    const eventId = await send(type, id, content);
    if (!first) return eventId;
    first = false;
    box.came(id, eventId);
    return new Promise<string>(() => undefined);
  };
  const box = new Outbox(server);
  await box.add('m.room.message', text('1'));
  await box.add('m.room.message', text('2'));
  await until(box);
  await chained(server);
});

test('signed out meanwhile: it waits, and leaves after the next sign-in', async () => {
  const server = new Server();
  server.fail = () => {
    throw new SignedOut();
  };
  const before = new Outbox(server);
  await before.add('m.room.message', text('1'));
  await settled(before);
  expect(before.snapshot()[0]?.state).toEqual({ is: 'waiting' });
  before.close();
  server.fail = () => undefined;
  const after = new Outbox(server, server.kept);
  after.flush();
  await until(after);
  expect(bodies(server)).toEqual(['1']);
  await chained(server);
});

test('a full disk, and the tab closes: no number is used twice, and the next run says after what it begins', async () => {
  const server = new Server();
  const before = new Outbox(server);
  await before.add('m.room.message', text('1'));
  await until(before);
  server.full = true;
  await before.add('m.room.message', text('2'));
  await before.add('m.room.message', text('3'));
  await until(before);
  before.close();
  for (const body of ['4', '5']) {
    const after = new Outbox(server, server.kept); // the disk stays full
    await after.add('m.room.message', text(body));
    await until(after);
    after.close();
  }
  expect(placesIn(server)).toEqual(['1:1', '1:2', '1:3', '2:1 after 1:1', '3:1 after 1:1']);
  await chained(server);
});

test('a disk that was full from the start: each run begins a chain of its own', async () => {
  const server = new Server();
  server.full = true;
  for (const body of ['1', '2']) {
    const box = new Outbox(server, server.kept);
    await box.add('m.room.message', text(body));
    await until(box);
    box.close();
  }
  expect(placesIn(server)).toEqual(['1:1', '2:1']);
  await chained(server);
});

test('kept, and the disk was full when it left: the next run sends it again, and goes on from what the server has', async () => {
  for (const readable of [true, false]) {
    const server = new Server();
    server.fail = () => {
      throw new SignedOut();
    };
    const before = new Outbox(server);
    await before.add('m.room.message', text('1'));
    await before.add('m.room.message', text('2'));
    await settled(before);
    server.full = true;
    server.fail = () => undefined;
    await until(before);
    before.close();
    server.full = false;
    server.readable = readable;
    const after = new Outbox(server, server.kept);
    await after.add('m.room.message', text('3'));
    await until(after);
    expect(bodies(server)).toEqual(['1', '2', '3']);
    await chained(server);
    expect(placesIn(server)).toEqual(['1:1', '1:2', readable ? '2:1 after 1:2' : '2:1']);
  }
});

test('refused with a full disk: the place that was freed is used by nothing else, for the next run sends again what it kept', async () => {
  const server = new Server();
  const before = new Outbox(server);
  server.fail = () => {
    throw new NoAnswer();
  };
  await before.add('m.room.message', text('1'));
  await settled(before);
  const id = before.snapshot()[0]!.id;
  server.full = true;
  server.fail = (one) => {
    if (one === id) throw new Refused();
  };
  await later(before);
  expect(before.snapshot()[0]?.state.is).toBe('stopped');
  await before.add('m.room.message', text('2'));
  await settled(before);
  before.close();
  server.fail = () => undefined;
  const after = new Outbox(server, server.kept);
  after.flush();
  await until(after);
  expect(bodies(server)).toEqual(['2', '1']);
  expect(new Set(placesIn(server)).size).toBe(2);
  await chained(server);
});

test('what an earlier client counted, whose runs had no names, is gone on from', async () => {
  const server = new Server();
  const box = new Outbox(server, { chain: { n: 41, prev: 'hash' }, items: [] });
  await box.add('m.room.message', text('42'));
  await until(box);
  expect(readEnvelope([...server.stored.values()][0]!)).toMatchObject({ n: 1, prev: 'hash', after: { run: '', n: 41 } });
});

test('what is sent says what its device saw since the message before, and is signed; the next one fixes the signature too', async () => {
  const server = new Server();
  server.sign = (content) => Promise.resolve({ ...content, 'org.wardroom.envelope': { ...readEnvelope(content), sig: 'signature' } as never });
  const box = new Outbox(server);
  await box.add('m.room.message', text('one'));
  await box.add('m.room.message', text('two'));
  await until(box, 'saved', 'saved');
  const [one, two] = [...server.stored.values()];
  expect(readEnvelope(one!)).toMatchObject({ n: 1, seen: '$0', sig: 'signature' });
  expect(readEnvelope(one!)?.between).toBeUndefined();
  expect(readEnvelope(two!)).toMatchObject({ n: 2, seen: '$1', between: '$0 to $1', sig: 'signature', prev: await contentHash(one!) });
});

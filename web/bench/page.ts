// What bench/search.mjs runs in the browser: one engine, from nothing to answers, then again after a reload.

import { RemoteArchive } from '../src/search/remote';
import type { Message } from '../src/search/segment';
import { corpus, queries } from './corpus';

interface Engine {
  build: (messages: Message[]) => Promise<void>;
  load: () => Promise<void>;
  search: (text: string) => Promise<number> | number;
  /** Keeps one message that has come, so that a reload has it. */
  one?: (message: Message) => Promise<void>;
}

type Found = Record<string, unknown>;

const database = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('others');
    request.onupgradeneeded = () => request.result.createObjectStore('all');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB'));
  });
async function keep(values: [string, unknown][]): Promise<void> {
  const db = await database();
  await new Promise<void>((resolve) => {
    const transaction = db.transaction('all', 'readwrite', { durability: 'strict' });
    for (const [name, value] of values) transaction.objectStore('all').put(value, name);
    transaction.oncomplete = () => resolve();
  });
  db.close();
}
async function kept(): Promise<[string, string][]> {
  const db = await database();
  const store = db.transaction('all').objectStore('all');
  const read = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const names = await read(store.getAllKeys());
  const values = (await read(store.getAll())) as string[];
  db.close();
  return names.map((name, n) => [name as string, values[n] ?? '']);
}

/** Bigrams of Han and kana, words of the rest: what either library is given as its tokenizer. */
function tokens(text: string): string[] {
  const out: string[] = [];
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]+|[\p{L}\p{N}]+/gu)) {
    if (/^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u.test(run)) {
      for (let i = 0; i < Math.max(1, run.length - 1); i++) out.push(run.slice(i, i + 2));
    } else out.push(run.normalize('NFD').replace(/\p{M}/gu, ''));
  }
  return out;
}

async function engineOf(name: string): Promise<Engine> {
  if (name === 'wardroom') {
    let archive = new RemoteArchive();
    return {
      build: async (messages) => {
        // As the history comes: a page of a hundred at a time, each kept before the next.
        for (let n = 0; n < messages.length; n += 100) await archive.ask('take', messages.slice(n, n + 100), []);
        await archive.close();
        archive = new RemoteArchive();
        await archive.ask('size');
      },
      load: async () => void (await archive.ask('size')),
      search: async (text) => (await archive.ask('search', { text, limit: 50 })).total,
      one: async (message) => void (await archive.ask('take', [message], [])),
    };
  }
  if (name === 'minisearch') {
    // @ts-ignore -- installed only where the comparison is wanted
    const { default: MiniSearch } = await import('minisearch');
    const options = { fields: ['body'], storeFields: ['room', 'sender', 'at', 'body'], tokenize: tokens, processTerm: (term: string) => term, searchOptions: { combineWith: 'AND' as const } };
    let index = new MiniSearch(options);
    return {
      build: async (messages) => {
        index.addAll(messages);
        await keep([['index', JSON.stringify(index)]]);
      },
      load: async () => {
        index = MiniSearch.loadJSON((await kept())[0]![1], options);
      },
      search: (text) => index.search(text).sort((a: Found, b: Found) => Number(b['at']) - Number(a['at'])).length,
      one: async (message) => {
        index.add(message);
        await keep([['index', JSON.stringify(index)]]);
      },
    };
  }
  // @ts-ignore -- installed only where the comparison is wanted
  const { default: FlexSearch } = await import('flexsearch');
  const make = () => new FlexSearch.Index({ encode: tokens, tokenize: 'strict', fastupdate: false });
  let index = make();
  let store = new Map<string, Message>();
  const save = async (): Promise<void> => {
    const values: [string, unknown][] = [['messages', JSON.stringify([...store.values()])]];
    await index.export((key: string, data: string) => void values.push([`index/${key}`, data]));
    await keep(values);
  };
  return {
    build: async (messages) => {
      for (const message of messages) {
        store.set(message.id, message);
        index.add(message.id, message.body);
      }
      await save();
    },
    load: async () => {
      index = make();
      for (const [key, data] of await kept()) {
        if (key === 'messages') store = new Map((JSON.parse(data) as Message[]).map((message) => [message.id, message]));
        else index.import(key.slice('index/'.length), data);
      }
    },
    search: (text) => {
      const found = index.search(text, { limit: 1_000_000 }) as string[];
      return found.map((id) => store.get(id)!).sort((a, b) => b.at - a.at).length;
    },
    one: async (message) => {
      store.set(message.id, message);
      index.add(message.id, message.body);
      await save();
    },
  };
}

const quantile = (times: number[], q: number): number => times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))]!;
const heap = async (): Promise<number> => {
  const measured = await (performance as unknown as { measureUserAgentSpecificMemory: () => Promise<{ bytes: number }> }).measureUserAgentSpecificMemory();
  return measured.bytes;
};

async function asked(engine: Engine): Promise<Record<string, number>> {
  const times: number[] = [];
  let found = 0;
  let slowest = 0;
  let which = '';
  for (let round = 0; round < 5; round++) {
    for (const text of queries) {
      const from = performance.now();
      const total = await engine.search(text);
      const took = performance.now() - from;
      times.push(took);
      if (took > slowest) [slowest, which] = [took, text];
      if (round === 0 && total > 0) found++;
    }
  }
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), max: slowest, found, [`slowest: ${which}`]: slowest };
}

async function built(name: string, n: number): Promise<object> {
  const messages = [...corpus(n)];
  const engine = await engineOf(name);
  const from = performance.now();
  await engine.build(messages);
  return { build: performance.now() - from };
}

async function reloaded(name: string, n: number): Promise<object> {
  const before = await heap();
  const from = performance.now();
  const engine = await engineOf(name);
  await engine.load();
  const load = performance.now() - from;
  const first = performance.now();
  await engine.search('岸桥');
  const firstAnswer = performance.now() - first;
  const answers = await asked(engine);
  const held = (await heap()) - before;
  const extra = [...corpus(20, 11)];
  const one: number[] = [];
  for (const message of name === 'wardroom' ? extra : extra.slice(0, 2)) {
    const start = performance.now();
    await engine.one?.({ ...message, id: `$one${message.id}` });
    one.push(performance.now() - start);
  }
  return { load, firstAnswer, heap: held, ...answers, one: quantile(one, 0.5), n };
}

Object.assign(window, { built, reloaded });

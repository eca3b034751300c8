import { expect, test } from 'vitest';
import { corpus, queries } from '../../bench/corpus';
import { Folder, termsOf, type Term } from './fold';
import { SearchIndex } from './searchindex';
import type { Message } from './segment';

const message = (id: string, body: string, more: Partial<Message> = {}): Message => ({ id, body, room: '!a', sender: '@lin', at: 1000, sealed: true, ...more });
const ids = (index: SearchIndex, text: string): string[] => index.search({ text, limit: 50 }).hits.map((hit) => hit.id);

function indexOf(...messages: Message[]): SearchIndex {
  const index = new SearchIndex();
  for (const one of messages) index.put(one);
  return index;
}

/** What a reload finds: the kept segments, as JSON gives them back. */
class Shelf {
  readonly kept = new Map<number, string>();
  readonly written: number[] = [];

  keep(index: SearchIndex): void {
    const { keep, drop } = index.unsaved();
    for (const [n, segment] of keep) {
      this.kept.set(n, JSON.stringify(segment));
      this.written.push(segment.rows.length);
    }
    for (const n of drop) this.kept.delete(n);
  }

  load(): SearchIndex {
    const index = new SearchIndex();
    for (const [n, text] of [...this.kept].sort(([a], [b]) => a - b)) index.load(n, JSON.parse(text) as Parameters<SearchIndex['load']>[1]);
    return index;
  }
}

test('finds a message by any part of a text without spaces, the newest first', () => {
  const index = indexOf(
    message('$1', '岸桥的年检报告在三楼', { at: 1, lang: 'zh-Hans' }),
    message('$3', '橋式起重機的年檢報告', { at: 3 }),
    message('$2', 'クレーンの点検報告は三階です', { at: 2 }),
  );
  expect(ids(index, '年检报告')).toEqual(['$3', '$1']);
  expect(index.search({ text: '年检报告', limit: 9 }).hits.map((hit) => hit.lang)).toEqual([undefined, 'zh-Hans']);
  expect(ids(index, '報告')).toEqual(['$3', '$2', '$1']);
  expect(ids(index, '三')).toEqual(['$2', '$1']);
  expect(ids(index, 'くれーん')).toEqual(['$2']);
});

test('all terms must be there, in any order', () => {
  const index = indexOf(message('$1', '发票放在财务处'), message('$2', '财务处'), message('$3', 'the Café on pier 4'));
  expect(ids(index, '财务处 发票')).toEqual(['$1']);
  expect(ids(index, 'pier cafe')).toEqual(['$3']);
  expect(ids(index, 'pier 发票')).toEqual([]);
  expect(ids(index, '  ')).toEqual([]);
});

test('nothing is found across two messages', () => {
  expect(ids(indexOf(message('$1', '潮位'), message('$2', '表')), '潮位表')).toEqual([]);
});

test('asks about one room or one person, and counts by room', () => {
  const index = indexOf(message('$1', 'tide'), message('$2', 'tide', { room: '!b' }), message('$3', 'tide', { sender: '@mio' }));
  expect(index.search({ text: 'tide', room: '!b', limit: 9 }).hits.map((hit) => hit.id)).toEqual(['$2']);
  expect(index.search({ text: 'tide', sender: '@mio', limit: 9 }).hits.map((hit) => hit.id)).toEqual(['$3']);
  const { total, rooms, senders, hits } = index.search({ text: 'tide', limit: 1 });
  expect(total).toBe(3);
  expect(rooms).toEqual([['!a', 2], ['!b', 1]]);
  expect(senders).toEqual([['@lin', 2], ['@mio', 1]]);
  expect(hits).toHaveLength(1);
});

test('marks what was found in the words that were written', () => {
  const marked = (body: string, text: string): string[] => {
    const [hit] = indexOf(message('$1', body)).search({ text, limit: 1 }).hits;
    return hit!.marks.map(([from, to]) => hit!.excerpt.slice(from, to));
  };
  expect(marked('新 PDF 文件，pdf', 'ＰＤＦ文件')).toEqual(['PDF 文件']);
  expect(marked('Cafe\u0301 or café', 'cafe')).toEqual(['Cafe\u0301', 'café']);
  expect(marked('ﾃﾞｰﾀﾍﾞｰｽの複製', 'データ')).toEqual(['ﾃﾞｰﾀ']);
  expect(marked('會議紀錄', '会议 议纪')).toEqual(['會議紀']);
});

test('of a long message, shows where the terms stand', () => {
  const body = `${'前'.repeat(500)}潮位表${'😀'.repeat(300)}`;
  const [hit] = indexOf(message('$1', body)).search({ text: '潮位表', limit: 1 }).hits;
  expect(hit!.excerpt.length).toBeLessThanOrEqual(120);
  expect(hit!.cut).toEqual([true, true]);
  expect(hit!.marks.map(([from, to]) => hit!.excerpt.slice(from, to))).toEqual(['潮位表']);
  expect(hit!.excerpt).not.toMatch(/\p{Cs}/u); // no half of a character
});

test('an edit replaces, in whatever order history tells it', () => {
  const original = message('$1', '初稿', { at: 10 });
  const first = message('$1', '二稿', { at: 20, edit: { id: '$e1', at: 20 } });
  const second = message('$1', '终稿', { at: 30, edit: { id: '$e2', at: 30 } });
  for (const order of [[original, first, second], [second, first, original], [first, original, second]]) {
    const index = indexOf(...order);
    expect(ids(index, '终稿')).toEqual(['$1']);
    expect(ids(index, '初稿')).toEqual([]);
    expect(ids(index, '二稿')).toEqual([]);
    expect(index.search({ text: '终稿', limit: 1 }).hits[0]!.at).toBe(10);
    expect(index.size).toBe(1);
  }
});

test('nobody edits the message of another person', () => {
  const original = message('$1', 'mine');
  const foreign = message('$1', 'forged', { sender: '@eve', edit: { id: '$e', at: 99 } });
  for (const order of [[original, foreign], [foreign, original]]) {
    const index = indexOf(...order);
    expect(ids(index, 'mine')).toEqual(['$1']);
    expect(ids(index, 'forged')).toEqual([]);
  }
});

test('nothing in clear edits what was encrypted', () => {
  const original = message('$1', 'mine', { at: 10 });
  const forged = message('$1', 'forged', { at: 90, sealed: false, edit: { id: '$f', at: 90 } });
  const edit = message('$1', 'mended', { at: 20, edit: { id: '$e', at: 20 } });
  for (const order of [[original, forged], [forged, original]]) expect(ids(indexOf(...order), 'forged')).toEqual([]);
  for (const order of [[original, edit, forged], [forged, edit, original], [edit, forged, original], [original, forged, edit]]) {
    expect(ids(indexOf(...order), 'forged')).toEqual([]);
    expect(ids(indexOf(...order), 'mended')).toEqual(['$1']);
  }
  const open = message('$1', 'open', { sealed: false });
  for (const order of [[open, forged], [forged, open]]) expect(ids(indexOf(...order), 'forged')).toEqual(['$1']);
});

test('what was redacted is gone, and with a redacted edit its text', () => {
  const index = indexOf(message('$1', '初稿'), message('$1', '二稿', { edit: { id: '$e1', at: 20 } }), message('$2', '别的'));
  expect(index.remove('$e1')?.id).toBe('$1');
  expect(ids(index, '稿')).toEqual([]);
  index.put(message('$1', '初稿'));
  expect(ids(index, '初稿')).toEqual(['$1']);
  expect(index.remove('$2')?.id).toBe('$2');
  expect(index.remove('$2')).toBeUndefined();
  expect(ids(index, '别的')).toEqual([]);
});

test('a room can be taken out', () => {
  const index = indexOf(message('$1', 'tide'), message('$2', 'tide', { room: '!b' }));
  index.removeRoom('!a');
  expect(ids(index, 'tide')).toEqual(['$2']);
});

test('one message more writes few, and a reload has everything', () => {
  const shelf = new Shelf();
  const index = new SearchIndex();
  const all = [...corpus(1500)];
  for (const one of all) {
    index.put(one);
    shelf.keep(index);
  }
  // Each write was of a young segment, but for the merging of small ones into a large one.
  expect(shelf.written.length).toBeLessThan(all.length + 10);
  expect(shelf.written.filter((rows) => rows > 64).length).toBeLessThan(3);
  expect(shelf.kept.size).toBeLessThan(20);

  index.remove(all[5]!.id);
  index.put({ ...all[6]!, body: '改成別的話', lang: 'zh-Hant', edit: { id: '$edit', at: all[6]!.at + 1 } });
  shelf.keep(index);
  const again = shelf.load();
  expect(again.size).toBe(all.length - 1);
  expect(again.has(all[5]!.id)).toBe(false);
  expect([...shelf.kept.values()].join('')).not.toContain(all[5]!.id);
  expect(ids(again, '改成别的话')).toEqual([all[6]!.id]);
  for (const text of queries) expect(again.search({ text, limit: 20 })).toEqual(index.search({ text, limit: 20 }));
  expect(again.unsaved()).toEqual({ keep: [], drop: [] });
  expect(again.remove('$edit')?.id).toBe(all[6]!.id);
});

test('a stop between keeping a merged segment and deleting its parts loses and doubles nothing', () => {
  const shelf = new Shelf();
  const index = new SearchIndex();
  const all: Message[] = [];
  let before = new Map<number, string>();
  for (const one of corpus(1024)) {
    index.put(one);
    all.push(one);
    before = new Map(shelf.kept);
    shelf.keep(index);
    if (shelf.kept.size < before.size) break;
  }
  expect(before.size).toBeGreaterThan(shelf.kept.size);
  for (const [n, text] of before) if (!shelf.kept.has(n)) shelf.kept.set(n, text);
  const again = shelf.load();
  expect(again.size).toBe(all.length);
  expect(again.search({ text: '。', limit: 5 })).toEqual(index.search({ text: '。', limit: 5 }));
  shelf.keep(again);
  expect([...shelf.kept.values()].join('').split(all[0]!.id)).toHaveLength(2);
});

test('finds the same as reading every message', () => {
  const all = [...corpus(500, 3)];
  const index = indexOf(...all);
  const folded = all.map(({ body }) => Folder.map(body).folded);
  const has = (one: string, { text, atWord }: Term): boolean =>
    atWord ? one.split(/[^a-z0-9]+/).some((word) => word.startsWith(text)) : one.includes(text);
  for (const text of queries.filter((one) => one !== 'pdf议事')) {
    const terms = termsOf(text);
    expect([text, index.search({ text, limit: 1 }).total]).toEqual([text, folded.filter((one) => terms.every((term) => has(one, term))).length]);
  }
});

test('what people said who are left out is neither found nor counted', () => {
  const index = indexOf(message('1', 'crane'), message('2', 'crane', { sender: '@eve' }));
  expect(index.search({ text: 'crane', limit: 9, without: ['@eve'] })).toMatchObject({ total: 1, rooms: [['!a', 1]], senders: [['@lin', 1]], hits: [{ id: '1' }] });
});

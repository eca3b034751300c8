// What `npm run bench:search -- answers` runs outside of a browser: how much of the processor's time an answer takes. Other
// work on the machine makes an answer late, but does not change this.

import { SearchIndex } from '../src/search/searchindex';
import { Segment, type KeptSegment } from '../src/search/segment';
import { corpus, queries } from './corpus';

const perSegment = 1024;

/** Milliseconds of the processor for each answer of a round, the first of which is left out: the engine still compiles. */
export function answers(n: number, rounds = 5): object {
  const index = new SearchIndex();
  const messages = [...corpus(n)];
  for (let at = 0; at < messages.length; at += perSegment) {
    const segment = new Segment(at);
    for (const message of messages.slice(at, at + perSegment)) segment.put(message);
    index.load(at, structuredClone(segment.kept()) as KeptSegment);
  }
  const times: { took: number; text: string }[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const text of queries) {
      const from = process.cpuUsage();
      index.search({ text, limit: 50 });
      const { user, system } = process.cpuUsage(from);
      if (round > 0) times.push({ took: (user + system) / 1000, text });
    }
  }
  times.sort((a, b) => a.took - b.took);
  const at = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))];
  return { n, p50: at(0.5)?.took, p95: at(0.95)?.took, max: at(1)?.took, slowest: at(1)?.text };
}

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Asking, type Answerer } from './asking';
import type { Found, Question, Reach } from './search';
import { Store } from './store';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const reach: Reach = { standing: 'reading', rooms: 2, read: 1, version: 10, unreadable: 0 };

/** Answers when it is told to. */
class Slow extends Store<Reach> implements Answerer {
  readonly asked: { question: Question; limit: number; answer: (found: Found) => void }[] = [];

  constructor() {
    super(reach);
  }
  ask = (question: Question, limit: number): Promise<Found> => new Promise((answer) => this.asked.push({ question, limit, answer }));
  grow = (version: number): void => this.set({ ...reach, version });
}
const found = (total: number): Found => ({ total, shown: total, rooms: [], senders: [] });
const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(200).then(() => undefined);

test('what is typed is asked once the typing rests', async () => {
  const slow = new Slow();
  const asking = new Asking(slow);
  asking.ask({ text: '潮' });
  asking.ask({ text: '潮位' });
  await settle();
  expect(slow.asked.map(({ question }) => question.text)).toEqual(['潮位']);
});

test('a late answer to an earlier question is passed over', async () => {
  const slow = new Slow();
  const asking = new Asking(slow);
  asking.ask({ text: '潮' });
  await settle();
  asking.ask({ text: '潮位' });
  await settle();
  slow.asked[1]!.answer(found(1));
  slow.asked[0]!.answer(found(9));
  await settle();
  expect(asking.snapshot().found?.total).toBe(1);
});

test('an emptied box has no answer, not even a late one', async () => {
  const slow = new Slow();
  const asking = new Asking(slow);
  asking.ask({ text: '潮' });
  await settle();
  asking.ask({ text: ' ' });
  slow.asked[0]!.answer(found(9));
  await settle();
  expect(asking.snapshot().found).toBeUndefined();
});

test('it is asked again while messages come in, and for more', async () => {
  const slow = new Slow();
  const asking = new Asking(slow);
  asking.ask({ text: '潮', room: '!a' });
  await settle();
  slow.asked[0]!.answer(found(60));
  await settle();
  slow.grow(20);
  await vi.advanceTimersByTimeAsync(1000);
  asking.more();
  await settle();
  expect(slow.asked.map(({ question, limit }) => [question.room, limit])).toEqual([['!a', 50], ['!a', 50], ['!a', 100]]);
});

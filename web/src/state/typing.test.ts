import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TellTyping } from './typing';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function telling(allowed = () => true) {
  const tell = vi.fn((...said: [boolean, number]) => Promise.reject(new Error(`offline, ${said.length}`)));
  const said = (): boolean[] => tell.mock.calls.map(([typing]) => typing);
  return { typing: new TellTyping(tell, allowed), said };
}

test('it is told at most every few seconds, and once that it is over', async () => {
  const { typing, said } = telling();
  for (let n = 0; n < 50; n++) {
    typing.typed(false);
    await vi.advanceTimersByTimeAsync(200);
  }
  expect(said()).toEqual([true, true, true]);
  typing.stop();
  typing.stop();
  expect(said()).toEqual([true, true, true, false]);
});

test('an empty field is no typing, and what the server has stopped believing is not taken back', async () => {
  const { typing, said } = telling();
  typing.typed(true);
  expect(said()).toEqual([]);
  typing.typed(false);
  await vi.advanceTimersByTimeAsync(11_000);
  typing.typed(true);
  expect(said()).toEqual([true]);
});

test('who does not want to show it shows nothing, also where they change their mind while writing', () => {
  let allowed = false;
  const { typing, said } = telling(() => allowed);
  typing.typed(false);
  expect(said()).toEqual([]);
  allowed = true;
  typing.typed(false);
  allowed = false;
  typing.typed(false);
  expect(said()).toEqual([true, false]);
});

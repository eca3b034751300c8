import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConnectionError } from 'matrix-js-sdk/lib/http-api/errors';
import { Picture } from './pictures';

const freed: string[] = [];
let made = 0;

beforeEach(() => {
  vi.useFakeTimers();
  freed.length = made = 0;
  URL.createObjectURL = () => `blob:${++made}`;
  URL.revokeObjectURL = (url) => void freed.push(url);
});
afterEach(() => vi.useRealTimers());

function set(first: string | undefined) {
  let mxc = first;
  const fetch = vi.fn((address: string) => Promise.resolve(new Blob([address])));
  const picture = new Picture(() => mxc, fetch);
  return { picture, fetch, become: (next: string | undefined) => (mxc = next) };
}
const settle = () => vi.advanceTimersByTimeAsync(0);

test('a picture is fetched when it is shown, once for all who show it, and freed a while after the last', async () => {
  const { picture, fetch } = set('mxc://port/a');
  picture.look();
  expect(fetch).not.toHaveBeenCalled();
  const stops = [picture.subscribe(() => undefined), picture.subscribe(() => undefined)];
  await settle();
  expect(fetch).toHaveBeenCalledExactlyOnceWith('mxc://port/a');
  expect(picture.snapshot()).toBe('blob:1');
  stops.forEach((stop) => stop());
  expect(freed).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(freed).toEqual(['blob:1']);
  expect(picture.snapshot()).toBeUndefined();
});

test('another picture takes its place, and none gives the place back', async () => {
  const { picture, become } = set('mxc://port/a');
  const heard = vi.fn();
  picture.subscribe(heard);
  await settle();
  become('mxc://port/b');
  picture.look();
  await settle();
  expect([picture.snapshot(), freed]).toEqual(['blob:2', ['blob:1']]);
  become(undefined);
  picture.look();
  expect(picture.snapshot()).toBeUndefined();
  expect(heard).toHaveBeenCalledTimes(3);
});

test('what did not come for want of an answer is asked for again; what cannot come is not', async () => {
  const { picture, fetch } = set('mxc://port/a');
  fetch.mockRejectedValueOnce(new ConnectionError('no answer'));
  picture.subscribe(() => undefined);
  await settle();
  expect(picture.snapshot()).toBeUndefined();
  fetch.mockRejectedValueOnce(new Error('no picture'));
  picture.look();
  await settle();
  picture.look();
  await settle();
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('a picture that comes after another took its place is not shown', async () => {
  const { picture, fetch, become } = set('mxc://port/a');
  let late: ((blob: Blob) => void) | undefined;
  fetch.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
  picture.subscribe(() => undefined);
  become(undefined);
  picture.look();
  late?.(new Blob());
  await settle();
  expect([picture.snapshot(), made]).toEqual([undefined, 0]);
});

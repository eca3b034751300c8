import { expect, test, vi } from 'vitest';
import { Version } from './version';

/** A browser's service workers, as far as Version looks at them. */
function browser(controlled: boolean) {
  const worker = () => Object.assign(new EventTarget(), { state: 'installed', postMessage: vi.fn() });
  const none: { active?: EventTarget | null; installing?: EventTarget | null; waiting?: EventTarget | null } = { active: null, installing: null, waiting: null };
  const kept = Object.assign(new EventTarget(), none, { update: () => Promise.resolve() });
  const workers = Object.assign(new EventTarget(), { controller: controlled ? {} : null, register: vi.fn(() => Promise.resolve(kept)) });
  const reload = vi.fn();
  const version = new Version(workers as unknown as ServiceWorkerContainer, reload);
  /** A build is installed: it waits where another is at work. */
  const installs = () => {
    const next = worker();
    kept.installing = next;
    kept.dispatchEvent(new Event('updatefound'));
    kept.installing = null;
    if (kept.active === null) kept.active = next;
    else kept.waiting = next;
    next.dispatchEvent(new Event('statechange'));
    return next;
  };
  return { version, workers, reload, installs };
}

test('the first build is no news; a second one is, and it waits for the person', async () => {
  const { version, reload, installs } = browser(false);
  await version.watch();
  installs();
  expect(version.snapshot()).toBe('current');
  const next = installs();
  expect(version.snapshot()).toBe('ready');
  expect(next.postMessage).not.toHaveBeenCalled();
  expect(reload).not.toHaveBeenCalled();
});

test('taking it changes over first and loads the page anew once that is done', async () => {
  const { version, reload, installs } = browser(true);
  await version.watch();
  installs();
  const next = installs();
  version.take();
  expect(next.postMessage).toHaveBeenCalledExactlyOnceWith('take over');
  expect(reload).not.toHaveBeenCalled();
  next.state = 'activated';
  next.dispatchEvent(new Event('statechange'));
  expect(reload).toHaveBeenCalledOnce();
});

test('where another tab has changed over, this page says so and goes on', async () => {
  const { version, workers, reload } = browser(true);
  await version.watch();
  workers.dispatchEvent(new Event('controllerchange'));
  expect(version.snapshot()).toBe('ready');
  expect(reload).not.toHaveBeenCalled();
  version.take();
  expect(reload).toHaveBeenCalledOnce();
});

test('a browser that refuses the service worker is left in peace', async () => {
  const { version, workers } = browser(false);
  workers.register.mockRejectedValueOnce(new Error('no'));
  await version.watch();
  expect(version.snapshot()).toBe('current');
  await new Version(undefined, () => undefined).watch();
});

import { useSyncExternalStore } from 'react';
import type { Readable } from './store';

/** The one door between state/ and React: the store's value, rendered again whenever it is replaced. */
export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** A part of a store's value, rendered again only when that part is another one. `part` may make nothing new. */
export function usePart<T, P>(store: Readable<T>, part: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => part(store.snapshot()));
}

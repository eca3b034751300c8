import { useSyncExternalStore } from 'react';
import type { Readable } from './store';

/** The one door between state/ and React: the store's value, rendered again whenever it is replaced. */
export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

import { createContext, useContext, useSyncExternalStore } from 'react';

/** Where the pictures of people and rooms come from: by id, the address of one that this page may draw, or undefined. */
export interface Pictures {
  /** The same object for the same id. */
  readonly of: (id: string) => { readonly snapshot: () => string | undefined; readonly subscribe: (listener: () => void) => () => void };
}

const none = { snapshot: () => undefined, subscribe: () => () => undefined };

/** Whoever draws the page says here where its pictures come from. Without it there are none. */
export const PicturesContext = createContext<Pictures | undefined>(undefined);

/** The picture of a person or a room, as an address to draw, while it is known. */
export function usePicture(id: string): string | undefined {
  const source = useContext(PicturesContext)?.of(id) ?? none;
  return useSyncExternalStore(source.subscribe, source.snapshot);
}

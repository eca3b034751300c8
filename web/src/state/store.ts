/** Something with a value that changes: the value is replaced, never changed in place. */
export interface Readable<T> {
  snapshot: () => T;
  subscribe: (listener: () => void) => () => void;
}

/** The base of everything in state/. Subclasses call `set`; listeners hear of it after the value is in place. */
export class Store<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly snapshot = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  protected set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }
}

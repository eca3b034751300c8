import { Store } from './store';

class Now extends Store<number> {
  constructor() {
    super(Date.now());
    setInterval(() => this.set(Date.now()), 60_000);
  }
}

/** The time, to the minute, in milliseconds since 1970: for what reads differently tomorrow. */
export const now = new Now();

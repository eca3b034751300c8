import { learnHome } from '../wire/home';
import { organisationName } from '../wire/login';
import { Store } from './store';

const kept = 'wardroom.organisation';

/** What the organisation calls itself, as the server said it last; undefined where it does not say. Everybody may know it. */
class Organisation extends Store<string | undefined> {
  constructor() {
    super(localStorage.getItem(kept) ?? undefined);
  }

  /** Asks the server. Without an answer the name of last time stays. */
  async learn(): Promise<void> {
    const name = await learnHome().then(organisationName).catch(() => this.snapshot());
    if (name === undefined) localStorage.removeItem(kept);
    else localStorage.setItem(kept, name);
    this.set(name);
  }
}

export const organisation = new Organisation();

// Whether this browser may tell of new messages outside of the page, and how much it says there. Chosen in this browser,
// for this browser: whoever passes its screen reads it.

import { Store } from './store';

/** How much stands in a notification: who wrote what; in which room; only that there is something. */
export type Said = 'words' | 'room' | 'nothing';

/** In the order in which they are offered. */
export const saidInOrder: readonly Said[] = ['words', 'room', 'nothing'];

export interface Notifying {
  /** `no`: the browser has no notifications; `refused`: it was told to show none; `unasked`: nobody has asked it. */
  readonly browser: 'no' | 'refused' | 'unasked' | 'allowed';
  /** Whether notifications are shown, where the browser allows them. */
  readonly on: boolean;
  readonly said: Said;
  /** Whether the person has answered, either way, the line that offers notifications. */
  readonly answered: boolean;
}

const kept = 'wardroom.notifying';

export class NotifyingStore extends Store<Notifying> {
  constructor() {
    super({ browser: browserSays(), on: true, said: 'room', answered: false, ...read() });
  }

  /** Asks the browser, where it was not asked before, and turns notifications on. To be called by an act of the person alone. */
  readonly turnOn = async (): Promise<void> => {
    if (browserSays() === 'unasked') await Notification.requestPermission();
    this.#keep({ on: true, answered: true });
  };

  readonly turnOff = (): void => this.#keep({ on: false, answered: true });

  /** The person wants no notifications and not to be offered them again. */
  readonly notNow = (): void => this.#keep({ answered: true });

  readonly sayIn = (said: Said): void => this.#keep({ said });

  #keep(change: Partial<Notifying>): void {
    const { on, said, answered } = { ...this.snapshot(), ...change };
    localStorage.setItem(kept, JSON.stringify({ on, said, answered }));
    this.set({ browser: browserSays(), on, said, answered });
  }
}

function browserSays(): Notifying['browser'] {
  if (!('Notification' in globalThis)) return 'no';
  return ({ granted: 'allowed', denied: 'refused', default: 'unasked' } as const)[Notification.permission];
}

function read(): Partial<Notifying> {
  try {
    const value = JSON.parse(localStorage.getItem(kept) ?? '{}') as Partial<Record<keyof Notifying, unknown>>;
    const said = saidInOrder.find((one) => one === value.said);
    return { on: value.on !== false, answered: value.answered === true, ...(said === undefined ? {} : { said }) };
  } catch {
    return {};
  }
}

export const notifying = new NotifyingStore();

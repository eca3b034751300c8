import type { Message, MissingItem } from '../state/timeline';

type Gap = MissingItem['gap'];

/** What can be done with the rows of a timeline. */
export interface Acts {
  retry: (key: string) => void;
  discard: (key: string) => void;
  /** Puts a text that can never leave as it is back to where one writes. */
  rewrite: (message: Message) => void;
  reply: (message: Message) => void;
  edit: (message: Message) => void;
  /** It throws where it was not done. */
  remove: (message: Message) => Promise<void>;
  /** Somebody else's message is to be reported. */
  report: (message: Message) => void;
  react: (message: Message, key: string) => void;
  /** It throws where it was not done. */
  unreact: (id: string) => Promise<void>;
  /** Opens the thread that begins with a message, or will; undefined inside of a thread. */
  answerInThread: ((message: Message) => void) | undefined;
  /** Where a thread that begins with a message is to be found; undefined there. */
  threadHref: ((root: string) => string) | undefined;
  /** What can be done about something that is missing; undefined in a thread. ask throws where it was not done. */
  missing?: { ask: (gap: Gap) => Promise<unknown>; report: () => void };
  /** Goes to a message, which may have to be fetched. */
  jump: (id: string) => void;
}

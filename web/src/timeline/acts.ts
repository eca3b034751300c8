import type { Message } from '../state/timeline';

/** What can be done with the rows of a timeline. */
export interface Acts {
  retry: (key: string) => void;
  discard: (key: string) => void;
  reply: (message: Message) => void;
  edit: (message: Message) => void;
  /** It throws where it was not done. */
  remove: (message: Message) => Promise<void>;
  react: (message: Message, key: string) => void;
  /** It throws where it was not done. */
  unreact: (id: string) => Promise<void>;
  /** Goes to a message, which may have to be fetched. */
  jump: (id: string) => void;
}

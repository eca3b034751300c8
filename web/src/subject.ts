import type { About } from './state/compose';
import type { Draft, Subject } from './state/draft';
import type { Message, TimelineItem } from './state/timeline';

/** What a text is about that is written to a subject. */
export function subject(about: Subject | undefined): About | undefined {
  const id = about?.message.id;
  if (about === undefined || id === undefined) return undefined;
  const { is, message } = about;
  if (is === 'reply') return { is: 'reply', to: id, sender: message.sender.id };
  const had = { ids: message.mentions?.people.map((person) => person.id) ?? [], all: message.mentions?.all ?? false };
  return { is: 'edit', of: id, had, answers: message.quote?.of?.sender.id };
}

/** Puts a message of one's own that could not be sent back into a draft, with what it was about. */
export function takeBack(draft: Draft, message: Message, items: readonly TimelineItem[]): void {
  const answered = items.find((item) => item.id !== undefined && item.id === message.quote?.id);
  if (message.outKey !== message.key) draft.takeBack(message.body, { is: 'edit', message });
  else draft.takeBack(message.body, answered?.is === 'message' ? { is: 'reply', message: answered } : undefined);
}

import type { About } from './state/compose';
import type { Subject } from './state/draft';

/** What a text is about that is written to a subject. */
export function subject(about: Subject | undefined): About | undefined {
  const id = about?.message.id;
  if (about === undefined || id === undefined) return undefined;
  const { is, message } = about;
  if (is === 'reply') return { is: 'reply', to: id, sender: message.sender.id };
  const had = { ids: message.mentions?.people.map((person) => person.id) ?? [], all: message.mentions?.all ?? false };
  return { is: 'edit', of: id, had, answers: message.quote?.of?.sender.id };
}

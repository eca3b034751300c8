// From what a person writes to the content of an event. Pure.

import type { Content } from '../crypto/envelope';
import { htmlOf } from './markdown';
import { mentionContent, namedIn, namesEverybody, namesOf, type Nameable } from './mentions';

/** What a text is about: an answer to a message, or other words for one of one's own. */
export type About =
  | { readonly is: 'reply'; readonly to: string; readonly sender: string }
  /** `answers` is whom the message answered, if anybody; `had` is whom it names so far. */
  | { readonly is: 'edit'; readonly of: string; readonly had: { readonly ids: readonly string[]; readonly all: boolean }; readonly answers?: string | undefined };

/** Where a text is written: who is there, and whether everybody may be named at once. */
export interface Where {
  readonly people: readonly Nameable[];
  readonly all: boolean;
  /** The thread it belongs to, and the last event there. */
  readonly thread?: Thread | undefined;
}

export interface Thread {
  readonly root: string;
  readonly last: string;
}

/** The content of a message, before its envelope. */
export function messageContent(text: string, about: About | undefined, where: Where): Content {
  const html = htmlOf(text, namesOf(where.people));
  const named = namedIn(html);
  const all = where.all && namesEverybody(text);
  const words: Content = { msgtype: 'm.text', body: text, ...(html === undefined ? {} : { format: 'org.matrix.custom.html', formatted_body: html }) };
  switch (about?.is) {
    case undefined:
      return { ...words, 'm.mentions': mentionContent(named, all), ...inThread(where.thread) };
    case 'reply':
      return { ...words, 'm.mentions': mentionContent([...new Set([about.sender, ...named])], all), ...inThread(where.thread, about.to) };
    case 'edit': {
      // All names stand in the new content; outside of it the new ones alone, for nobody is told twice.
      const now = [...new Set([...(about.answers === undefined ? [] : [about.answers]), ...named])];
      const added = now.filter((id) => !about.had.ids.includes(id));
      const after: Content = { ...words, 'm.mentions': mentionContent(now, all) };
      const outside: Content = html === undefined ? {} : { format: 'org.matrix.custom.html', formatted_body: `* ${html}` };
      return {
        msgtype: 'm.text',
        body: `* ${text}`,
        ...outside,
        'm.mentions': mentionContent(added, all && !about.had.all),
        'm.new_content': after,
        'm.relates_to': { rel_type: 'm.replace', event_id: about.of },
      };
    }
  }
}

/**
 * What places a message in a thread, or makes it an answer, or both. Clients that know no threads show it as an answer to
 * the thread's last message.
 *
 * Spec: client-server API, threading, fallback for unthreaded clients.
 */
export function inThread(thread: Thread | undefined, to?: string): Content {
  if (thread === undefined) return to === undefined ? {} : { 'm.relates_to': { 'm.in_reply_to': { event_id: to } } };
  return {
    'm.relates_to': { rel_type: 'm.thread', event_id: thread.root, is_falling_back: to === undefined, 'm.in_reply_to': { event_id: to ?? thread.last } },
  };
}

/** The content of a reaction. */
export function reactionContent(target: string, key: string): Content {
  return { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key } };
}

// From what a person writes to the content of an event. Pure.

import type { Content } from '../crypto/envelope';
import { htmlOf } from './markdown';

/** What a text is about: an answer to a message, or other words for one of one's own. */
export type About = { readonly is: 'reply'; readonly to: string; readonly sender: string } | { readonly is: 'edit'; readonly of: string };

/** The content of a message, before its envelope. */
export function messageContent(text: string, about: About | undefined): Content {
  const html = htmlOf(text);
  const words: Content = { msgtype: 'm.text', body: text, ...(html === undefined ? {} : { format: 'org.matrix.custom.html', formatted_body: html }) };
  switch (about?.is) {
    case undefined:
      return words;
    case 'reply':
      return { ...words, 'm.mentions': { user_ids: [about.sender] }, 'm.relates_to': { 'm.in_reply_to': { event_id: about.to } } };
    case 'edit':
      return { msgtype: 'm.text', body: `* ${text}`, 'm.new_content': words, 'm.relates_to': { rel_type: 'm.replace', event_id: about.of } };
  }
}

/** The content of a reaction. */
export function reactionContent(target: string, key: string): Content {
  return { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key } };
}

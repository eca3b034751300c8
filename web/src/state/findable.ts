// What an event means for the search. Pure: the same event says the same.

import { RelationType, type MatrixEvent } from 'matrix-js-sdk';
import { readEnvelope } from '../crypto/envelope';
import { cleanTag, languageOf } from '../lang/script';
import type { Message } from '../search/segment';

export type Change =
  | { readonly put: Message }
  /** A message or an edit that is gone. */
  | { readonly remove: string };

/** What event changes in what can be found: undefined if nothing, or if it is not decrypted. */
export function changeOf(event: MatrixEvent): Change | undefined {
  const id = event.getId();
  const room = event.getRoomId();
  const sender = event.getSender();
  if (id === undefined || !id.startsWith('$') || room === undefined || sender === undefined || event.isState()) return undefined;
  if (event.getType() === 'm.room.redaction') {
    const which: unknown = event.event.redacts ?? event.getContent()['redacts'];
    return typeof which === 'string' ? { remove: which } : undefined;
  }
  if (event.isRedacted()) return { remove: id };
  if (event.getType() !== 'm.room.message' || event.isDecryptionFailure()) return undefined;
  const content = event.getOriginalContent<Record<string, unknown>>();
  const at = event.getTs();
  const sealed = event.isEncrypted();
  const lang = cleanTag(readEnvelope(event.getClearContent() ?? content)?.lang);
  const relation = event.getRelation();
  if (relation?.rel_type === RelationType.Replace) {
    const body = bodyOf(content['m.new_content']);
    if (relation.event_id === undefined || body === undefined) return undefined;
    return { put: { id: relation.event_id, room, sender, at, sealed, body, ...spoken(body, lang), edit: { id, at } } };
  }
  const body = bodyOf(content);
  return body === undefined ? undefined : { put: { id, room, sender, at, sealed, body, ...spoken(body, lang) } };
}

function spoken(body: string, told: string | undefined): { lang?: string } {
  const lang = told ?? languageOf(body);
  return lang === undefined ? {} : { lang };
}

/** What a message says, without what some clients repeat of the message it answers. */
function bodyOf(content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { msgtype, body, 'm.relates_to': relates } = content as Record<string, unknown>;
  if (typeof body !== 'string' || body === '' || typeof msgtype !== 'string' || msgtype.startsWith('m.key.verification')) return undefined;
  const answers = typeof relates === 'object' && relates !== null && 'm.in_reply_to' in relates;
  return answers ? body.replace(/^(> .*(\n|$))+\n?/, '') : body;
}

// Where gaps stand among what was said. Pure.

import type { Room } from 'matrix-js-sdk';
import type { Gap } from '../delivery/gaps';
import { cleanTag, languageOf } from '../lang/script';
import { readEnvelope } from '../crypto/envelope';
import { captionOf, fileOf } from './file';
import { straight } from './oneline';
import { personIn } from './person';
import type { HandedMessage, MissingItem, TimelineItem } from './timeline';

/** What of a stretch must be known. */
interface Ends {
  readonly fromStart: boolean;
  readonly toEnd: boolean;
}

/**
 * The items with the gaps among them, each before the event from which it follows. Where that is no item of its own, an edit or an
 * answer in a thread, its time says where; a gap that lies outside of the stretch is not shown.
 */
export function withGaps(room: Room, items: readonly TimelineItem[], gaps: readonly Gap[], { fromStart, toEnd }: Ends): TimelineItem[] {
  const all = [...items];
  for (const gap of gaps) {
    const exact = all.findIndex((item) => item.id === gap.before);
    const later = all.findIndex((item) => item.at >= gap.at);
    const place = exact >= 0 ? exact : later < 0 ? all.length : later;
    const inside = exact >= 0 || ((place > 0 || fromStart) && (place < all.length || toEnd));
    if (inside && all.length > 0) all.splice(place, 0, itemOf(room, gap));
  }
  return all;
}

function itemOf(room: Room, gap: Gap): MissingItem {
  const handed = gap.handed.map(({ id, by, sender, at, content, checked }): HandedMessage => {
    const body = fileOf(content) === undefined ? straight(typeof content['body'] === 'string' ? content['body'] : '') : captionOf(content);
    return { id, by: personIn(room, by), sender: personIn(room, sender), at, body, lang: cleanTag(readEnvelope(content)?.lang) ?? languageOf(body), checked };
  });
  return { is: 'gap', key: gap.key, id: undefined, sender: personIn(room, gap.sender), mine: false, at: gap.at, gap, handed };
}

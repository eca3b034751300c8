import { find, Folder, termsOf } from '../search/fold';
import type { RoomEntry } from './roomlist';

/** The rooms and people that are called by the words of a text, compared as the search compares messages. None for no words. */
export function named<T extends Pick<RoomEntry, 'name' | 'with'>>(entries: readonly T[], text: string): readonly T[] {
  const terms = termsOf(text);
  if (terms.length === 0) return [];
  return entries.filter((entry) => {
    const { folded } = Folder.map(`${entry.name} ${entry.with?.id ?? ''}`);
    return terms.every((term) => find(folded, term, 0) !== -1);
  });
}

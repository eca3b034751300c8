import type { Say } from '../lang/lang';
import { namesIn, saidIn, yesIn, type Entry } from '../state/record';

/** What an entry says, in sentences. Of a kind that is not known here nothing is said. */
export function saidBy(say: Say, entry: Entry): readonly string[] {
  switch (entry.kind) {
    case 'genesis':
      return [say(yesIn(entry, 'running') ? 'record.says.running' : 'record.says.new'), witnesses(say, entry)];
    case 'policy':
      return [witnesses(say, entry)];
    case 'client':
      return [say('record.says.client', { version: saidIn(entry, 'version'), build: saidIn(entry, 'build').slice(0, 16) })];
    default:
      return [];
  }
}

function witnesses(say: Say, entry: Entry): string {
  const names = namesIn(saidIn(entry, 'policy'));
  return names.length === 0 ? say('record.says.nobody') : say('record.says.witnesses', { names: names.join(', ') });
}

const known = ['genesis', 'policy', 'client'] as const;

/** What a kind of entries is called. */
export function kindIn(say: Say, kind: string): string {
  const one = known.find((name) => name === kind);
  return one === undefined ? say('record.kind.other', { kind: kind === '' ? '?' : kind }) : say(`record.kind.${one}`);
}

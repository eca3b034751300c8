import type { Say } from '../lang/lang';
import { bodyIn, namesIn, saidIn, yesIn, type Entry } from '../state/record';

/** What an entry says, in sentences. Of a kind that is not known here nothing is said. */
export function saidBy(say: Say, entry: Entry): readonly string[] {
  const body = bodyIn(entry);
  switch (entry.kind) {
    case 'genesis':
      return [say(yesIn(entry, 'running') ? 'record.says.running' : 'record.says.new'), witnesses(say, entry)];
    case 'policy':
      return [witnesses(say, entry)];
    case 'client':
      return [say('record.says.client', { version: saidIn(entry, 'version'), build: saidIn(entry, 'build').slice(0, 16) })];
    case 'tags':
      return [say('record.says.tags', { n: number(body['earlier']) })];
    case 'identity':
      return [
        number(body['number']) === 1 ? say('record.says.identity.first') : say('record.says.identity.next', { number: number(body['number']) }),
        ...(yesIn(entry, 'earlier') ? [say('record.says.identity.earlier')] : []),
      ];
    case 'authorised':
      return [...deed(say, body['warrant']), say('record.says.signed', { n: Array.isArray(body['approvals']) ? body['approvals'].length : 0 })];
    case 'executed':
    case 'done':
    case 'lapsed':
      return [say('record.says.of', { number: number(body['authorised']) })];
    default:
      return [];
  }
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function witnesses(say: Say, entry: Entry): string {
  const names = namesIn(saidIn(entry, 'policy'));
  return names.length === 0 ? say('record.says.nobody') : say('record.says.witnesses', { names: names.join(', ') });
}

const deeds = ['appoint', 'dismiss', 'amend', 'suspend', 'restore'] as const;

/** What a warrant is for. */
function deed(say: Say, warrant: unknown): readonly string[] {
  const kind: unknown = typeof warrant === 'object' && warrant !== null && 'kind' in warrant ? warrant.kind : undefined;
  return deeds.filter((one) => one === kind).map((one) => say(`record.says.${one}`));
}

const known = ['genesis', 'policy', 'client', 'tags', 'identity', 'authorised', 'executed', 'done', 'lapsed'] as const;

/** What a kind of entries is called. */
export function kindIn(say: Say, kind: string): string {
  const one = known.find((name) => name === kind);
  return one === undefined ? say('record.kind.other', { kind: kind === '' ? '?' : kind }) : say(`record.kind.${one}`);
}

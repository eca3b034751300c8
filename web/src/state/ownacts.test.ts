import { beforeEach, expect, test, vi } from 'vitest';
import type { Act } from '../ledger/follow';
import { OwnActs } from './ownacts';
import type { RecordView } from './record';
import { Store } from './store';
import type { ShownWarrant, WarrantsView } from './warrants';

const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const [first, second] = ['ROe39nf31o_IsM7i5paNBQ', 'iMlnYg7kw5tJbTOEC_1Liw'];
const until = 9_000_000;

let vault: Map<string, unknown>;
beforeEach(() => {
  vault = new Map();
});

class Given<T> extends Store<T> {
  readonly give = (value: T): void => this.set(value);
}

/** A record with some acts, a server that tells of some warrants, and what this device makes of it. */
async function device(acts: Act[], told: { hash: string; kind?: string; until?: number }[], over: Partial<WarrantsView> = {}) {
  const record = Object.assign(new Given({ standing: 'checked', seen: { acts } } as unknown as RecordView), { check: vi.fn(() => Promise.resolve()) });
  const about = told.map((one) => ({ kind: 'suspend', ...one }) as unknown as ShownWarrant);
  const warrants = Object.assign(new Given({ about, tags: { key, used: 1 }, suspendedUntil: undefined, ...over } as unknown as WarrantsView), { look: vi.fn(() => Promise.resolve()) });
  const own = new OwnActs({ get: <T,>(name: string) => Promise.resolve(vault.get(name) as T | undefined), put: (name, value) => Promise.resolve(void vault.set(name, value)) }, record, warrants);
  const again = async (): Promise<void> => {
    warrants.give({ ...warrants.snapshot() });
    await own.settled();
  };
  await again();
  return { own, record, warrants, again };
}

test('an act about oneself that the server does not show is found in the record', async () => {
  const { own, record, warrants, again } = await device([{ number: 7, about: first, hash: 'a' }, { number: 8, about: 'somebody else’s', hash: 'b' }], []);
  expect(record.check).toHaveBeenCalledOnce(); // one of the two may be behind the other
  expect(warrants.look).toHaveBeenCalledOnce();
  expect(own.snapshot()).toEqual({ hidden: [], unexplained: false });
  await again();
  expect(own.snapshot()).toEqual({ hidden: [7], unexplained: false });
  warrants.give({ ...warrants.snapshot(), about: [{ hash: 'a' } as ShownWarrant] });
  await own.settled();
  expect(own.snapshot().hidden).toEqual([]);
});

test('the key that was given first is the one that counts', async () => {
  await device([], []);
  const { own, again } = await device([{ number: 7, about: second, hash: 'a' }], [], { tags: { key: key.replace('AAEC', 'AAED'), used: 1 } });
  await again();
  expect(own.snapshot().hidden).toEqual([7]);
});

test.each<[string, Act[], { hash: string; kind?: string; until?: number }[], boolean]>([
  ['nothing', [], [], true],
  ['an act that the record does not have', [], [{ hash: 'a', until }], true],
  ['somebody else’s', [{ number: 7, about: 'x', hash: 'a' }], [{ hash: 'a', until }], true],
  ['an act of another kind', [{ number: 7, about: first, hash: 'a' }], [{ hash: 'a', kind: 'restore', until }], true],
  ['an act until another time', [{ number: 7, about: first, hash: 'a' }], [{ hash: 'a', until: until - 1000 }], true],
  ['an act', [{ number: 7, about: first, hash: 'a' }], [{ hash: 'a', until }], false],
])('a suspension is explained by an act of the record alone: here by %s', async (_, acts, told, unexplained) => {
  const { own, again } = await device(acts, told, { suspendedUntil: until });
  await again();
  expect(own.snapshot().unexplained).toBe(unexplained);
});

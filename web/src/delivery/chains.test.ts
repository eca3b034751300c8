import { expect, test } from 'vitest';
import { Chains, type Finding, type Heard, type Sent } from './chains';

// Events are written as `DEV:run/n`, with what they say of others behind that; the hash of one is its place.
interface Says {
  id?: string;
  sender?: string;
  prev?: string;
  after?: string;
  seen?: string;
  hash?: string;
  between?: Sent['between'];
}

const hashOf = (run: string, n: number): string => `#${run}/${n}`;

function sent(place: string, says: Says = {}): Heard {
  const [device = '', rest = ''] = place.split(':');
  const [run = '', number = ''] = rest.split('/');
  const n = Number(number);
  const after = says.after?.split('/');
  const prev = says.prev ?? (n > 1 ? hashOf(run, n - 1) : after === undefined ? '' : `#${says.after ?? ''}`);
  return {
    id: says.id ?? `$${place}`,
    sender: says.sender ?? `@${device.toLowerCase()}:x`,
    is: 'sent',
    sent: {
      device,
      run,
      n,
      prev,
      hash: says.hash ?? hashOf(run, n),
      seen: says.seen ?? '',
      ...(after && { after: { run: after[0] ?? '', n: Number(after[1]) } }),
      ...(says.between && { between: says.between }),
    },
  };
}
const other = (id: string): Heard => ({ id, sender: '@somebody:x', is: 'other' });
const closed = (id: string, sender = '@a:x', is: 'closed' | 'emptied' = 'closed'): Heard => ({ id, sender, is });

/** What is found after a restart in the middle of it all must be the same. */
function found(...events: (Heard | 'cut' | 'begin')[]): readonly Finding[] {
  const straight = hearAll(new Chains(), events);
  let again = new Chains();
  for (const event of events) again = hearAll(new Chains(JSON.parse(JSON.stringify(again.kept())) as ReturnType<Chains['kept']>), [event]);
  expect(again.findings()).toEqual(straight.findings());
  return straight.findings();
}
function hearAll(chains: Chains, events: readonly (Heard | 'cut' | 'begin')[]): Chains {
  for (const event of events) {
    if (event === 'cut') chains.cut();
    else if (event === 'begin') chains.begin();
    else chains.hear(event);
  }
  return chains;
}
const missing = (findings: readonly Finding[]): string[] => findings.map((one) => (one.is === 'missing' ? `${one.run}/${one.from}-${one.to}` : one.is === 'named' ? one.id : one.is));

test('a run of which the reader has 1 to 3 and 5: 4 is missing, and its hash is known', () => {
  const findings = found(sent('A:r/1'), sent('A:r/2'), sent('A:r/3'), other('$x'), sent('A:r/5'));
  expect(findings).toEqual([{ key: 'missing @a:x A r 4 4', sender: '@a:x', device: 'A', is: 'missing', run: 'r', from: 4, to: 4, count: 1, hash: hashOf('r', 4), before: '$A:r/5' }]);
});

test('a run that begins after event 7 of another, which the reader has up to 5: 6 and 7 are missing', () => {
  expect(missing(found(sent('A:r/5'), sent('A:q/1', { after: 'r/7' })))).toEqual(['r/6-7']);
});

test('the same where the reader has 8 and 9, or none beyond 7: nothing', () => {
  expect(found(sent('A:r/7'), sent('A:r/8'), sent('A:r/9'), sent('A:q/1', { after: 'r/7' }))).toEqual([]);
  expect(found(sent('A:r/6'), sent('A:r/7'), sent('A:q/1', { after: 'r/7' }))).toEqual([]);
});

test('a run that follows nothing says nothing about the end of the others', () => {
  expect(found(sent('A:r/7'), sent('A:q/1'))).toEqual([]);
});

test('a run that is new among others and does not begin with its first', () => {
  expect(missing(found(sent('A:r/7'), sent('A:q/3')))).toEqual(['q/1-2']);
  expect(found(sent('A:q/3'))).toEqual([]); // it may have begun before what is known here
  expect(found(sent('A:r/7'), 'cut', sent('A:q/3'))).toEqual([]);
  expect(missing(found('begin', sent('A:q/3')))).toEqual(['q/1-2']); // everything in the room was heard
});

test('two events with one place, and one that follows something else', () => {
  expect(missing(found(sent('A:r/1'), sent('A:r/2'), sent('A:r/2', { id: '$false', hash: '#false' })))).toEqual(['twice']);
  expect(missing(found(sent('A:r/1'), sent('A:r/2', { prev: '#other' })))).toEqual(['broken']);
  expect(missing(found(sent('A:r/7'), sent('A:q/1', { after: 'r/7', prev: '#other' })))).toEqual(['broken']);
  expect(found(sent('A:r/1'), sent('A:r/1'))).toEqual([]); // told twice
});

test('an event that somebody had seen and that is not here', () => {
  expect(missing(found('begin', other('$0'), sent('B:r/1', { seen: '$gone' })))).toEqual(['$gone']);
  expect(found(other('$0'), sent('B:r/1', { seen: '$gone' }))).toEqual([]); // it may lie before what is known here
  expect(missing(found(other('$0'), sent('B:r/1', { seen: '$0' }), sent('B:r/2', { seen: '$gone' })))).toEqual(['$gone']);
  expect(found(other('$0'), sent('B:r/1', { seen: '$0' }), 'cut', sent('B:r/2', { seen: '$gone' }))).toEqual([]);
  expect(found(other('$0'), other('$1'), sent('B:r/1', { seen: '$1' }), sent('B:r/2', { seen: '$0' }))).toEqual([]); // it lags
  expect(found('begin', sent('B:r/1', { seen: '$late' }), other('$late'))).toEqual([]); // it came after all
});

test('a device that saw other events than this one', () => {
  const talk = (between: Sent['between']) => found(other('$0'), sent('B:r/1', { seen: '$0' }), sent('A:r/1'), sent('B:r/2', { seen: '$A:r/1', ...(between && { between }) }));
  expect(missing(talk('other'))).toEqual(['differs']);
  expect(talk('same')).toEqual([]);
  expect(talk(undefined)).toEqual([]);
});

test('which events a device saw, as far as that is known here', () => {
  const chains = hearAll(new Chains(), [other('$0'), sent('B:r/1', { seen: '$0' }), sent('A:r/1'), other('$1')]);
  expect(chains.viewOf('@b:x', sent('B:r/2', { seen: '$A:r/1' }).sent!)).toEqual(['$B:r/1', '$A:r/1']);
  expect(chains.viewOf('@b:x', sent('B:r/3', { seen: '$A:r/1' }).sent!)).toBeUndefined(); // what B:r/2 had seen is not known
  expect(chains.between('$1', '$0')).toBeUndefined();
  chains.cut();
  expect(chains.between('$0', '$1')).toBeUndefined();
});

test('what cannot be read here, or was deleted before, is unknown and not missing', () => {
  expect(found(sent('A:r/1'), closed('$c'), sent('A:r/3'))).toEqual([]);
  expect(found(sent('A:r/1'), closed('$c', '@a:x', 'emptied'), sent('A:r/3'))).toEqual([]);
  expect(missing(found(sent('A:r/1'), closed('$c', '@b:x'), sent('A:r/3')))).toEqual(['r/2-2']); // somebody else's
  expect(missing(found(closed('$c'), sent('A:r/1'), sent('A:r/3')))).toEqual(['r/2-2']); // too early
  expect(found(sent('A:r/1'), closed('$c'), sent('A:r/4')).map((one) => one.is === 'missing' && one.count)).toEqual([1]);
});

test('what is decrypted later takes its place, or shows that another one is missing', () => {
  const talk = () => hearAll(new Chains(), [sent('A:r/1'), closed('$c'), sent('A:r/3')]);
  const good = talk();
  expect(good.isClosed('$c')).toBe(true);
  good.opened(sent('A:r/2', { id: '$c' }));
  expect(good.findings()).toEqual([]);
  expect(good.isClosed('$c')).toBe(false);
  const bad = talk();
  bad.opened(sent('A:q/1', { id: '$c' }));
  expect(missing(bad.findings())).toEqual(['r/2-2']);
});

test('what comes late is missing no longer', () => {
  expect(found(sent('A:r/1'), sent('A:r/3'), sent('A:r/2'))).toEqual([]);
  expect(missing(found(sent('A:r/1'), sent('A:r/5'), sent('A:r/3'))).sort()).toEqual(['r/2-2', 'r/4-4']);
});

test('over a gap that was not filled nothing is concluded, and what was found before it stays', () => {
  expect(found(sent('A:r/1'), 'cut', sent('A:r/5'))).toEqual([]);
  expect(missing(found(sent('A:r/1'), sent('A:r/3'), 'cut', sent('A:r/9')))).toEqual(['r/2-2']);
  expect(missing(found(sent('A:r/5'), sent('A:q/1', { after: 'r/7' }), 'cut', sent('A:q/9')))).toEqual(['r/6-7']);
  expect(missing(found(sent('A:r/1'), 'cut', sent('A:r/5'), sent('A:r/7')))).toEqual(['r/6-6']);
});

test('one missing event is said once, whoever tells of it', () => {
  const talk: Heard[] = [other('$0'), sent('B:r/1', { seen: '$0' }), sent('A:r/1'), sent('B:r/2', { seen: '$A:r/2', between: 'other' })];
  expect(missing(found(...talk))).toEqual(['$A:r/2']);
  expect(missing(found(...talk, sent('A:r/3')))).toEqual(['r/2-2']);
});

test('what somebody wrote whom one ignores is not missed, and what others saw proves nothing meanwhile', () => {
  const chains = new Chains();
  chains.begin();
  chains.hear(sent('A:r/1'), true);
  chains.hear(sent('B:r/1', { seen: '$A:r/2' }), true);
  chains.hear(sent('A:r/3'), true);
  expect(missing(chains.findings())).toEqual(['r/2-2']);
  expect(chains.findings(new Set(['@a:x']))).toEqual([]);
});

test('what is kept of a room stays small, and a message that is withheld is found all the same', () => {
  const chains = new Chains();
  chains.begin();
  for (let n = 1; n <= 3_000; n++) {
    chains.hear(sent(`A:r/${n}`, { seen: n > 1 ? `$A:r/${n - 1}` : '' }));
    if (n % 3 === 0) chains.hear(closed(`$closed${n}`, '@b:x'));
    if (n % 10 === 0) chains.hear(sent(`C:run${n}/1`, { seen: `$A:r/${n}`, ...(n > 10 && { after: `run${n - 10}/1` }) }));
  }
  expect(chains.findings()).toEqual([]);
  expect(JSON.stringify(chains.kept()).length).toBeLessThan(32_000);
  chains.hear(sent('A:r/3002'));
  expect(missing(chains.findings())).toEqual(['r/3001-3001']);
  for (let n = 3_003; n <= 5_000; n++) chains.hear(sent(`A:r/${n}`));
  expect(missing(chains.findings())).toEqual(['r/3001-3001']);
});

test('of what could not be read nothing is concluded once it is not remembered any more', () => {
  const chains = new Chains();
  chains.hear(sent('A:r/1'));
  chains.hear(closed('$c'));
  chains.hear(sent('A:r/3'));
  for (let n = 0; n < 500; n++) chains.hear(closed(`$other${n}`, '@b:x'));
  expect(chains.isClosed('$c')).toBe(false);
  expect(chains.findings()).toEqual([]);
});

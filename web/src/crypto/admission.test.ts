import { expect, test } from 'vitest';
import { Hand, roomId } from '../../test/hand';
import { check, foundingOf, isHash, roomIdOf, weigh, type Checked, type Somebody, type Verdict } from './admission';
import type { Json } from './canonical';

const now = 1_764_000_000_000;
const lin = await Hand.of('@lin:port');
const mio = await Hand.of('@mio:port');
const sora = await Hand.of('@sora:port');
const eve = await Hand.of('@eve:port');

async function checked(...statements: object[]): Promise<Checked[]> {
  return (await Promise.all(statements.map((one) => check(one, roomId, (one as { by: string }).by)))).flat();
}

async function verdict(who: Somebody, ...statements: object[]): Promise<Verdict['is']> {
  return weigh([lin.who], { user: '@me:port', master: 'mine' }, await checked(...statements), now).of(who).is;
}

test('who made the room is in, and whom somebody let in who was in', async () => {
  const first = await lin.says([mio.let(10)]);
  const second = await mio.says([sora.let(20)]);
  for (const who of [lin, mio, sora]) expect(await verdict(who.who, first, second)).toBe('in');
  expect(await verdict(eve.who, first, second)).toBe('nobody');
  expect(weigh([lin.who], eve.who, await checked(first, second), now).inside.map(({ user }) => user)).toEqual([lin, eve, mio, sora].map(({ user }) => user));
  // Without the first nobody knows who the second is by.
  expect(await verdict(sora.who, second)).toBe('nobody');
});

test('somebody who was never in lets nobody in, also not themself', async () => {
  expect(await verdict(eve.who, await eve.says([eve.let(10)]))).toBe('nobody');
  expect(await verdict(mio.who, await eve.says([mio.let(10), eve.let(11)]), await mio.says([eve.let(12)]))).toBe('nobody');
});

test('a statement counts in its room, for its person, and not with one letter changed', async () => {
  const good = await lin.says([mio.let(10)]);
  expect(await check(good, roomId, lin.user)).toHaveLength(1);
  expect(await check(good, '!another', lin.user)).toHaveLength(0);
  expect(await check(good, roomId, mio.user)).toHaveLength(0);
  for (const changed of [
    { ...good, room: '!another' },
    { ...good, of: [eve.let(10)] },
    { ...good, of: [mio.let(11)] },
    { ...good, master: eve.who.master },
    { ...good, device: 'OTHER' },
    { ...good, by: eve.user },
    { ...good, sig: 'AAAA' },
    { ...good, cert: (await eve.says([])).cert },
  ]) expect(await check(changed, changed.room, changed.by)).toHaveLength(0);
});

test('a device that its owner has not signed says nothing', async () => {
  const added = await lin.withForeignDevice();
  expect(await check(await added.says([eve.let(10)]), roomId, lin.user)).toHaveLength(0);
});

test('garbage is no statement', async () => {
  let deep: Json = 1;
  for (let n = 0; n < 20_000; n++) deep = [deep];
  const good = await lin.says([]);
  for (const junk of [undefined, null, 1, 'x', [], {}, { ...good, of: 'x' }, { ...good, of: [{ user: '@a:b' }] }, { ...good, of: [{ user: '@a:b', at: 1.5, master: 'm' }] }, { ...good, master: '%%%' }, { ...good, cert: { device: deep, self: deep } }, { ...good, more: deep }]) {
    expect(await check(junk, roomId, lin.user)).toHaveLength(0);
  }
});

test('who begins anew is not who was let in', async () => {
  const anew = await Hand.of(mio.user);
  const let_ = await lin.says([mio.let(10)]);
  expect(await verdict(anew.who, let_)).toBe('otherKey');
  expect(await verdict(anew.who, await lin.says([mio.let(10), anew.let(20)]))).toBe('in');
});

test('what somebody said before they began anew still counts, and nothing that they say then', async () => {
  const anew = await Hand.of(mio.user);
  const before = await mio.says([sora.let(20)]);
  const after = await anew.says([eve.let(30)], before);
  const first = await lin.says([mio.let(10)]);
  expect(await verdict(sora.who, first, after)).toBe('in');
  expect(await verdict(eve.who, first, after)).toBe('nobody');
  expect(await verdict(eve.who, await lin.says([mio.let(10), anew.let(25)]), after)).toBe('in');
});

test('who was put out is out until somebody lets them in again, and those whom they let in stay', async () => {
  const theirs = await mio.says([sora.let(20)]);
  const out = [mio.let(10), mio.out(30, theirs)];
  expect(await verdict(mio.who, await lin.says(out), theirs)).toBe('out');
  expect(await verdict(sora.who, await lin.says(out), theirs)).toBe('in');
  expect(await verdict(mio.who, await lin.says([...out, mio.let(40)]), theirs)).toBe('in');
});

test('who was put out lets nobody in afterwards, whatever the time says, and not by turns with others', async () => {
  const theirs = await mio.says([]);
  const first = await lin.says([mio.let(10), sora.let(11), mio.out(30, theirs), sora.out(31)]);
  for (const at of [12, 40]) {
    const late = await mio.says([sora.let(at + 2), eve.let(at)]);
    const other = await sora.says([mio.let(at + 1)]);
    for (const who of [mio, sora]) expect(await verdict(who.who, first, late, other)).toBe('out');
    expect(await verdict(eve.who, first, late, other)).toBe('nobody');
  }
});

test('what one says oneself counts for oneself, also where one was let in by nobody', async () => {
  const said = await checked(await sora.says([mio.let(10)]));
  expect(weigh([], sora.who, said, now).of(mio.who)).toEqual({ is: 'in' });
  expect(weigh([], sora.who, said, now).of(sora.who)).toEqual({ is: 'in' });
  expect(weigh([], eve.who, said, now).of(mio.who)).toEqual({ is: 'nobody' });
});

test('a time that is far ahead says nothing, and the next entry comes after everything that was said', async () => {
  const far = await lin.says([eve.let(now + 90_000_000)]);
  expect(await verdict(eve.who, far)).toBe('nobody');
  const fast = await lin.says([mio.let(now + 5_000)]);
  const next = await mio.adds(await checked(fast, far), { user: sora.user, master: sora.who.master }, now);
  expect(await verdict(sora.who, fast, next)).toBe('in');
});

test('one entry after the other: nothing is lost, a person without an identity waits, and out says what was said', async () => {
  let all = await checked(await lin.says([]));
  let own = all[0]!.statement;
  for (const entry of [{ user: mio.user }, { user: sora.user, master: sora.who.master }, { user: mio.user, master: mio.who.master }]) {
    own = await lin.adds(all, entry, now, own);
    all = await checked(own);
  }
  expect(own.of.map(({ user }) => user)).toEqual([sora.user, mio.user]);
  const theirs = await mio.says([eve.let(now + 10)]);
  const out = await lin.adds(await checked(own, theirs), { user: mio.user, out: true }, now, own);
  expect(await verdict(mio.who, out, theirs)).toBe('out');
  expect(await verdict(eve.who, out, theirs)).toBe('in');
});

test('in version 12 a room is named after what its maker said', async () => {
  // Made by the server’s own program: internal/event/founding_test.go has the same.
  const content = { 'org.wardroom.clients': { by: '@lin:port.example', master: 'bWFzdGVy', only: true, v: 1 }, room_version: '12' };
  const create = { sender: '@lin:port.example', at: 1_764_000_000_000, content };
  const id = await roomIdOf(create);
  expect(id).toBe('!6DzRt1hiQ7i8mPk0JFRnjyC6QAt1AanRBYv0gl8QbcU');
  expect(isHash(id)).toBe(true);
  expect(foundingOf(content)).toEqual({ v: 1, by: '@lin:port.example', master: 'bWFzdGVy', only: true });
  expect(await roomIdOf({ ...create, sender: '@eve:port.example' })).not.toBe(id);
  expect(await roomIdOf({ ...create, content: { room_version: '12' } })).not.toBe(id);
  for (const junk of [{}, { 'org.wardroom.clients': 1 }, { 'org.wardroom.clients': { v: 2, by: 'a', master: 'b' } }]) expect(foundingOf(junk)).toBeUndefined();
});

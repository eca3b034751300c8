import { MatrixEvent } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { deletedKey, editInForce, gather, reactionsIn, relationOf, relationOut, wasAside, type Relation } from './relations';

const lin = '@lin:port.example';
const jonas = '@jonas:port.example';
let n = 0;

function event(type: string, sender: string, content: object, unsigned: object = {}): MatrixEvent {
  n++;
  return new MatrixEvent({ type, sender, content, unsigned, event_id: `$${n}`, room_id: '!r', origin_server_ts: n });
}
const edit = (sender: string, body: string): Relation =>
  relationOf(event('m.room.message', sender, { body: `* ${body}`, 'm.new_content': { body }, 'm.relates_to': { rel_type: 'm.replace', event_id: '$a' } }))!;
const reaction = (sender: string, key: unknown) => relationOf(event('m.reaction', sender, { 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', key } }));

test('the edit in force is the last of the author', () => {
  const edits = [edit(lin, 'one'), edit(lin, 'two'), edit(jonas, 'forged')];
  expect(editInForce(edits, lin, false)).toBe(edits[1]);
  expect(editInForce([...edits].reverse(), lin, false)).toBe(edits[1]);
});

test('an edit in clear of an encrypted message is none', () => {
  const clear = edit(lin, 'forged by the server');
  expect(editInForce([clear], lin, true)).toBeUndefined();
  const sealed = { ...clear, encrypted: true };
  expect(editInForce([clear, sealed], lin, true)).toBe(sealed);
});

test('an edit that is on its way out comes before what the server has, whatever the clocks say', () => {
  const there = { ...edit(lin, 'there'), at: 9e15 };
  const out = relationOut(
    { id: 'x', type: 'm.room.message', at: 1, state: { is: 'waiting' }, content: { 'm.new_content': { body: 'new' }, 'm.relates_to': { rel_type: 'm.replace', event_id: '$a' } } },
    lin,
  )!;
  expect(editInForce([out, there], lin, true)).toBe(out);
});

test('an edit without new content, of a state event or of another type is none', () => {
  const about = { 'm.relates_to': { rel_type: 'm.replace', event_id: '$a' } };
  expect(editInForce([relationOf(event('m.room.message', lin, about))!], lin, false)).toBeUndefined();
  expect(relationOf(event('m.reaction', lin, about))).toBeUndefined();
  expect(relationOf(new MatrixEvent({ type: 'm.room.message', sender: lin, content: about, state_key: '', event_id: '$s' }))).toBeUndefined();
});

test('reactions are counted by key, each person once, and one’s own is known', () => {
  const all = [reaction(lin, '👍'), reaction(jonas, '👍'), reaction(jonas, '👍'), reaction(jonas, '👀')].map((r) => r!);
  const found = reactionsIn(gather(all).get('$a') ?? [], lin);
  expect(found.map(({ key, who }) => [key, who])).toEqual([
    ['👍', [lin, jonas]],
    ['👀', [jonas]],
  ]);
  expect(found[0]?.mine).toBe(all[0]);
  expect(found[1]?.mine).toBeUndefined();
});

test('a reaction without a key, or with something else for one, is none', () => {
  for (const key of [undefined, '', 5, {}, ['👍']]) expect(reaction(lin, key)).toBeUndefined();
});

test('what an encrypted reaction says is read from inside the ciphertext, and from outside where nothing stands inside', () => {
  const about = (key?: string) => ({ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', ...(key === undefined ? {} : { key }) } });
  const sealed = (outside: string | undefined, inside: object) => {
    const one = event('m.room.encrypted', lin, { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x', ...about(outside) });
    Reflect.set(one, 'clearEvent', { type: 'm.reaction', content: inside });
    return relationOf(one)?.key;
  };
  expect(sealed('', about('👍'))).toBe('👍');
  expect(sealed(undefined, about('👍'))).toBe('👍');
  expect(sealed('👎', about('👍'))).toBe('👍');
  expect(sealed('👍', {})).toBe('👍');
  expect(sealed('', about(''))).toBeUndefined();
});

test('a deletion says whether a reaction or a message was deleted', () => {
  const because = (content: object) => event('m.room.encrypted', lin, {}, { redacted_because: { content } });
  expect(wasAside(because({ [deletedKey]: 'm.annotation' }))).toBe(true);
  expect(wasAside(because({ [deletedKey]: 'm.replace' }))).toBe(true);
  expect(wasAside(because({ [deletedKey]: 'anything' }))).toBe(false);
  expect(wasAside(because({}))).toBe(false);
});

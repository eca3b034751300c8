import { MatrixEvent } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { changeOf } from './findable';

const event = (content: object, more: object = {}): MatrixEvent =>
  new MatrixEvent({ event_id: '$1', room_id: '!a', sender: '@lin:x', type: 'm.room.message', origin_server_ts: 5, content, ...more });
const base = { id: '$1', room: '!a', sender: '@lin:x', at: 5, sealed: false };

test('a message can be found by its words, a file by its name', () => {
  expect(changeOf(event({ msgtype: 'm.text', body: '这份报告' }))).toEqual({ put: { ...base, body: '这份报告', lang: 'zh-Hans' } });
  expect(changeOf(event({ msgtype: 'm.file', body: '点検.pdf', url: 'mxc://x/y' }))).toMatchObject({ put: { body: '点検.pdf' } });
});

test('the language that the sender wrote counts', () => {
  const content = { msgtype: 'm.text', body: '直角', 'org.wardroom.envelope': { v: 1, device: 'D', n: 1, prev: '', seen: '', lang: 'ja' } };
  expect(changeOf(event(content))).toEqual({ put: { ...base, body: '直角', lang: 'ja' } });
});

test('an edit changes the message that it names', () => {
  const content = { msgtype: 'm.text', body: '* 终稿', 'm.new_content': { msgtype: 'm.text', body: '终稿' }, 'm.relates_to': { rel_type: 'm.replace', event_id: '$0' } };
  expect(changeOf(event(content))).toEqual({ put: { ...base, id: '$0', body: '终稿', lang: 'zh-Hans', edit: { id: '$1', at: 5 } } });
});

test('an answer is found by its own words, not by those it repeats', () => {
  const content = { msgtype: 'm.text', body: '> <@mio:x> 報告\n> 二行\n\n三楼', 'm.relates_to': { 'm.in_reply_to': { event_id: '$0' } } };
  expect(changeOf(event(content))).toMatchObject({ put: { body: '三楼' } });
  expect(changeOf(event({ msgtype: 'm.text', body: '> quoted by hand' }))).toMatchObject({ put: { body: '> quoted by hand' } });
});

test('what was redacted goes, by the redaction and by the hole it leaves', () => {
  expect(changeOf(event({ redacts: '$0' }, { type: 'm.room.redaction' }))).toEqual({ remove: '$0' });
  expect(changeOf(event({}, { type: 'm.room.redaction', redacts: '$0' }))).toEqual({ remove: '$0' });
  expect(changeOf(event({}, { unsigned: { redacted_because: { type: 'm.room.redaction', event_id: '$9', sender: '@lin:x', content: {} } } }))).toEqual({ remove: '$1' });
});

test('all else says nothing to the search', () => {
  expect(changeOf(event({ name: 'Quay' }, { type: 'm.room.name', state_key: '' }))).toBeUndefined();
  expect(changeOf(event({ ciphertext: 'x' }, { type: 'm.room.encrypted' }))).toBeUndefined();
  expect(changeOf(event({ msgtype: 'm.key.verification.request', body: 'verify' }))).toBeUndefined();
  expect(changeOf(event({ msgtype: 'm.text', body: 7 }))).toBeUndefined();
  expect(changeOf(event({ msgtype: 'm.text', body: 'local' }, { event_id: '~1' }))).toBeUndefined();
});

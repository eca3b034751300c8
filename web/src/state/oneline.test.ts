import { MatrixClient, MatrixEvent, Room, type IEvent } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { captionOf, fileOf } from './file';
import { toldOf } from './happening';
import { oneLine, straight } from './oneline';
import { findPeople } from './people';
import { personIn } from './person';
import { titleOf, topicOf } from './roomstate';

const turned = 'invoice\u202efdp.exe';
const plain = 'invoicefdp.exe';

test('a name is on one line, and nothing in it turns the direction of writing', () => {
  expect(oneLine(` a\n\u2066b\u2069\tc\u0000\u200f\u061c `)).toBe('a b c');
  expect(oneLine('佐伯 澪 👩‍👩‍👧')).toBe('佐伯 澪 👩‍👩‍👧'); // what joins a picture stays
});

test('names of rooms and people, topics, files and captions are all cleaned', async () => {
  const me = '@lin:port';
  const client = new MatrixClient({ baseUrl: 'http://localhost', userId: me });
  const room = new Room('!r:port', client, me);
  const event = (type: string, content: Partial<IEvent['content']>, state_key = '') => new MatrixEvent({ type, state_key, room_id: '!r:port', event_id: `$${type}`, sender: me, content });
  const named = event('m.room.name', { name: turned });
  await room.addLiveEvents([event('m.room.create', {}), event('m.room.member', { membership: 'join', displayname: turned }, me), named, event('m.room.topic', { topic: turned })], { addToState: true });
  room.recalculate();
  expect(titleOf(room)).toBe(plain);
  expect(topicOf(room)).toBe(plain);
  expect(personIn(room, me).name).toBe(`${plain} (${me})`); // the SDK tells such a one apart
  expect(toldOf(room, named)).toMatchObject({ args: { room: plain } });
  client.searchUserDirectory = () => Promise.resolve({ limited: false, results: [{ user_id: '@eve:port', display_name: turned }, { user_id: '@oda:port', display_name: '\u202e' }] });
  expect((await findPeople(client, 'x')).map(({ name }) => name)).toEqual([plain, 'oda']);
  const file = { msgtype: 'm.file', url: 'mxc://port/x', filename: `folder/${turned}`, body: `see\n${turned}` };
  expect(fileOf(file)?.name).toBe(plain);
  expect(captionOf(file)).toBe(`see\n${plain}`);
});

test('what turns a stretch of a message around goes; the marks of right-to-left writing stay', () => {
  expect(straight('pay \u202e001\u202c to \u2067Lin\u2069\nnext \u202a\u202b\u202dline\u2066\u2068')).toBe('pay 001 to Lin\nnext line');
  expect(straight('\u0634\u200f, \u061c1')).toBe('\u0634\u200f, \u061c1');
});

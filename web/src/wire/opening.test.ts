import type { ISyncResponse } from 'matrix-js-sdk';
import { expect, test } from 'vitest';
import { more, Opening } from './opening';

const to = `${location.origin}/_matrix/client/v3/sync`;

interface Asked {
  path: string;
  pos: string | null;
  body?: { lists: { all: { ranges: number[][]; required_state: string[][] } }; extensions: { to_device: { since?: string } } };
}

/** A server that gives the answers one after the other, and what it was asked. */
function serving(...answers: (object | number)[]) {
  const asked: Asked[] = [];
  const opening = new Opening((input, init) => {
    const { pathname, searchParams } = new URL(input as string);
    const body = init?.body === undefined ? undefined : (JSON.parse(init.body as string) as Asked['body']);
    asked.push({ path: pathname, pos: searchParams.get('pos'), ...(body && { body }) });
    const answer = answers.shift() ?? {};
    if (answer instanceof Error) return Promise.reject(answer);
    const lost = JSON.stringify({ errcode: 'M_UNKNOWN_POS' });
    return Promise.resolve(typeof answer === 'number' ? new Response(answer === 400 ? lost : '{}', { status: answer }) : new Response(JSON.stringify(answer)));
  });
  const sync = async (since?: string): Promise<ISyncResponse> => {
    const answer = await opening.fetch(since === undefined ? to : `${to}?since=${since}`, { headers: { Authorization: 'Bearer t' } });
    return (await answer.json()) as ISyncResponse;
  };
  return { asked, opening, sync };
}

const slide = (pos: string, count: number, rooms: object = {}, extensions: object = {}) => ({
  pos,
  lists: { all: { count } },
  rooms,
  extensions: { to_device: { next_batch: pos.split('.')[0], events: [] }, e2ee: { device_one_time_keys_count: { signed_curve25519: 50 }, device_unused_fallback_key_types: ['x'] }, ...extensions },
});
const join = { membership: 'join', initial: true, notification_count: 3, highlight_count: 0, joined_count: 2, prev_batch: 's1' };

test('a first sync is one screen of rooms, then more of them, and then /sync goes on where that ended', async () => {
  const { asked, sync } = serving(slide('s5.a', 150, { '!a': join }), slide('s6.b', 150, { '!b': join }), slide('s7.c', 150, { '!c': join }), { next_batch: 's8' });
  const first = await sync();
  expect(first).toMatchObject({ next_batch: 's5', [more]: true, rooms: { join: { '!a': { unread_notifications: { notification_count: 3 } } } } });
  expect(first.device_one_time_keys_count).toEqual({ signed_curve25519: 50 });
  expect(await sync('s5')).toMatchObject({ next_batch: 's6', [more]: true });
  const last = await sync('s6');
  expect(last).toMatchObject({ next_batch: 's7', rooms: { join: { '!c': {} } } });
  expect(last).not.toHaveProperty([more]);
  expect(await sync('s7')).toEqual({ next_batch: 's8' });
  expect(asked.map(({ pos, body }) => [pos, body?.lists.all.ranges])).toEqual([[null, [[0, 19]]], ['s5.a', [[0, 119]]], ['s6.b', [[0, 219]]], [null, undefined]]);
  expect(asked[3]?.path).toBe('/_matrix/client/v3/sync');
});

test('who has a sync goes on from there, and other requests are left alone', async () => {
  const { asked, opening, sync } = serving({ next_batch: 's2' }, {});
  expect(await sync('s1')).toEqual({ next_batch: 's2' });
  await opening.fetch(`${location.origin}/_matrix/client/v3/pushrules/`);
  expect(asked.map(({ path }) => path)).toEqual(['/_matrix/client/v3/sync', '/_matrix/client/v3/pushrules/']);
});

test('messages to the device are all given before /sync goes on', async () => {
  const waiting = { to_device: { next_batch: 's3', events: [{ type: 'm.room_key' }] } };
  const { asked, sync } = serving(slide('s5.a', 1, { '!a': join }, waiting), slide('s5.b', 1));
  expect(await sync()).toMatchObject({ [more]: true, to_device: { events: [{ type: 'm.room_key' }] } });
  expect(await sync('s5')).not.toHaveProperty([more]);
  expect(asked.map(({ body }) => body?.extensions.to_device.since)).toEqual([undefined, 's3']);
});

test('an answer that did not come is asked for again', async () => {
  const { asked, sync, opening } = serving(slide('s5.a', 50), new TypeError('no network'), 502, slide('s6.b', 50));
  await sync();
  await expect(sync('s5')).rejects.toThrow('no network');
  expect((await opening.fetch(`${to}?since=s5`)).status).toBe(502);
  expect(await sync('s5')).toMatchObject({ next_batch: 's6' });
  expect(asked.map(({ pos }) => pos)).toEqual([null, 's5.a', 's5.a', 's5.a']);
});

test('where the server forgot what it told it tells again, of all members, and /sync goes on where it forgot', async () => {
  const { asked, sync } = serving(slide('s5.a', 30, { '!a': join }), 400, slide('s9.b', 30, { '!a': join, '!b': join }));
  await sync();
  const again = await sync('s5');
  expect(again).toMatchObject({ next_batch: 's5', rooms: { join: { '!a': { timeline: { limited: true } }, '!b': { timeline: { limited: false } } } } });
  expect(again).not.toHaveProperty([more]);
  expect(asked.map(({ pos, body }) => [pos, body?.lists.all.required_state.some(([, key]) => key === '$LAZY')])).toEqual([
    [null, true],
    ['s5.a', true],
    [null, false],
  ]);
});

test('a room is told as /sync tells it', async () => {
  const event = { type: 'm.room.encrypted', event_id: '$e' };
  const name = { type: 'm.room.name', state_key: '', content: { name: 'Quay' } };
  const receipt = { type: 'm.receipt', content: {} };
  const typing = { type: 'm.typing', content: { user_ids: [] } };
  const tag = { type: 'm.tag', content: {} };
  const threads = { $root: { notification_count: 2, highlight_count: 0 } };
  const room = { ...join, heroes: [{ user_id: '@mio:port' }], required_state: [name], timeline: [event], limited: true, unread_thread_notifications: threads, 'org.wardroom.unread': { main: 4 } };
  const { sync } = serving(
    slide('s5.a', 60, { '!a': room }, { account_data: { global: [{ type: 'm.direct' }], rooms: { '!a': [tag] } }, receipts: { rooms: { '!a': receipt } }, typing: { rooms: { '!a': typing } } }),
    slide('s6.b', 60, {}, { receipts: { rooms: { '!a': receipt } } }),
  );
  const numbers = { unread_notifications: { notification_count: 3, highlight_count: 0 }, unread_thread_notifications: threads, 'org.wardroom.unread': { main: 4 } };
  const first = await sync();
  expect(first.account_data.events).toEqual([{ type: 'm.direct' }]);
  expect(first.rooms.join['!a']).toEqual({
    timeline: { events: [event], limited: true, prev_batch: 's1' },
    'org.matrix.msc4222.state_after': { events: [name] },
    account_data: { events: [tag] },
    ephemeral: { events: [receipt, typing] },
    summary: { 'm.heroes': ['@mio:port'], 'm.joined_member_count': 2, 'm.invited_member_count': 0 },
    ...numbers,
  });
  // Somebody read, and nothing else happened: the numbers are those of before.
  const next = await sync('s5');
  expect(next.rooms.join['!a']).toMatchObject({ timeline: { events: [], limited: false }, ephemeral: { events: [receipt] }, ...numbers });
});

test('invitations, knocks and rooms that one is out of', async () => {
  const state = [{ type: 'm.room.name', state_key: '', content: { name: 'Quay' } }];
  const out = { membership: 'leave', initial: true, required_state: state };
  const { sync } = serving(
    slide('s5.a', 60, { '!i': { membership: 'invite', stripped_state: state }, '!k': { membership: 'knock', stripped_state: state }, '!o': out, '!j': join }),
    slide('s6.b', 60, { '!i': out, '!j': { membership: 'ban', required_state: state }, '!o': out }, { receipts: { rooms: { '!i': {} } } }),
  );
  const first = await sync();
  expect(first.rooms).toMatchObject({ invite: { '!i': { invite_state: { events: state } } }, knock: { '!k': { knock_state: { events: state } } }, leave: {} });
  expect(Object.keys(first.rooms.leave)).toEqual([]); // it was left before
  const next = await sync('s5');
  expect(Object.keys(next.rooms.leave).sort()).toEqual(['!i', '!j']);
  expect(next.rooms.leave['!j']).toMatchObject({ 'org.matrix.msc4222.state_after': { events: state } });
});

test('a sync that begins again forgets the one before', async () => {
  const { asked, sync } = serving(slide('s5.a', 60), slide('s6.b', 10, { '!a': join }));
  await sync();
  expect(await sync()).toMatchObject({ next_batch: 's6' });
  expect(asked.map(({ pos }) => pos)).toEqual([null, null]);
});

import { ClientEvent, MatrixEvent, type IPushRules, type MatrixClient } from 'matrix-js-sdk';
import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { Levels } from './levels';

type Rule = { rule_id: string; enabled: boolean; default: boolean; actions: string[]; conditions?: object[] };

/** A client with the rules of an account, which the fake server keeps. */
function account(encrypted: string[] = ['notify']) {
  const kinds: Record<'override' | 'room' | 'underride', Rule[]> = {
    override: [],
    room: [],
    underride: [{ rule_id: '.m.rule.encrypted', enabled: true, default: true, actions: encrypted }],
  };
  const rules = { global: kinds } as unknown as IPushRules;
  const client = Object.assign(new EventEmitter(), {
    pushRules: rules,
    setPushRules: vi.fn(),
    getPushRules: () => Promise.resolve(rules),
    addPushRule: vi.fn((_scope: string, kind: 'override' | 'room', id: string, body: { actions: string[]; conditions?: object[] }) => {
      kinds[kind] = [...kinds[kind].filter((rule) => rule.rule_id !== id), { rule_id: id, enabled: true, default: false, ...body }];
      return Promise.resolve({});
    }),
    deletePushRule: vi.fn((_scope: string, kind: 'override' | 'room', id: string) => {
      kinds[kind] = kinds[kind].filter((rule) => rule.rule_id !== id);
      return Promise.resolve({});
    }),
  });
  return { client, kinds, levels: new Levels(client as unknown as MatrixClient) };
}

test('without a rule of its own a room has what the account has', () => {
  expect(account().levels.of('!r')).toBe('everything');
  expect(account([]).levels.of('!r')).toBe('mentions');
});

test('each level is a rule that other clients know, and nothing is left of the one before', async () => {
  const { kinds, levels } = account();
  await levels.choose('!r', 'nothing');
  expect(levels.of('!r')).toBe('nothing');
  expect(kinds.override).toMatchObject([{ actions: [], conditions: [{ kind: 'event_match', key: 'room_id', pattern: '!r' }] }]);
  await levels.choose('!r', 'mentions');
  expect(levels.of('!r')).toBe('mentions');
  expect(kinds.override).toEqual([]);
  expect(kinds.room).toMatchObject([{ rule_id: '!r', actions: [] }]);
  await levels.choose('!r', 'everything');
  expect(levels.of('!r')).toBe('everything');
  expect(levels.of('!other')).toBe('everything');
});

test('what another device chose is in force here', () => {
  const { client, kinds, levels } = account();
  kinds.room.push({ rule_id: '!r', enabled: true, default: false, actions: [] });
  client.emit(ClientEvent.AccountData, new MatrixEvent({ type: 'm.push_rules', content: {} }));
  expect(levels.of('!r')).toBe('mentions');
  kinds.override.push({ rule_id: 'any name', enabled: true, default: false, actions: ['dont_notify'], conditions: [{ kind: 'event_match', key: 'room_id', pattern: '!r' }] });
  client.emit(ClientEvent.AccountData, new MatrixEvent({ type: 'm.push_rules', content: {} }));
  expect(levels.of('!r')).toBe('nothing');
});

test('a refusal leaves what was', async () => {
  const { client, levels } = account();
  client.addPushRule.mockRejectedValueOnce(new Error('no answer'));
  await expect(levels.choose('!r', 'nothing')).rejects.toThrow('no answer');
  expect(levels.of('!r')).toBe('everything');
});

import { expect, test } from 'vitest';
import { inThread, messageContent, reactionContent, type Where } from './compose';
import { pillFor } from './mentions';

const alone: Where = { people: [], all: false };
const lin = { id: '@lin:port.example', name: '林秋砚' };
const jonas = { id: '@jonas:port.example', name: 'Jonas Wedekind' };
const office: Where = { people: [lin, jonas], all: true };
const pill = (id: string, words: string): string => `<a href="https://matrix.to/#/${id}">${words}</a>`;

test('a reply names what it answers and whom, and repeats nothing of it', () => {
  expect(messageContent('yes', { is: 'reply', to: '$a', sender: '@lin:port.example' }, alone)).toEqual({
    msgtype: 'm.text',
    body: 'yes',
    'm.mentions': { user_ids: ['@lin:port.example'] },
    'm.relates_to': { 'm.in_reply_to': { event_id: '$a' } },
  });
});

test('an edit carries the new words, and a marked text for clients that know no edits', () => {
  expect(messageContent('better', { is: 'edit', of: '$a', had: { ids: [], all: false } }, alone)).toEqual({
    msgtype: 'm.text',
    body: '* better',
    'm.mentions': {},
    'm.new_content': { msgtype: 'm.text', body: 'better', 'm.mentions': {} },
    'm.relates_to': { rel_type: 'm.replace', event_id: '$a' },
  });
});

test('a reaction is an annotation', () => {
  expect(reactionContent('$a', '👍')).toEqual({ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', key: '👍' } });
});

test('who names nobody says so', () => {
  expect(messageContent('@nobody here', undefined, office)['m.mentions']).toEqual({});
  expect(messageContent('lin@port.example', undefined, office)['m.mentions']).toEqual({});
  expect(messageContent('`@lin`', undefined, office)['m.mentions']).toEqual({});
  expect(messageContent('@linnea', undefined, office)['m.mentions']).toEqual({});
});

test('people are named by name, account name or user id, without a space around it', () => {
  expect(messageContent('请@林秋砚看一下', undefined, office)).toEqual({
    msgtype: 'm.text',
    body: '请@林秋砚看一下',
    format: 'org.matrix.custom.html',
    formatted_body: `<p>请${pill(lin.id, '@林秋砚')}看一下</p>`,
    'm.mentions': { user_ids: [lin.id] },
  });
  expect(messageContent('**@lin** and @Jonas Wedekind, @jonas:port.example', undefined, office)['m.mentions']).toEqual({ user_ids: [lin.id, jonas.id] });
  expect(pillFor('@a/b+c:port.example')).toBe('https://matrix.to/#/@a%2Fb%2Bc:port.example');
});

test('everybody is named by who may', () => {
  expect(messageContent('@room drill at nine', undefined, office)['m.mentions']).toEqual({ room: true });
  expect(messageContent('@room drill at nine', undefined, alone)['m.mentions']).toEqual({});
  expect(messageContent('`@room`', undefined, office)['m.mentions']).toEqual({});
});

test('an edit tells only those whom it names newly, and its new words name all', () => {
  const about = { is: 'edit', of: '$a', had: { ids: [lin.id, '@oda:port.example'], all: true }, answers: '@oda:port.example' } as const;
  const content = messageContent('@lin @jonas @room', about, office);
  expect(content['m.mentions']).toEqual({ user_ids: [jonas.id] });
  expect(content['m.new_content']).toMatchObject({ 'm.mentions': { user_ids: ['@oda:port.example', lin.id, jonas.id], room: true } });
});

test('an answer in a thread falls back to its last message, unless it answers one itself', () => {
  const thread = { root: '$root', last: '$last' };
  expect(messageContent('yes', undefined, { ...alone, thread })['m.relates_to']).toEqual({
    rel_type: 'm.thread',
    event_id: '$root',
    is_falling_back: true,
    'm.in_reply_to': { event_id: '$last' },
  });
  expect(messageContent('yes', { is: 'reply', to: '$b', sender: lin.id }, { ...alone, thread })).toMatchObject({
    'm.mentions': { user_ids: [lin.id] },
    'm.relates_to': { rel_type: 'm.thread', event_id: '$root', is_falling_back: false, 'm.in_reply_to': { event_id: '$b' } },
  });
  expect(messageContent('yes', { is: 'edit', of: '$b', had: { ids: [], all: false } }, { ...alone, thread })['m.relates_to']).toEqual({ rel_type: 'm.replace', event_id: '$b' });
  expect(inThread(undefined)).toEqual({});
});

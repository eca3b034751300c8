import { expect, test } from 'vitest';
import { messageContent, reactionContent } from './compose';

test('a reply names what it answers and whom, and repeats nothing of it', () => {
  expect(messageContent('yes', { is: 'reply', to: '$a', sender: '@lin:port.example' })).toEqual({
    msgtype: 'm.text',
    body: 'yes',
    'm.mentions': { user_ids: ['@lin:port.example'] },
    'm.relates_to': { 'm.in_reply_to': { event_id: '$a' } },
  });
});

test('an edit carries the new words, and a marked text for clients that know no edits', () => {
  expect(messageContent('better', { is: 'edit', of: '$a' })).toEqual({
    msgtype: 'm.text',
    body: '* better',
    'm.new_content': { msgtype: 'm.text', body: 'better' },
    'm.relates_to': { rel_type: 'm.replace', event_id: '$a' },
  });
});

test('a reaction is an annotation', () => {
  expect(reactionContent('$a', '👍')).toEqual({ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$a', key: '👍' } });
});

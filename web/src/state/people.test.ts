import { expect, test } from 'vitest';
import type { MatrixClient } from 'matrix-js-sdk';
import type { Tokens } from '../wire/tokens';
import { converse } from './people';

test('an invitation that fails is sent again in the room that was made for it', async () => {
  const made: string[] = [];
  const client = {
    getAccountData: () => null,
    getSafeUserId: () => '@lin:port.example',
    createRoom: () => Promise.resolve({ room_id: `!${made.push('room')}` }),
    setAccountData: () => Promise.reject(new Error('no answer')),
  } as unknown as MatrixClient;
  const tokens = null as unknown as Tokens; // it does not come so far
  const begun = new Map<string, string>();
  for (let n = 0; n < 3; n++) await expect(converse(client, tokens, '@mio:port.example', begun)).rejects.toThrow('no answer');
  expect(made).toHaveLength(1);
  expect(begun.get('@mio:port.example')).toBe('!1');
});

import { expect, test } from 'vitest';
import { wayOf, type Way } from './way';

const megolm = { algorithm: 'm.megolm.v1.aes-sha2' };
const open = { 'org.wardroom.announcement': true };

test.each<[string, Way, Parameters<typeof wayOf>]>([
  ['an encrypted room', 'encrypted', [{}, megolm, true]],
  ['an encrypted room of which the crypto has not heard yet', 'encrypted', [{}, megolm, false]],
  ['a room for open announcements', 'clear', [open, undefined, false]],
  ['the server keeps the encryption event back', 'withheld', [{}, undefined, false]],
  ['the server keeps it back from a device that knows better', 'withheld', [{}, undefined, true]],
  ['open announcements in a room that was encrypted here', 'withheld', [open, undefined, true]],
  ['open announcements that were encrypted later', 'encrypted', [open, megolm, false]],
  ['another algorithm', 'withheld', [{}, { algorithm: 'm.none' }, false]],
  ['another algorithm, and open announcements', 'withheld', [open, { algorithm: 'm.none' }, false]],
  ['an encryption event that was emptied', 'withheld', [open, {}, true]],
  ['a flag that is not true', 'withheld', [{ 'org.wardroom.announcement': 'true' }, undefined, false]],
  ['nothing heard', 'unknown', [undefined, undefined, false]],
  ['nothing heard of late', 'unknown', [undefined, undefined, true]],
])('%s: %s', (_, way, said) => {
  expect(wayOf(...said)).toBe(way);
});

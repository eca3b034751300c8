// What of an encrypted event stays readable beside the ciphertext.

/**
 * What goes over the wire, without what a reaction says: the server has no use for it. The key stays there and is empty,
 * because other clients read no annotation without one. Inside the ciphertext it stands in full.
 */
export function withoutKey(wire: Readonly<Record<string, unknown>>): object {
  const about = wire['m.relates_to'];
  if (typeof about !== 'object' || about === null || !('key' in about)) return wire;
  return { ...wire, 'm.relates_to': { ...about, key: '' } };
}

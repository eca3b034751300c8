import type { KeyboardEvent } from 'react';

/**
 * Whether a key belongs to an input method, which chooses characters with it. Safari tells of the Enter that ends this
 * only afterwards, as a key of its own (WebKit bug 165004): by then nothing is composed, but its code is still that of
 * an input method.
 */
export function isComposing({ nativeEvent }: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells it
  return nativeEvent.isComposing || nativeEvent.keyCode === 229;
}

// One tab at a time: the crypto store of a browser may be driven by one program only.

const name = 'wardroom';

/**
 * Takes the one place there is. It resolves with false where another tab has it, unless `steal` is set. lost is
 * called when another tab takes it away.
 */
export function takePlace(steal: boolean, lost: () => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, steal ? { steal: true } : { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        // It is held as long as the page lives, or until it is stolen.
        return lock === null ? undefined : new Promise<void>(() => undefined);
      })
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'AbortError') lost();
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

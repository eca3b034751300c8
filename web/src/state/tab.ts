// One tab at a time: the crypto store of a browser may be driven by one program only.

const name = 'wardroom';
const silence = 5000; // ms after which a tab that was asked for the place counts as stuck

/**
 * Takes the one place there is. It resolves with false where another tab has it, unless `ask` is set: that tab is then
 * asked to give it up and waited for, and only one that stays silent has it taken away. lost is called when another tab
 * wants the place or has taken it; the place is given up when what lost returns is over.
 */
export async function takePlace(ask: boolean, lost: () => Promise<void>): Promise<boolean> {
  if (await hold({ ifAvailable: true }, lost)) return true;
  if (!ask) return false;
  const channel = new BroadcastChannel(name);
  channel.postMessage('give');
  channel.close();
  try {
    return await hold({ signal: AbortSignal.timeout(silence) }, lost);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error;
    return hold({ steal: true }, lost);
  }
}

// Resolves once the lock is held, or cannot be had; it is held as long as the page lives, or until another tab wants it.
function hold(options: LockOptions, lost: () => Promise<void>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let held = false;
    navigator.locks
      .request(name, options, async (lock) => {
        if (lock !== null) {
          held = true;
          const asked = whenAsked();
          resolve(true);
          await asked;
          held = false;
          await lost();
        }
        resolve(false);
      })
      .catch((error: unknown) => {
        if (held) void lost(); // it was stolen
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

function whenAsked(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(name);
    channel.onmessage = () => {
      channel.close();
      resolve();
    };
  });
}

/** Resolves when what() is true (or gives something), and rejects when it is not within a time. */
export async function until(name, what, within = 30_000) {
  for (const end = Date.now() + within; ; await new Promise((r) => setTimeout(r, 20))) {
    const got = await what();
    if (got) return got;
    if (Date.now() > end) throw new Error(`still waiting: ${name}`);
  }
}

/** Does what() again, a few times, where it fails: the server may be away for a moment. Gives what it gives. */
export async function insist(what) {
  for (let tries = 1; ; tries++) {
    try {
      return await what();
    } catch (err) {
      if (tries === 10) throw err;
      await new Promise((r) => setTimeout(r, 200));
    }
  }
}

// What Node 20 lacks of what a browser gives the Matrix SDK. Import it before anything else.
import "fake-indexeddb/auto";

Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((a, b) => ([resolve, reject] = [a, b]));
  return { promise, resolve, reject };
};

// The database of a device outlives its client, as it does in a browser. A client that starts again must find it at rest,
// so the transactions that still run are counted.
let running = 0;
const transaction = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (...args) {
  const t = transaction.apply(this, args);
  running++;
  const done = () => running--;
  t.addEventListener("complete", done);
  t.addEventListener("abort", done);
  return t;
};

/** Resolves once nobody has been writing to, or reading from, any database for a few turns of the event loop. */
export async function databasesAtRest() {
  for (let quiet = 0; quiet < 5; quiet = running === 0 ? quiet + 1 : 0) await new Promise((r) => setImmediate(r));
}

// A person's device with Hydrogen's client library: another sync loop, another store and another Olm than those of matrix-js-sdk.
import "./ground.mjs";
import { createRequire } from "node:module";
import { until } from "./until.mjs";

// What it takes of a browser. Nothing is drawn.
const kept = new Map();
globalThis.localStorage ??= {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, String(value)),
  removeItem: (key) => void kept.delete(key),
  key: (n) => [...kept.keys()][n] ?? null,
  get length() {
    return kept.size;
  },
};
const nothing = () => {};
globalThis.window ??= new Proxy({ addEventListener: nothing, removeEventListener: nothing }, { get: (own, key) => own[key] ?? globalThis[key] });

// Hydrogen asks through the global fetch, and nobody else here says "no-referrer", which Node does not take. It goes over the server's network: what it
// carries may take its time, and answers may be lost.
const { fetch } = globalThis;
let network = null;
globalThis.fetch = async (input, { referrer, ...init } = {}) => {
  if (referrer !== "no-referrer") return fetch(input, init);
  const url = new URL(input);
  const way = () => network.way(init.signal, url.pathname);
  await way();
  const answer = await fetch(url, init);
  await way();
  if (network.loses(init.method, url.pathname, Hydrogen)) throw new TypeError("the answer was lost on its way");
  return answer;
};
globalThis.document ??= { createElement: () => ({ style: {}, classList: { add: nothing } }), location: { hash: "", search: "", href: "http://localhost/" } };
if (globalThis.navigator?.onLine === undefined) {
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true, userAgent: "node", platform: "node", storage: { persist: async () => true } }, configurable: true });
}

const require = createRequire(import.meta.url);
const Olm = require("@matrix-org/olm");
const { Client, LoadStatus, Logger, Platform } = require("hydrogen-view-sdk");
await Olm.init();

function platform() {
  const logger = new Logger({ platform: { clock: { now: Date.now } } });
  const is = new Platform({ container: { addEventListener: nothing }, assetPaths: { olm: {} }, config: {}, logger });
  is.loadOlm = async () => Olm;
  is.loadOlmWorker = async () => undefined;
  Object.defineProperty(is, "updateService", { value: { updateAuthData: nothing } });
  logger._platform = is;
  return is;
}

export class Hydrogen {
  constructor(server, user) {
    server.devices.push(this);
    network = server;
    this.server = server;
    this.user = user;
    this.client = null; // while it runs
    this.session = null; // its name in the store
    this.unreadable = new Set(); // what could not be read when it was looked at
  }

  /** Signs in on a new device, or runs the one that there is, and resolves when it has synced. */
  async open(password) {
    const client = new Client(platform());
    if (this.session) await client.startWithExistingSession(this.session);
    else {
      const login = await client.queryLogin(this.server.url).result;
      await client.startWithLogin(login.password(this.user.slice(1).split(":")[0], password));
    }
    await until(`${this.user} has synced with Hydrogen`, () => {
      if (client.loadError) throw client.loadError;
      return client.loadStatus.get() === LoadStatus.Ready;
    });
    this.client = client;
    this.session = client.sessionId;
  }

  /** Closes the client; what it knows is kept. */
  async crash() {
    this.client?.dispose();
    this.client = null;
  }

  get rooms() {
    return this.client.session.rooms;
  }

  /** Accepts an invitation. */
  async join(room) {
    await until("the invitation has come", () => this.client.session.invites.get(room));
    await this.client.session.invites.get(room).accept();
    await until("the room is there", () => this.rooms.get(room));
  }

  async say(room, body) {
    await this.rooms.get(room).sendEvent("m.room.message", { msgtype: "m.text", body });
  }

  /** Says something, and resolves when the server has it. Of several that wait, Hydrogen leaves one out that got no answer and sends the next. */
  async tell(room, body) {
    await this.say(room, body);
    await until(`${body} is sent`, async () => (await this.read(room)).some((m) => m.body === body && !m.waits), 60_000);
  }

  /** The messages that it shows of a room: what they say, or why it cannot be read. */
  async read(room) {
    const timeline = await this.rooms.get(room).openTimeline();
    const silent = timeline.entries.subscribe({ onAdd: nothing, onUpdate: nothing, onRemove: nothing, onMove: nothing, onReset: nothing });
    try {
      await timeline.loadAtTop(200);
      const messages = [...timeline.entries].filter((e) => e.eventType === "m.room.message" || e.eventType === "m.room.encrypted");
      const read = messages.map((e) => ({ sender: e.sender, body: e.content?.body, waits: Boolean(e.isPending), unreadable: e.decryptionError?.message ?? null }));
      for (const m of read) if (m.unreadable) this.unreadable.add(m.unreadable);
      return read;
    } finally {
      silent();
      timeline.dispose();
    }
  }
}

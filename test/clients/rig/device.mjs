// A person's device: a Matrix client over stores that outlive it.
import "./ground.mjs";
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { setMaxListeners } from "node:events";
import path from "node:path";
import { format } from "node:util";
import { createClient, ClientEvent, IndexedDBStore, MatrixEventEvent, PendingEventOrdering, RoomEvent, SyncState } from "matrix-js-sdk";
import { logger as everybodysLogger } from "matrix-js-sdk/lib/logger.js";
import { databasesAtRest } from "./ground.mjs";
import { until } from "./until.mjs";

const v3 = "/_matrix/client/v3";
const everybodysPassword = "seven quiet boats";
const logs = path.resolve(import.meta.dirname, "../../../test-results/clients", path.basename(process.argv[1], ".test.mjs"));
rmSync(logs, { recursive: true, force: true });
mkdirSync(logs, { recursive: true });

everybodysLogger.setLevel("silent", false); // each client has one of its own
everybodysLogger.getChild = () => everybodysLogger;

/** Logs of one device go to a file of its own, to be read when a test fails; with $VERBOSE everything the SDK says. */
function logTo(file) {
  const out = createWriteStream(path.join(logs, file), { flags: "a" });
  const logger = (name) => {
    const at = (level) => level === "D" && !process.env.VERBOSE ? () => {} : (...words) => out.write(`${new Date().toISOString()} ${level} ${name}${format(...words)}\n`);
    return { trace: () => {}, debug: at("D"), info: at("I"), warn: at("W"), error: at("E"), log: at("D"), getChild: (n) => logger(`${n}: `) };
  };
  return logger("");
}

/** Sooner than the SDK would, a client whose server was away tries again. */
const impatience = 200;

/**
 * Of two keys to one session that come at once the SDK keeps the later one, and what was said before it is not readable: a device that is away
 * while a sender starts again is given both. So it is given them one after the other, as our web client does.
 */
function takeKeysInTurn(crypto) {
  const take = crypto.processSyncChanges.bind(crypto);
  crypto.processSyncChanges = async (changes) => {
    const received = [];
    for (const event of changes.toDeviceEvents) received.push(...(await take({ ...changes, toDeviceEvents: [event] })));
    return changes.toDeviceEvents.length > 0 ? received : take(changes);
  };
}

export class Device {
  /** Signs up somebody new. */
  static async signUp(server, name, invitation, password = everybodysPassword) {
    const granted = await server.call(null, "POST", `${v3}/register`, {
      username: name,
      password,
      auth: { type: "m.login.registration_token", token: invitation },
    });
    return new this(server, name, granted, password);
  }

  /** Signs the same person in on another device. */
  static async signIn(server, name, password = everybodysPassword) {
    const granted = await server.call(null, "POST", `${v3}/login`, {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: name },
      password,
    });
    return new this(server, name, granted, password);
  }

  constructor(server, name, granted, password) {
    server.devices.push(this);
    this.server = server;
    this.password = password;
    this.name = `${name}.${granted.device_id}`;
    this.user = granted.user_id;
    this.id = granted.device_id;
    this.token = granted.access_token;
    this.logger = logTo(`${this.name}.log`);
    this.client = null; // while it runs
    this.secret = null; // the key of the person's secret storage, where the device was given it
    this.options = {}; // more for startClient
    this.unreadable = new Map(); // events that could not be decrypted, at any time: event ID → why
    this.received = []; // to-device messages, in the order in which they came
    this.outbox = []; // what is not yet with the server: {room, txn, body, kept}
    this.said = 0;
  }

  /** One request of this device without the SDK. */
  call(method, path, body) {
    return this.server.call(this.token, method, path, body);
  }

  /** Starts the client over what the device kept, and resolves when it has synced. */
  async open() {
    const cut = new AbortController();
    setMaxListeners(0, cut.signal); // one for each request that is on its way
    const closed = new Promise((_, reject) => cut.signal.addEventListener("abort", () => reject(new Error("the client was closed"))));
    closed.catch(() => {});
    const store = new IndexedDBStore({ indexedDB, dbName: this.name });
    const client = createClient({
      baseUrl: this.server.url,
      userId: this.user,
      deviceId: this.id,
      accessToken: this.token,
      store,
      logger: this.logger,
      fetchFn: (input, init) => this.fetch(cut.signal, input, init),
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => (this.secret ? [Object.keys(keys)[0], this.secret] : null),
        cacheSecretStorageKey: (id, info, key) => (this.secret = key),
      },
    });
    client.on(RoomEvent.Timeline, (event) => void client.decryptEventIfNeeded(event));
    client.on(MatrixEventEvent.Decrypted, (event) => cut.signal.aborted || this.noteDecryption(event)); // a stopped client can decrypt nothing
    client.on(ClientEvent.ReceivedToDeviceMessage, ({ message }) => this.received.push(message));
    client.on(ClientEvent.Sync, (state) => {
      if (state === SyncState.Reconnecting || state === SyncState.Error) setTimeout(() => client.clientRunning && client.retryImmediately(), impatience);
      // The SDK asks once where the backup is, when it starts. A client that had no answer then would back up nothing
      // until it is started again, so it is reminded, as our web client does: this asks again until there was an answer.
      if (state === SyncState.Syncing) client.getCrypto()?.getKeyBackupInfo().catch(() => {}); // the client may be closing
    });
    await store.startup();
    await client.initRustCrypto({ cryptoDatabasePrefix: this.name });
    takeKeysInTurn(client.getCrypto());
    // Where the SDK lets nobody wait for its requests, nobody hears either that a client was stopped in the middle of them.
    const requests = client.getCrypto().outgoingRequestsManager;
    const make = requests.doProcessOutgoingRequests.bind(requests);
    requests.doProcessOutgoingRequests = () => {
      const done = make();
      done.catch(() => {});
      return done;
    };
    await client.startClient({ lazyLoadMembers: true, pendingEventOrdering: PendingEventOrdering.Detached, threadSupport: true, ...this.options, ...this.syncing(client) });
    // A sync that the server answered, not only what was kept: before it the client knows no new devices to encrypt for.
    await until(`${this.name} has synced`, () => client.getSyncState() === SyncState.Syncing && client.getSyncStateData()?.fromCache !== true);
    this.client = client;
    this.cut = cut;
    this.closed = closed;
  }

  /** How a client of this device learns what is new, for startClient. */
  syncing() {
    return {};
  }

  /** Closes the client as a person would: what it knows is kept. */
  async close() {
    await this.client.store.save(true);
    await this.crash();
  }

  /** Ends the client at once: answers on their way are lost, and so is what it had not kept. */
  async crash() {
    const { client } = this;
    if (client === null) return;
    this.client = null;
    this.cut.abort();
    client.stopClient();
    await databasesAtRest();
  }

  /** Removes the device, at the server and here. */
  async signOut() {
    await this.client.logout(true);
    await this.crash();
  }

  async fetch(cut, input, init = {}) {
    const signal = init.signal ? AbortSignal.any([cut, init.signal]) : cut;
    await this.server.way(signal);
    const answer = await fetch(input, { ...init, signal });
    await this.server.way(signal);
    if (this.server.loses(init.method ?? "GET", new URL(input).pathname, Device)) throw new TypeError("the answer was lost on its way");
    return answer;
  }

  noteDecryption(event) {
    if (!event.isDecryptionFailure()) return;
    this.unreadable.set(event.getId(), `${event.decryptionFailureReason} from ${event.getSender()} in ${event.getRoomId()}`);
  }

  /** Puts a message in the outbox, to be sent in its turn, also after a restart. Resolves when the server has it. */
  say(room, body) {
    const message = { room, body, txn: `${this.id}-${++this.said}`, ...Promise.withResolvers() };
    this.outbox.push(message);
    if (this.outbox.length === 1) void this.send();
    return message.promise;
  }

  /** Sends what is in the outbox, one after the other, until it is empty. A message goes with the same transaction ID until it is answered. */
  async send() {
    while (this.outbox.length > 0) {
      const message = this.outbox[0];
      while (this.client === null) await new Promise((r) => setTimeout(r, 20));
      try {
        const { event_id } = await Promise.race([this.sendOnce(this.client, message), this.closed]);
        message.resolve(event_id);
        this.outbox.shift();
      } catch (err) {
        if (err.httpStatus >= 400 && err.httpStatus < 500) {
          message.reject(err);
          return;
        }
        this.logger.info("not sent, again:", err);
        await new Promise((r) => setTimeout(r, 50));
      }
    }
  }

  async sendOnce(client, { room, body, txn }) {
    const pending = client.getRoom(room).getPendingEvents().find((e) => e.getTxnId() === txn);
    if (pending) return client.resendEvent(pending, client.getRoom(room));
    return client.sendEvent(room, null, "m.room.message", { msgtype: "m.text", body }, txn);
  }

  /** Pages everything this device may see of a room, and gives the messages in the room's order. */
  async history(roomId) {
    const room = this.client.getRoom(roomId);
    while (room.oldState.paginationToken !== null) await this.client.scrollback(room, 100);
    const events = room.getLiveTimeline().getEvents();
    await Promise.all(events.map((e) => this.client.decryptEventIfNeeded(e)));
    return events
      .filter((e) => e.getWireType() === "m.room.encrypted")
      .map((e) => ({ id: e.getId(), sender: e.getSender(), body: e.getContent().body, unreadable: e.isDecryptionFailure() ? e.decryptionFailureReason : null }));
  }

  /** Makes the person's cross-signing keys, secret storage and key backup, and gives the recovery key to keep. */
  async setUpRecovery() {
    const crypto = this.client.getCrypto();
    const key = await crypto.createRecoveryKeyFromPassphrase();
    await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (request) => this.confirmed(request) });
    await crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => key, setupNewSecretStorage: true, setupNewKeyBackup: true });
    return key.privateKey;
  }

  /** Gives a new device what the person's other devices have: it is signed, and reads the backup. */
  async recover(key) {
    this.secret = key;
    const crypto = this.client.getCrypto();
    await crypto.userHasCrossSigningKeys(this.user, true); // fetches the public keys, which the private ones are checked against
    await crypto.bootstrapCrossSigning({});
    await crypto.checkKeyBackupAndEnable(); // asks the server again, also where an earlier question failed
    await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    await crypto.checkKeyBackupAndEnable();
    return crypto.restoreKeyBackup();
  }

  /** Whether everything that this device can read is in the backup, for the person's other devices. */
  async hasBackedUp() {
    const { total, backedUp } = await this.client.getCrypto().olmMachine.roomKeyCounts();
    return total === backedUp;
  }

  /** Makes new cross-signing keys in place of those that are there. */
  async resetCrossSigning() {
    await this.client.getCrypto().bootstrapCrossSigning({ setupNewCrossSigning: true, authUploadDeviceSigningKeys: (request) => this.confirmed(request) });
  }

  /** Makes a request that asks for the password. */
  async confirmed(request) {
    try {
      return await request(null);
    } catch (err) {
      if (err.httpStatus !== 401) throw err;
      return request({ type: "m.login.password", identifier: { type: "m.id.user", user: this.user }, password: this.password, session: err.data.session });
    }
  }

  /** The IDs of the devices of somebody that this one would encrypt for now; null while it is closed. */
  async knows(user) {
    const { client } = this;
    if (client === null) return null;
    try {
      const devices = await client.getCrypto().getUserDeviceInfo([user], true);
      return [...(devices.get(user)?.keys() ?? [])];
    } catch (err) {
      if (this.client === client) throw err;
      return null; // it was closed meanwhile
    }
  }
}

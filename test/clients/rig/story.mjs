// People who talk, end-to-end encrypted, over clients that crash, come back, are replaced and lose the server.
// Nobody may ever see "unable to decrypt", and everybody ends with the same messages in the same order.
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Chance, seed } from "./chance.mjs";
import { Server } from "./server.mjs";
import { insist, until } from "./until.mjs";

const v3 = "/_matrix/client/v3";
const patience = 50; // so many unsent messages, and nobody says more until somebody is back

export class Story {
  /** Tells one from its beginning to its end. */
  static async tell(t, cast) {
    const story = new Story(new Chance(seed()), await Server.start(t), cast);
    for (const part of ["begin", "tell", "settle", "end"]) {
      const start = performance.now();
      await story[part]();
      t.diagnostic(`${part}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
  }

  /** cast says who is in it: names; groups and pairs of them that have a room; how many messages are said; plan, what happens in between and
   * after how many; and what their devices are. */
  constructor(chance, server, cast) {
    this.chance = chance;
    this.server = server;
    this.cast = cast;
    this.people = new Map(); // name → {user, key, devices}
    this.rooms = []; // {id, members}
    this.said = []; // {room, device, body, at, sent}
    this.busy = new Set(); // devices that are being closed and opened
    this.background = [];
    this.failures = [];
  }

  get devices() {
    return [...this.people.values()].flatMap((p) => p.devices);
  }

  async begin() {
    const invitation = await this.server.invitation(this.cast.names.length + 1);
    await Promise.all(
      this.cast.names.map(async (name) => {
        const device = await this.cast.Device.signUp(this.server, name, invitation);
        await device.open();
        const person = { name, user: device.user, devices: [device], key: null };
        this.people.set(name, person);
        person.key = await device.setUpRecovery();
        device.known = 0;
      }),
    );
    this.taker = await this.cast.Device.signUp(this.server, "taker", invitation); // takes other people's one-time keys; runs no client
    for (const members of this.cast.groups) await this.room(members, { preset: "private_chat" });
    for (const pair of this.cast.pairs)
      await this.room(pair, { preset: "trusted_private_chat", is_direct: true });
  }

  async room(members, options) {
    const [maker, ...others] = members.map((name) => this.people.get(name).devices[0]);
    const { room_id: id } = await maker.client.createRoom({ ...options, invite: others.map((d) => d.user) });
    await Promise.all(
      others.map(async (d) => {
        await until(`${d.name} is invited`, () => d.client.getRoom(id)?.getMyMembership() === "invite");
        await d.client.joinRoom(id);
      }),
    );
    for (const d of [maker, ...others]) await until(`${d.name} sees all join`, () => d.client.getRoom(id)?.getJoinedMemberCount() === members.length);
    this.rooms.push({ id, members });
  }

  /** Requests and answers overtake each other, for some take their time; and now and then the answer to one that matters is lost: the client
   * cannot know that it was carried out. */
  badNetwork() {
    const matters = /\/(sync|sendToDevice|send|keys\/(upload|claim|query)|room_keys)(\/|$)/;
    const network = new Chance(this.chance.below(2 ** 31)); // of its own: how often it is asked depends on time
    this.server.loses = (method, path) => matters.test(path) && network.happens(0.01);
    this.server.way = (signal) => (network.happens(0.2) ? setTimeout(network.below(600), undefined, { signal }) : Promise.resolve());
  }

  async tell() {
    this.badNetwork();
    const plan = this.cast.plan(this);
    for (let n = 1; n <= this.cast.messages; n++) {
      this.speak(n);
      const happening = plan.get(n);
      if (happening) this.aside(happening());
      if (this.chance.happens(0.08)) this.aside(this.restart());
      if (this.chance.happens(0.05)) this.aside(this.read());
      await until("not too much at once", () => this.unsent(true) < 12 && this.unsent() < patience, 120_000);
    }
  }

  /** Everybody is back, and everything said is with the server, and so are the keys to it: a new device has those of what was said before it from nowhere else. */
  async settle() {
    await Promise.all(this.background);
    await Promise.all(this.said.map((m) => m.sent));
    this.server.loses = () => false;
    this.server.way = async () => {};
    await Promise.all(this.devices.map((d) => until(`${d.name} has backed up all its keys`, () => d.hasBackedUp(), 120_000)));
  }

  /** Something goes on while people talk; it must end well all the same. */
  aside(promise) {
    this.background.push(promise);
    promise.catch((err) => this.failures.push(err));
  }

  /** How many messages wait to be sent: by all, or by those alone who can send now. */
  unsent(now = false) {
    if (this.failures.length > 0) throw this.failures[0];
    return this.devices.filter((d) => !now || d.client).reduce((n, d) => n + d.outbox.length, 0);
  }

  speak(n) {
    const room = this.chance.of(this.rooms);
    const device = this.chance.of(room.members.flatMap((name) => this.people.get(name).devices));
    const body = `${n} from ${device.name}`;
    const message = { room: room.id, device, body, at: Date.now() };
    message.sent = device.say(room.id, body).then((id) => (message.id = id));
    message.sent.catch((err) => this.failures.push(err));
    this.said.push(message);
  }

  /** A client ends, well or badly, is away for a while, and comes back. */
  async restart() {
    const device = this.chance.of(this.devices);
    const crash = this.chance.happens(0.6);
    const away = this.chance.happens(0.3) ? 10 + this.chance.below(25) : 0;
    await this.without(device, async () => {
      await this.othersGoOn(away);
    }, crash);
  }

  /** Resolves when so many more messages were said, or nobody will say more. */
  async othersGoOn(more) {
    const upto = Math.min(this.said.length + more, this.cast.messages);
    await until("the others went on", () => this.said.length >= upto || this.unsent() >= patience, 120_000);
  }

  /** Closes a device, does something, and opens it again. One that is closed already is left alone. */
  async without(device, what, crash = false) {
    if (this.busy.has(device) || !device.client) return;
    this.busy.add(device);
    await (crash ? device.crash() : device.close());
    await what();
    await device.open();
    this.busy.delete(device);
  }

  async read() {
    const device = this.chance.of(this.devices);
    const last = device.client?.getRoom(this.rooms[0].id)?.getLiveTimeline().getEvents().at(-1);
    if (last) await device.client.sendReadReceipt(last).catch(() => {}); // the client may be closing
  }

  /** Somebody signs in on another device and restores everything with the recovery key. */
  async newDevice(name) {
    const person = this.people.get(name);
    const device = await this.cast.Device.signIn(this.server, name);
    device.known = Infinity; // until then a sender may not know it; the backup has what it misses
    this.busy.add(device);
    await device.open();
    await insist(() => device.recover(person.key));
    person.devices.push(device);
    this.busy.delete(device);
    const others = () => this.devices.filter((d) => d !== device);
    await until(`all know ${device.name}`, async () => (await Promise.all(others().map((d) => d.knows(device.user)))).every((ids) => !ids || ids.includes(device.id)), 60_000);
    device.known = Date.now();
  }

  /** Somebody signs out of one device; they have another one, which knows what this one knew. */
  async leaveDevice(name) {
    const person = this.people.get(name);
    // A new one may be on its way for long, and it is waited for until all know it.
    await until(`${name} has another device that all know`, () => person.devices.length > 1 && person.devices.at(-1).known < Infinity, 120_000);
    const device = person.devices.pop();
    await until(`${device.name} is idle`, () => device.outbox.length === 0 && device.client && !this.busy.has(device), 60_000);
    this.busy.add(device);
    await insist(() => device.signOut());
  }

  /** While a device is away all its one-time keys are claimed: whoever writes to it first has to use its fallback key. */
  async takeKeys(name, other = name === "oda" ? "kai" : "oda") {
    const device = this.people.get(name).devices[0];
    await until(`${device.name} is idle`, () => device.client && !this.busy.has(device), 60_000);
    await this.without(device, async () => {
      for (let last = null; ; ) {
        const { one_time_keys } = await this.taker.call("POST", `${v3}/keys/claim`, { one_time_keys: { [device.user]: { [device.id]: "signed_curve25519" } } });
        const [key] = Object.keys(one_time_keys[device.user]?.[device.id] ?? {});
        assert.ok(key, "a device without one-time keys has a fallback key");
        if (key === last) break;
        last = key;
      }
      await this.newDevice(other); // it has no session with anybody yet
      await this.othersGoOn(15);
    });
  }

  /** Somebody makes a new cross-signing identity. */
  async newKeys(name) {
    const person = this.people.get(name);
    const device = person.devices[0];
    await until(`${device.name} is open`, () => device.client && !this.busy.has(device), 60_000);
    this.busy.add(device);
    await insist(() => device.resetCrossSigning());
    this.busy.delete(device);
  }

  async end() {
    for (const room of this.rooms) {
      const ids = await this.orderOf(room);
      const said = this.said.filter((m) => m.room === room.id);
      assert.deepEqual([...ids].sort(), said.map((m) => m.id).sort(), "the server has every message once");
      const bodies = new Map(said.map((m) => [m.id, m.body]));
      for (const device of room.members.flatMap((name) => this.people.get(name).devices)) await this.sameFor(device, room, ids.map((id) => bodies.get(id)));
      for (const device of new Set(said.map((m) => m.device))) {
        const mine = said.filter((m) => m.device === device).map((m) => m.id);
        assert.deepEqual(ids.filter((id) => mine.includes(id)), mine, `what ${device.name} said stands in the order in which it was said`);
      }
    }
    const unreadable = this.devices.flatMap((d) => [...d.unreadable].filter(([id]) => this.said.find((m) => m.id === id).at > d.known).map(([id, why]) => `${d.name}: ${id}: ${why}`));
    assert.deepEqual(unreadable, [], "nobody saw \"unable to decrypt\", not even for a moment");
  }

  /** The order of a room's messages, as the server tells it. */
  async orderOf(room) {
    const ids = [];
    for (let from = ""; from !== undefined; ) {
      const page = await this.people.get(room.members[0]).devices[0].call("GET", `${v3}/rooms/${encodeURIComponent(room.id)}/messages?dir=b&limit=100&from=${from}`);
      ids.unshift(...page.chunk.filter((e) => e.type === "m.room.encrypted").map((e) => e.event_id).reverse());
      from = page.end;
    }
    return ids;
  }

  async sameFor(device, room, bodies) {
    let seen;
    await until(`${device.name} has everything`, async () => {
      seen = await device.history(room.id);
      if (seen.length === bodies.length && seen.every((m) => m.unreadable === null)) return true;
      if (device.secret) await device.client.getCrypto().restoreKeyBackup();
    }).catch(() => {}); // the comparison says more
    assert.deepEqual(seen.map((m) => m.unreadable ?? m.body), bodies, `${device.name} reads the same as everybody`);
  }
}

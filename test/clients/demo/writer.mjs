// Somebody who writes: a device, and the outbox of the web client for each of its rooms.
import { setTimeout as pause } from "node:timers/promises";
import { UserId } from "@matrix-org/matrix-sdk-crypto-wasm";
import { ReceiptType } from "matrix-js-sdk";
import { Device } from "../rig/device.mjs";
import { until } from "../rig/until.mjs";
import { languageOf } from "./cast.mjs";
import { drawings, files } from "./files.mjs";

const v3 = "/_matrix/client/v3";
const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };

export class Writer {
  /** Signs somebody up and makes their keys and backup. code is the web client's own. */
  static async join(server, code, role, password, invitation) {
    const device = await Device.signUp(server, role.account, invitation, password);
    await device.call("PUT", `${v3}/profile/${encodeURIComponent(device.user)}/displayname`, { displayname: role.name });
    await device.open();
    await device.setUpRecovery();
    code.proveWith(device.client, { unproven: async () => [] }); // these people and their server are one program: there is nobody to be deceived
    return new Writer(device, code, role);
  }

  constructor(device, code, role) {
    this.device = device;
    this.code = code;
    this.role = role;
    this.outboxes = new Map();
  }

  get client() {
    return this.device.client;
  }

  /** Makes an encrypted room, or with `direct` a conversation of two equals, and invites people. It resolves when all are in. */
  async makesRoom({ name, topic, direct }, others) {
    const { room_id: room } = await this.client.createRoom({
      preset: "private_chat",
      visibility: "private",
      initial_state: [encryption],
      creation_content: await this.code.founding(this.client),
      power_level_content_override: { events: { [this.code.admissionsType]: 0 }, ...(direct ? { users: { [direct.device.user]: 100 } } : {}) },
      ...(direct ? { is_direct: true } : { name, topic }),
    });
    await until(`${name ?? "a conversation"} is there`, () => this.client.getRoom(room)?.hasEncryptionStateEvent());
    if (direct) await this.notesDirect(room, direct);
    for (const other of others) await this.letsIn(room, other, direct !== undefined);
    return room;
  }

  /** Invites somebody as the web client does: with the keys of what was said and a signature. They come in. */
  async letsIn(room, other, direct = false) {
    await this.code.shareHistory(this.client, room, other.device.user);
    await this.code.sayAdmission(this.client, room, { user: other.device.user }, (content) =>
      this.device.call("PUT", `${v3}/rooms/${encodeURIComponent(room)}/state/${this.code.admissionsType}/${encodeURIComponent(this.device.user)}`, content),
    );
    const signed = await this.code.signInvitation(this.client, room, other.device.user);
    await this.device.call("PUT", `${v3}/rooms/${encodeURIComponent(room)}/state/m.room.member/${encodeURIComponent(other.device.user)}`, {
      membership: "invite",
      ...(direct ? { is_direct: true } : {}),
      [this.code.invitationKey]: signed,
    });
    await until(`${other.role.account} is invited`, () => other.client.getRoom(room)?.getMyMembership() === "invite");
    await other.client.joinRoom(room);
    await until(`${other.role.account} is in`, () => other.client.getRoom(room)?.getMyMembership() === "join");
    await until(`${this.role.account} sees them`, () => this.client.getRoom(room)?.getMember(other.device.user)?.membership === "join");
    if (direct) await other.notesDirect(room, this);
  }

  async notesDirect(room, other) {
    const path = `${v3}/user/${encodeURIComponent(this.device.user)}/account_data/m.direct`;
    this.direct = { ...this.direct, [other.device.user]: [room] };
    await this.device.call("PUT", path, this.direct);
  }

  /** Sends an event through the outbox of its room, encrypted and with its envelope, and gives its ID. */
  async sends(room, type, content, lang) {
    const box = this.outbox(room);
    const before = new Set(box.snapshot().map((item) => item.id));
    await box.add(type, content, lang);
    for (;;) {
      const item = box.snapshot().find((one) => !before.has(one.id));
      if (item.state.is === "stopped") throw new Error(`${this.role.account} could not send: ${JSON.stringify(item.state.fault)}`);
      if (item.state.is === "saved") {
        box.arrived(new Set([item.state.eventId]));
        return item.state.eventId;
      }
      await pause(5);
    }
  }

  outbox(room) {
    if (!this.outboxes.has(room)) {
      this.outboxes.set(
        room,
        new this.code.Outbox({
          device: this.device.id,
          sign: (content) => this.code.signed(this.client, content),
          between: async () => undefined, // whoever is made anew each time remembers nothing to compare
          seen: () => this.client.getRoom(room).getLiveTimeline().getEvents().at(-1)?.getId() ?? "",
          send: async (type, id, content) => {
            const encrypted = await this.code.encrypt(this.client, room, type, content);
            const { event_id } = await this.device.call("PUT", `${v3}/rooms/${encodeURIComponent(room)}/send/${encrypted.type}/${id}`, encrypted.content);
            return event_id;
          },
          judge: (error) => ({ refused: String(error) }),
          keep: async () => {}, // whoever is made anew each time needs nothing kept
        }),
      );
    }
    return this.outboxes.get(room);
  }

  /** Says, answers, reacts, edits or shows what one line of talk.mjs says. named has what earlier lines are called. */
  async speaks(room, text, more, named) {
    const { to, in: root, edit, react } = more;
    const lang = languageOf(text, this.role);
    if (react) return this.sends(room, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: named.get(react).id, key: text } });
    if (more.draw || more.file) return this.sends(room, "m.room.message", more.draw ? await this.picture(drawings[more.draw]) : await this.file(files[more.file]));
    const words = { msgtype: "m.text", body: text };
    if (edit) {
      const about = { rel_type: "m.replace", event_id: named.get(edit).id };
      return this.sends(room, "m.room.message", { msgtype: "m.text", body: `* ${text}`, "m.new_content": words, "m.relates_to": about }, lang);
    }
    const mentions = to ? { "m.mentions": { user_ids: [named.get(to).user] } } : {};
    const relates = to ? { "m.in_reply_to": { event_id: named.get(to).id } } : root && { rel_type: "m.thread", event_id: named.get(root).id, is_falling_back: true, "m.in_reply_to": { event_id: named.get(root).last } };
    const id = await this.sends(room, "m.room.message", { ...words, ...mentions, ...(relates ? { "m.relates_to": relates } : {}) }, lang);
    if (root) named.get(root).last = id;
    return id;
  }

  async picture({ name, draw }) {
    const canvas = draw();
    const [whole, small] = [canvas.png(), canvas.png(2)];
    return this.code.contentOf({
      name,
      type: "image/png",
      size: whole.bytes.length,
      stored: await this.stores(whole.bytes),
      picture: { width: whole.width, height: whole.height, small: { stored: await this.stores(small.bytes), type: "image/png", size: small.bytes.length, width: small.width, height: small.height } },
    });
  }

  async file({ name, type, bytes }) {
    return this.code.contentOf({ name, type, size: bytes.length, stored: await this.stores(bytes) });
  }

  /** Encrypts bytes and puts them on the server. */
  async stores(plain) {
    const { bytes, key } = await this.code.encryptFile(plain);
    const { content_uri: url } = await this.client.uploadContent(Buffer.from(bytes), { type: "application/octet-stream", includeFilename: false });
    return { ...key, url };
  }

  /** Has read all but so many of the last of events, and all threads, for oneself alone. */
  async hasRead(room, events, unread, threads) {
    const read = (event, body) => this.device.call("POST", `${v3}/rooms/${encodeURIComponent(room)}/receipt/${ReceiptType.ReadPrivate}/${encodeURIComponent(event)}`, body);
    const last = events.at(-1 - unread);
    if (last) await read(last, {});
    for (const thread of threads) await read(thread.last, { thread_id: thread.id });
  }

  /** Puts a signature under who others are, of those that one shares a room with: as after comparing emoji. */
  async verifies(others) {
    const crypto = this.client.getCrypto();
    for (const other of others) {
      await crypto.userHasCrossSigningKeys(other.device.user, true);
      const identity = await crypto.olmMachine.getIdentity(new UserId(other.device.user));
      if (identity) await crypto.outgoingRequestProcessor.makeOutgoingRequest(await identity.verify());
    }
  }
}

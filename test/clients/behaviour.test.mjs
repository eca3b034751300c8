// What a client that people use relies on, and only a client shows. Each test has a server of its own.
import { test } from "node:test";
import assert from "node:assert/strict";
import { CryptoEvent, VerificationPhase, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import { Device } from "./rig/device.mjs";
import { Server } from "./rig/server.mjs";
import { until } from "./rig/until.mjs";

const v3 = "/_matrix/client/v3";

/** A server with these people, one open device each. */
async function office(t, ...names) {
  const server = await Server.start(t);
  const invitation = await server.invitation(names.length);
  const people = await Promise.all(names.map((name) => Device.signUp(server, name, invitation)));
  await Promise.all(people.map((d) => d.open()));
  return [server, ...people];
}

/** A room that the first made and the others joined. */
async function roomOf(maker, ...others) {
  const { room_id } = await maker.client.createRoom({ preset: "private_chat", invite: others.map((d) => d.user) });
  for (const d of others) await enter(d, room_id);
  await until("all are there", () => maker.client.getRoom(room_id)?.getJoinedMemberCount() === others.length + 1);
  return room_id;
}

/** Joins once the invitation has come. */
async function enter(device, room) {
  await until(`${device.name} is invited`, () => device.client.getRoom(room)?.getMyMembership() === "invite");
  await device.client.joinRoom(room);
  await until(`${device.name} is in`, () => device.client.getRoom(room).getMyMembership() === "join");
}

/** Waits until a device reads these messages, in this order, and nothing else. */
async function reads(device, room, bodies) {
  let got;
  await until("all has come", async () => {
    got = (await device.history(room)).map((m) => m.unreadable ?? m.body);
    return got.length === bodies.length && got.every((body, i) => body === bodies[i]);
  }, 20_000).catch(() => {}); // the comparison says more
  assert.deepEqual(got, bodies);
}

test("after a gap a client that loads members lazily knows who is there, and encrypts for them", async (t) => {
  const [, lin, mei, sora, kai] = await office(t, "lin", "mei", "sora", "kai");
  const room = await roomOf(lin, mei, kai);
  await lin.say(room, "before");
  await mei.say(room, "before, too");
  await until("mei has it", () => mei.client.getRoom(room).getLastLiveEvent()?.getContent().body === "before, too");
  await mei.close();

  await lin.client.setRoomName(room, "Quay 7");
  await lin.client.invite(room, sora.user);
  await enter(sora, room);
  await kai.client.leave(room);
  await lin.client.setDisplayName("Lin of the night shift");
  const said = ["before", "before, too"];
  for (let n = 0; n < 40; n++) {
    said.push(`${n}`);
    await (n % 2 ? lin : sora).say(room, `${n}`);
  }

  await mei.open();
  const seen = mei.client.getRoom(room);
  assert.equal(seen.name, "Quay 7");
  assert.equal(seen.getJoinedMemberCount(), 3);
  await seen.loadMembersIfNeeded();
  assert.deepEqual(seen.getJoinedMembers().map((m) => m.userId).sort(), [lin.user, mei.user, sora.user].sort());
  assert.equal(seen.getMember(lin.user).name, "Lin of the night shift");
  assert.equal(seen.getMember(kai.user).membership, "leave");
  await mei.say(room, "back");
  const before = "HISTORICAL_MESSAGE_USER_NOT_JOINED"; // the server says so: it was said before she came, and nobody shared it
  await reads(sora, room, [before, before, ...said.slice(2), "back"]);
  await reads(mei, room, [...said, "back"]);
  assert.deepEqual([...mei.unreadable], []);
});

test("an invited person reads what was said before", async (t) => {
  const [, lin, mei] = await office(t, "lin", "mei");
  for (const d of [lin, mei]) await d.setUpRecovery();
  const room = await roomOf(lin);
  const said = ["one", "two", "three"];
  for (const body of said) await lin.say(room, body);
  await lin.client.invite(room, mei.user);
  await enter(mei, room);
  await reads(mei, room, said);
});

test("what was said while somebody was away from the room is explained, not broken", async (t) => {
  const [, lin, mei] = await office(t, "lin", "mei");
  const room = await roomOf(lin, mei);
  await lin.say(room, "before");
  await reads(mei, room, ["before"]);
  await mei.client.leave(room);
  await until("lin sees mei leave", () => lin.client.getRoom(room).getMember(mei.user).membership === "leave");
  await lin.say(room, "between us");
  await lin.client.invite(room, mei.user);
  await enter(mei, room);
  await until("lin sees mei come", () => lin.client.getRoom(room).getMember(mei.user).membership === "join");
  await lin.say(room, "after");
  await reads(mei, room, ["before", "HISTORICAL_MESSAGE_USER_NOT_JOINED", "after"]);
});

test("keys come before the message they are for, behind however many other messages to the device", async (t) => {
  const [, lin, mei] = await office(t, "lin", "mei");
  const room = await roomOf(lin, mei);
  await mei.close();
  const flood = 250;
  for (let n = 0; n < flood; n++)
    await lin.call("PUT", `${v3}/sendToDevice/org.example.flood/${n}`, { messages: { [mei.user]: { "*": { n } } } });
  await lin.say(room, "behind the flood");

  await mei.open();
  await reads(mei, room, ["behind the flood"]);
  assert.deepEqual([...mei.unreadable], []);
  const came = mei.received.filter((m) => m.type === "org.example.flood").map((m) => m.content.n);
  assert.deepEqual(came, Array.from({ length: flood }, (_, n) => n));
});

test("a device without one-time keys is reached with its fallback key, and makes new one-time keys", async (t) => {
  const [server, lin, mei, sora] = await office(t, "lin", "mei", "sora");
  const room = await roomOf(lin, mei, sora);
  await mei.close();
  const keys = [];
  for (;;) {
    const { one_time_keys } = await lin.call("POST", `${v3}/keys/claim`, { one_time_keys: { [mei.user]: { [mei.id]: "signed_curve25519" } } });
    const [[id, key]] = Object.entries(one_time_keys[mei.user][mei.id]);
    keys.push(id);
    if (key.fallback) break;
  }
  assert.equal(new Set(keys.slice(0, -1)).size, keys.length - 1, "no key was given out twice");
  const empty = await mei.call("GET", `${v3}/sync`);
  assert.equal(empty.device_one_time_keys_count.signed_curve25519, 0);
  assert.deepEqual(empty.device_unused_fallback_key_types, []);

  await lin.say(room, "with the fallback key");
  await sora.say(room, "with the same");
  await mei.open();
  await reads(mei, room, ["with the fallback key", "with the same"]);
  assert.deepEqual([...mei.unreadable], []);
  await until("mei has new keys", async () => {
    const now = await mei.call("GET", `${v3}/sync`);
    return now.device_one_time_keys_count.signed_curve25519 >= 50;
  });
  const other = await Device.signIn(server, "lin");
  await other.open();
  await other.say(room, "with a new key");
  await reads(mei, room, ["with the fallback key", "with the same", "with a new key"]);
});

test("devices come and go, and everybody encrypts for those that are there", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  const room = await roomOf(lin, mei);
  await lin.say(room, "to one device");
  const second = await Device.signIn(server, "mei");
  await second.open();
  await until("lin knows it", async () => (await lin.knows(mei.user)).includes(second.id));
  await lin.say(room, "to two devices");
  await reads(second, room, ["HISTORICAL_MESSAGE_NO_KEY_BACKUP", "to two devices"]); // it says that it was not there yet

  await second.crash();
  await mei.confirmed((auth) => mei.client.deleteMultipleDevices([second.id], auth ?? undefined));
  await until("lin knows that it is gone", async () => !(await lin.knows(mei.user)).includes(second.id));
  await assert.rejects(second.call("GET", `${v3}/account/whoami`), /401.*M_UNKNOWN_TOKEN/);
  await lin.say(room, "to one device again");
  await reads(mei, room, ["to one device", "to two devices", "to one device again"]);
});

test("who shares no room any more is not followed, and is asked for again when they do", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  const room = await roomOf(lin, mei);
  await lin.say(room, "hello");
  await mei.client.leave(room);
  await until("lin sees it", () => lin.client.getRoom(room).getMember(mei.user).membership === "leave");
  const second = await Device.signIn(server, "mei");
  await second.open();
  const next = await roomOf(lin, second);
  await lin.say(next, "to both");
  await reads(second, next, ["to both"]);
  await enterAsWell(mei, next);
  await reads(mei, next, ["to both"]);
  assert.deepEqual([...mei.unreadable, ...second.unreadable], []);
});

/** Waits until another device of the same person has followed into a room. */
async function enterAsWell(device, room) {
  await until(`${device.name} has followed`, () => device.client.getRoom(room)?.getMyMembership() === "join");
}

/** Two devices compare emoji, and find them the same. */
async function compare(asking, asked, request) {
  let theirs, failed;
  asked.client.once(CryptoEvent.VerificationRequestReceived, (r) => (theirs = r));
  const mine = await request();
  await until("the other is asked", () => theirs);
  await theirs.accept();
  await until("they are ready", () => mine.phase === VerificationPhase.Ready);
  const shown = [];
  const confirm = (verifier) => {
    verifier.on(VerifierEvent.ShowSas, (sas) => {
      shown.push(sas.sas.emoji.map(([emoji]) => emoji).join());
      void sas.confirm();
    });
    verifier.verify().catch((err) => (failed = err));
  };
  confirm(await mine.startVerification("m.sas.v1"));
  confirm(await until("the other has begun", () => theirs.verifier));
  // The SDK hears of a step through weak references: who waits for verify() alone holds nothing that would keep them.
  await until("both have compared", () => {
    if (failed) throw failed;
    return [mine, theirs].every((r) => r.phase === VerificationPhase.Done);
  });
  assert.equal(shown.length, 2);
  assert.equal(shown[0], shown[1]);
}

test("two people verify each other, and their other devices know it", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  const keys = await lin.setUpRecovery();
  await mei.setUpRecovery();
  const second = await Device.signIn(server, "lin");
  await second.open();
  await second.recover(keys);
  const room = await roomOf(lin, mei);
  await enterAsWell(second, room);
  await compare(lin, mei, () => lin.client.getCrypto().requestVerificationDM(mei.user, room));
  for (const [d, who] of [[lin, mei], [mei, lin], [second, mei]])
    await until(`${d.name} has ${who.name} verified`, async () => (await d.client.getCrypto().getUserVerificationStatus(who.user)).isCrossSigningVerified());
});

test("a new device that an old one verifies is given the secrets, and reads everything", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  await lin.setUpRecovery();
  const room = await roomOf(lin, mei);
  await mei.say(room, "long ago");
  await reads(lin, room, ["long ago"]);
  const second = await Device.signIn(server, "lin");
  await second.open();
  await until("the old device knows the new one", async () => (await lin.knows(lin.user)).includes(second.id));
  await second.client.getCrypto().userHasCrossSigningKeys(lin.user, true);
  await compare(second, lin, () => second.client.getCrypto().requestOwnUserVerification());
  await until("it has the secrets", async () => {
    const { privateKeysCachedLocally: has } = await second.client.getCrypto().getCrossSigningStatus();
    return has.masterKey && has.selfSigningKey && has.userSigningKey && (await second.client.getCrypto().getSessionBackupPrivateKey());
  });
  await until("others trust it", async () => (await mei.client.getCrypto().getDeviceVerificationStatus(lin.user, second.id))?.signedByOwner);
  await until("it reads the backup", async () => (await second.client.getCrypto().restoreKeyBackup()).imported > 0, 40_000);
  await reads(second, room, ["long ago"]);
});

test("a new backup replaces the old one on every device", async (t) => {
  const [server, lin] = await office(t, "lin");
  const key = await lin.setUpRecovery();
  const room = await roomOf(lin);
  const second = await Device.signIn(server, "lin");
  await second.open();
  await second.recover(key);
  await lin.say(room, "first");
  const old = await lin.client.getCrypto().getActiveSessionBackupVersion();
  await until("the first key is in the backup", async () => (await lin.call("GET", `${v3}/room_keys/version`)).count > 0, 40_000);
  await lin.client.getCrypto().resetKeyBackup();
  const now = await until("lin has a new backup", async () => {
    const v = await lin.client.getCrypto().getActiveSessionBackupVersion();
    return v !== old && v;
  });
  await second.client.getCrypto().checkKeyBackupAndEnable();
  await until("the new backup has the key", async () => (await lin.call("GET", `${v3}/room_keys/version`)).count > 0, 40_000);
  assert.equal((await lin.call("GET", `${v3}/room_keys/version`)).version, now);
  const third = await Device.signIn(server, "lin");
  await third.open();
  await third.recover(key);
  await reads(third, room, ["first"]);
});

test("a client that started without an answer about its backup backs up once it is answered, and a new device reads everything", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  const key = await mei.setUpRecovery();
  const room = await roomOf(lin, mei);
  await mei.close();
  let asked = 0;
  server.loses = (method, path) => method === "GET" && path.endsWith("/room_keys/version") && ++asked <= 2;
  await mei.open();
  await lin.say(room, "for whoever comes later");
  await reads(mei, room, ["for whoever comes later"]);
  await until("mei has backed up", () => mei.hasBackedUp());
  assert.ok(asked > 2, "it was asked in vain at first");
  await lin.close(); // the backup is all there is
  const later = await Device.signIn(server, "mei");
  await later.open();
  await later.recover(key);
  await reads(later, room, ["for whoever comes later"]);
});

test("threads, reactions, edits and deletions look the same on a device that comes later", async (t) => {
  const [server, lin, mei] = await office(t, "lin", "mei");
  const key = await lin.setUpRecovery();
  const room = await roomOf(lin, mei);
  const send = (d, type, content) => d.client.sendEvent(room, null, type, content).then((r) => r.event_id);
  const text = (body) => ({ msgtype: "m.text", body });
  const root = await send(lin, "m.room.message", text("root"));
  const typo = await send(lin, "m.room.message", text("tpyo"));
  const wrong = await send(mei, "m.room.message", text("wrong"));
  const replies = [];
  for (const d of [mei, lin, mei]) replies.push(await send(d, "m.room.message", { ...text(`reply ${replies.length}`), "m.relates_to": { rel_type: "m.thread", event_id: root, is_falling_back: true, "m.in_reply_to": { event_id: root } } }));
  await send(mei, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: root, key: "👍" } });
  await send(lin, "m.room.message", { ...text("* typo"), "m.new_content": text("typo"), "m.relates_to": { rel_type: "m.replace", event_id: typo } });
  await mei.client.redactEvent(room, wrong);

  await until("the keys are in the backup", async () => (await lin.call("GET", `${v3}/room_keys/version`)).count >= 2, 40_000);
  const later = await Device.signIn(server, "lin");
  await later.open();
  await later.recover(key);
  const seen = later.client.getRoom(room);
  await later.history(room);
  const event = (id) => seen.findEventById(id);
  await until("everything is read", () => event(typo)?.getContent().body === "typo" && event(root)?.getContent().body === "root");
  assert.equal(event(wrong).isRedacted(), true);
  assert.deepEqual(event(wrong).getContent(), {});
  const reactions = seen.getUnfilteredTimelineSet().relations.getChildEventsForEvent(root, "m.annotation", "m.reaction");
  assert.deepEqual(reactions?.getSortedAnnotationsByKey().map(([k, who]) => [k, who.size]), [["👍", 1]]);
  await seen.createThreadsTimelineSets();
  await seen.fetchRoomThreads();
  const thread = seen.getThread(root);
  await until("the thread has its replies", () => thread.events.filter((e) => replies.includes(e.getId()) && !e.isDecryptionFailure()).length === 3);
  assert.equal(thread.length, 3);
});

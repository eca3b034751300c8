// Two people talk, one with matrix-js-sdk and one with Hydrogen, whose sync, store and Olm are other ones.
import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { Chance, seed } from "./rig/chance.mjs";
import { Device } from "./rig/device.mjs";
import { Hydrogen } from "./rig/hydrogen.mjs";
import { Server } from "./rig/server.mjs";
import { until } from "./rig/until.mjs";

const password = "seven quiet boats";

/** Two people and a room of theirs: lin with matrix-js-sdk, mei with Hydrogen. */
async function two(t) {
  const server = await Server.start(t);
  const invitation = await server.invitation(2);
  const lin = await Device.signUp(server, "lin", invitation);
  await lin.open();
  const { user_id } = await server.call(null, "POST", "/_matrix/client/v3/register", { username: "mei", password, inhibit_login: true, auth: { type: "m.login.registration_token", token: invitation } });
  const mei = new Hydrogen(server, user_id);
  await mei.open(password);

  // Hydrogen looks for the creator where rooms before version 11 have it.
  const { room_id: room } = await lin.client.createRoom({ preset: "private_chat", room_version: "10", invite: [mei.user] });
  await mei.join(room);
  await until("matrix-js-sdk knows Hydrogen's device", async () => (await lin.knows(mei.user))?.length === 1);
  return { server, lin, mei, room };
}

test("Hydrogen reads what matrix-js-sdk sends and the other way round, also after a restart, no message unreadable", async (t) => {
  const { lin, mei, room } = await two(t);
  const said = [];
  const talk = async (from) => {
    for (let n = 0; n < 3; n++) {
      for (const one of from) {
        const body = `${one.user} ${said.length}`;
        said.push(body);
        await one.say(room, body);
        await until(`both have ${body}`, async () => (one === lin || (await theirs()).includes(body)) && (mei.client === null || (await own()).includes(body)));
      }
    }
  };
  const theirs = async () => (await lin.history(room)).map((m) => m.body);
  const own = async () => (await mei.read(room)).map((m) => m.body);

  await talk([lin, mei]);
  await mei.crash();
  await talk([lin]); // while nobody is there
  await mei.open();
  await talk([mei, lin]);

  await until("Hydrogen has everything", async () => (await own()).length === said.length);
  for (const [who, messages] of [["matrix-js-sdk", await lin.history(room)], ["Hydrogen", await mei.read(room)]]) {
    assert.deepEqual(messages.filter((m) => m.unreadable), [], `${who} cannot read`);
    assert.deepEqual(messages.map((m) => m.body), said, `what ${who} reads`);
  }
});

/** What Hydrogen cannot bear to lose the answer of, as the tests below show, and asks for where it makes a key that it sends to a room. */
const itsOwn = /\/(keys\/(query|claim)|members)$/;

test("Hydrogen and matrix-js-sdk over a slow network that loses answers, with restarts of Hydrogen and of the server, no message unreadable", async (t) => {
  const { server, lin, mei, room } = await two(t);
  const chance = new Chance(seed());
  const matters = /\/(sync|sendToDevice|send|keys\/(upload|claim|query)|members)(\/|$)/;
  let lost = 0;
  server.way = (signal) => (chance.happens(0.2) ? setTimeout(chance.below(400), undefined, { signal }) : Promise.resolve());
  server.loses = (method, path, library) => {
    const is = matters.test(path) && !(library === Hydrogen && itsOwn.test(path)) && chance.happens(0.1);
    if (is && library === Hydrogen) lost++;
    return is;
  };

  const said = [];
  const have = async () => {
    const [theirs, own] = [await lin.history(room), await mei.read(room)];
    return [theirs, own].every((all) => all.length === said.length && all.every((m) => !m.waits));
  };
  for (let n = 1; n <= 24; n++) {
    const bodies = [lin, mei].map((one) => `${one.user} ${n}`);
    said.push(...bodies);
    const sending = [lin.say(room, bodies[0]), mei.tell(room, bodies[1])];
    if (n === 8 || n === 20) await server.killAndRestart();
    await Promise.all(sending);
    if (n === 12 || n === 16) {
      await mei.crash();
      for (let away = 0; away < 3; away++) {
        said.push(`${lin.user} ${n} ${away}`);
        await lin.say(room, said.at(-1));
      }
      await mei.open();
    }
    if (n % 4 === 0) await until(`both have what was said up to ${n}`, have, 60_000);
  }
  const [theirs, own] = [await lin.history(room), await mei.read(room)];
  assert.deepEqual(own.map((m) => m.body), theirs.map((m) => m.body), "both read the same in the same order");
  assert.deepEqual(theirs.map((m) => m.body).sort(), [...said].sort(), "each message once");
  assert.deepEqual([...lin.unreadable, ...mei.unreadable], [], "nobody saw \"unable to decrypt\", not even for a moment");
  assert.ok(lost >= 5, `Hydrogen lost answers: ${lost}`);
});

// What Hydrogen does by itself, so that it can be told from what the server does: it would do so with any server. Where one of these fails, it was mended,
// and its requests may be lost above as well.
for (const [path, comes] of [[/\/keys\/query$/, "never"], [/\/keys\/claim$/, "behind its message"]]) {
  test(`Hydrogen that lost the answer to ${path.source.slice(2, -1).replaceAll("\\", "")} sends a key ${comes}`, async (t) => {
    const { server, lin, mei, room } = await two(t);
    let lost = 0;
    const sent = []; // in the order of the answers
    server.loses = (method, at, library) => {
      if (library !== Hydrogen) return false;
      if (/\/(sendToDevice|send)\//.test(at)) sent.push(at.includes("sendToDevice") ? "key" : "message");
      return path.test(at) && lost++ === 0;
    };
    const there = Promise.withResolvers();
    server.way = (signal, at) => (at?.includes("/sendToDevice/") ? there.promise : Promise.resolve()); // what is to come first has time for it
    await mei.tell(room, "first");
    assert.ok(lost > 0, "it was asked for");
    await until("the message is there", async () => (await lin.history(room)).length === 1);
    assert.equal((await lin.history(room))[0].unreadable !== null, true, "it cannot be read yet");
    there.resolve();
    if (comes === "never") {
      await mei.tell(room, "second"); // nor with what is said next
      await until("the next one is there", async () => (await lin.history(room)).length === 2);
      assert.deepEqual((await lin.history(room)).map((m) => m.unreadable !== null), [true, true]);
      assert.deepEqual(sent, ["message", "message"]);
    } else {
      await until("the key comes at last", async () => (await lin.history(room)).every((m) => m.unreadable === null));
      assert.deepEqual(sent, ["message", "key"]);
    }
  });
}

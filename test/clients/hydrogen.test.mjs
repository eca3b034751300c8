// Two people talk, one with matrix-js-sdk and one with Hydrogen, whose sync, store and Olm are other ones.
import { test } from "node:test";
import assert from "node:assert/strict";
import { Device } from "./rig/device.mjs";
import { Hydrogen } from "./rig/hydrogen.mjs";
import { Server } from "./rig/server.mjs";
import { until } from "./rig/until.mjs";

const password = "seven quiet boats";

test("Hydrogen reads what matrix-js-sdk sends and the other way round, also after a restart, no message unreadable", async (t) => {
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

// What make demo shows can be looked at: each new device of its people reads everything.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { pairs, rooms } from "./demo/talk.mjs";
import { Device } from "./rig/device.mjs";
import { Server } from "./rig/server.mjs";
import { until } from "./rig/until.mjs";

test("a visitor of the demonstration signs in as somebody and reads all that was said to them", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "wardroom-demo-"));
  const list = path.join(folder, "people.json");
  const demo = spawn(process.execPath, [path.join(import.meta.dirname, "demo/demo.mjs"), "--data", path.join(folder, "data"), "--people", list], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(demo, "exit");
  const server = new Server();
  t.after(async () => {
    await Promise.all(server.devices.map((device) => device.crash()));
    demo.kill("SIGTERM");
    const [code] = await ended;
    rmSync(folder, { recursive: true });
    assert.equal(code, 0);
  });
  await until("the demonstration is ready", () => demo.exitCode !== null || existsSync(list), 300_000);
  const { url, people } = JSON.parse(readFileSync(list, "utf8"));
  assert.equal(new Set(people.map((one) => one.password)).size, people.length, "everybody has a password of their own");
  server.url = url;
  for (const { account, password, recoveryKey } of people.filter((one) => ["marta", "elena"].includes(one.account))) {
    const device = await Device.signIn(server, account, password);
    await device.open();
    await device.recover(decodeRecoveryKey(recoveryKey));
    const mine = [...rooms, ...pairs].filter(({ members, lines }) => members.includes(account) || lines.some(([, , more]) => more?.join === account));
    await until(`${account}’s new device is at rest`, () => device.hasBackedUp(), 60_000);
    assert.equal(device.client.getRooms().length, mine.length);
    for (const { name, members, lines } of mine) {
      const other = people.find((one) => one.account === members.find((member) => member !== account)).name;
      const room = device.client.getRooms().find((one) => one.name === (name ?? other));
      const history = await until(`${account} opens ${name ?? other}`, async () => {
        const seen = await device.history(room.roomId);
        return seen.every((m) => m.unreadable === null) && seen;
      });
      const said = lines.filter(([, text, more = {}]) => text !== "" && !more.react && !more.edit && !more.in).map(([, text]) => text);
      const edited = new Set(lines.map(([, , more]) => more?.edit).filter(Boolean));
      const now = said.filter((text) => !edited.has(lines.find(([, other]) => other === text)[2]?.as));
      assert.deepEqual(now.filter((text) => !history.some((m) => m.body === text)), [], `${account} misses nothing in ${name ?? other}`);
    }
  }
});

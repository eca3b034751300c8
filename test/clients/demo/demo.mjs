// A small port authority to look at: `make demo`. Ten people sign up on a real server, make their keys, and talk,
// end-to-end encrypted, in Chinese, Japanese and English. Then it says as whom one can sign in, and the server goes on
// until it is interrupted. It begins anew each time: what was in the folder is deleted, if a demonstration made it.
//
//   node demo.mjs --data DIR [--listen HOST:PORT] [--people FILE]   FILE is given accounts, passwords and keys as JSON
import "../rig/ground.mjs";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { Server } from "../rig/server.mjs";
import { until } from "../rig/until.mjs";
import { cast } from "./cast.mjs";
import { pairs, rooms } from "./talk.mjs";
import { webCode } from "./webcode.mjs";
import { Writer } from "./writer.mjs";

const { values: options } = parseArgs({ options: { data: { type: "string" }, listen: { type: "string", default: "127.0.0.1:0" }, people: { type: "string" } } });
const data = path.resolve(options.data ?? "data-demo");
const mark = path.join(data, "made-by-make-demo");
if (existsSync(data) && !existsSync(mark)) throw new Error(`${data} was not made by make demo and is left alone: name another folder with --data`);
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true, mode: 0o700 });
writeFileSync(mark, "");

const server = new Server();
server.data = data;
server.listen = options.listen;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.child?.kill("SIGTERM"));
process.on("exit", () => server.child?.kill("SIGTERM")); // also where something went wrong
console.log("A small port authority moves in. This takes about a minute.");
await server.run();

const code = await webCode(
  ...["encrypt", "invitation", "attachment", "admission", "admit", "handing", "proven"].map((name) => `crypto/${name}.ts`),
  ...["outbox", "file"].map((name) => `state/${name}.ts`),
);
const invitation = await server.invitation(cast.length);
const people = new Map();
for (const role of cast) people.set(role.account, await Writer.join(server, code, role, newPassword(), invitation));
const those = (accounts) => accounts.map((account) => people.get(account));

await settles(rooms, async ({ name, topic, members }) => {
  const [maker, ...others] = those(members);
  return maker.makesRoom({ name, topic }, others);
});
await settles(pairs, async ({ members, lines }) => {
  const maker = people.get(lines[0][0]);
  const [other] = those(members).filter((one) => one !== maker);
  return maker.makesRoom({ direct: other }, [other]);
});
for (const place of [...rooms, ...pairs]) await tell(place);
await Promise.all([...people.values()].map((one) => one.verifies([...people.values()].filter((other) => other !== one))));
await Promise.all([...people.values()].map(({ device }) => until(`${device.name} has backed up its keys`, () => device.hasBackedUp(), 120_000)));
for (const { device } of people.values()) await device.crash();

// What is looked at is an ordinary server, with its limits; and nobody is signed in who could not come back.
server.child.kill("SIGTERM");
await server.ended;
server.extra = [];
await server.run();
const list = [...people.values()].map(({ role, device }) => ({ account: role.account, name: role.name, password: device.password, recoveryKey: encodeRecoveryKey(device.secret) }));
if (options.people) writeFileSync(options.people, JSON.stringify({ url: server.url, people: list }), { mode: 0o600 });
console.log(`\nWardroom is at ${server.url}, its data in ${path.relative(process.cwd(), data) || "."}\n`);
for (const { account, name, password, recoveryKey } of list) console.log(`${name}\n  account       ${account}\n  password      ${password}\n  recovery key  ${recoveryKey}\n`);
console.log("Sign in as any of them; the recovery key opens what was said. Ctrl-C ends it, and the next make demo begins anew.");
const how = await server.ended;
process.exit(how === 0 ? 0 : 1);

/** Makes the rooms of several places, one after the other. */
async function settles(places, make) {
  for (const place of places) place.id = await make(place);
}

/** Lets people say what talk.mjs says for one room, and read as far as they have. */
async function tell(place) {
  const named = new Map();
  const events = [];
  const present = new Set(place.members);
  for (const [account, text, more = {}] of place.lines) {
    const writer = people.get(account);
    const id = await writer.speaks(place.id, text, more, named);
    if (!more.react && !more.edit) events.push({ id, inThread: more.in !== undefined });
    if (more.as) named.set(more.as, { id, user: writer.device.user, last: id });
    if (more.join) {
      await writer.letsIn(place.id, people.get(more.join));
      present.add(more.join);
    }
  }
  const threads = [...named.values()].filter(({ id, last }) => id !== last);
  const main = events.filter((e) => !e.inThread).map((e) => e.id);
  for (const account of present) await people.get(account).hasRead(place.id, main, place.unread[account] ?? 0, threads);
}

/** Four short words and a number: typed easily, guessed by nobody. */
function newPassword() {
  const syllables = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu", "wa"];
  const word = () => Array.from({ length: 3 }, () => syllables[randomInt(syllables.length)]).join("");
  return [word(), word(), word(), randomInt(100, 1000)].join("-"); // 3 × 12 bits and almost 10 more: a server counts attempts
}

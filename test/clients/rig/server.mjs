// A real wardroom on this machine, with its data in a temporary folder.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";
import { promisify } from "node:util";
import { insist } from "./until.mjs";

const root = path.resolve(import.meta.dirname, "../../..");

/** The program under test: $WARDROOM_BIN, or what `make build` left. */
const program = path.resolve(process.env.WARDROOM_BIN ?? path.join(root, "bin/wardroom"));

export class Server {
  devices = []; // all that were ever signed in
  complaints = []; // what the program wrote on standard error
  extra = ["--unlimited"]; // further flags of the program
  way = async () => {}; // what a request, and its answer, waits for on the way: a slow network; (signal, path of Hydrogen's) → a promise
  loses = () => false; // which answers get lost on their way to a client: (method, path, whose library) → whether; the request was carried out

  /** Starts a server with nobody in it. When the test ends, everything is stopped, and the test fails if the server complained. */
  static async start(t) {
    if (!existsSync(program)) throw new Error(`there is no ${program}: run make build, or set WARDROOM_BIN`);
    const server = new Server();
    server.data = await mkdtemp(path.join(tmpdir(), "wardroom-clients-"));
    server.listen = "127.0.0.1:0";
    t.after(() => server.stop());
    await server.run();
    return server;
  }

  /** Runs the program over the server's data and resolves when it serves. */
  async run() {
    const child = spawn(program, ["serve", "--data", this.data, "--listen", this.listen, ...this.extra], { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    readline.createInterface({ input: child.stderr }).on("line", (line) => this.complaints.push(line));
    this.url = await new Promise((resolve, reject) => {
      readline.createInterface({ input: child.stdout }).on("line", (line) => {
        const found = /^Wardroom is at (\S+)/.exec(line);
        if (found) resolve(found[1]);
      });
      void this.ended.then((how) => reject(new Error(`wardroom ended with ${how}:\n${this.complaints.join("\n")}`)));
    });
    this.listen = new URL(this.url).host; // after a restart clients find it where it was
  }

  /** Ends the server as a power cut would, and starts it again. */
  async killAndRestart() {
    this.child.kill("SIGKILL");
    await this.ended;
    await this.run();
  }

  async stop() {
    await Promise.all(this.devices.map((d) => d.crash()));
    this.child.kill("SIGTERM");
    const how = await this.ended;
    await rm(this.data, { recursive: true });
    if (how !== 0) this.complaints.push(`wardroom ended with ${how}`);
    const loud = this.complaints.filter((line) => !/ level=(INFO|DEBUG) /.test(line));
    assert.deepEqual(loud, [], "the server complained");
  }

  /** A registration token for that many people. */
  async invitation(uses) {
    const { stdout } = await promisify(execFile)(program, ["invite", "--data", this.data, "--uses", String(uses), "--token-only"]);
    return stdout.trim();
  }

  /** One request without any SDK, made again while the server is away. Gives the answer's body; throws unless it was 200. */
  async call(token, method, path, body) {
    const request = { method, headers: token ? { Authorization: `Bearer ${token}` } : {}, body: body === undefined ? undefined : JSON.stringify(body) };
    const answer = await insist(() => fetch(this.url + path, request));
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}

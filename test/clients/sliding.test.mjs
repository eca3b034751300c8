// Three people talk over sliding sync, as matrix-js-sdk speaks it.
import { test } from "node:test";
import { SlidingSync, SlidingSyncEvent } from "matrix-js-sdk/lib/sliding-sync.js";
import assert from "node:assert/strict";
import { Device } from "./rig/device.mjs";
import { Story } from "./rig/story.mjs";

const names = ["lin", "mei", "sora"];

/** A device that asks for its rooms as in a list of which a part is shown. */
class Sliding extends Device {
  static answers = 0;

  syncing(client) {
    const state = [["m.room.create", ""], ["m.room.name", ""], ["m.room.encryption", ""], ["m.room.power_levels", ""], ["m.room.history_visibility", ""], ["m.room.member", "$ME"], ["m.room.member", "$LAZY"]];
    const list = { ranges: [[0, 99]], required_state: state, timeline_limit: 50 };
    const slidingSync = new SlidingSync(this.server.url, new Map([["all", list]]), { required_state: state, timeline_limit: 50 }, client, 20_000);
    slidingSync.on(SlidingSyncEvent.Lifecycle, (state, answer) => answer && Sliding.answers++);
    return { slidingSync };
  }
}

test("120 messages between three people over sliding sync, lost answers, restarts of clients and server, no message unreadable", async (t) => {
  await Story.tell(t, { Device: Sliding, names, groups: [names], pairs: [["lin", "mei"], ["mei", "sora"]], messages: 120, plan });
  assert.ok(Sliding.answers > 100, `they were told by sliding sync, ${Sliding.answers} times`);
});

/** What happens, and after how many messages. */
function plan(story) {
  const at = (n) => n + story.chance.below(8);
  return new Map([
    [at(15), () => story.newDevice("lin")],
    [at(30), () => story.takeKeys("sora", "mei")],
    [at(50), () => story.server.killAndRestart()],
    [at(70), () => story.newDevice("mei")],
    [at(90), () => story.server.killAndRestart()],
    [at(100), () => story.leaveDevice("lin")],
  ]);
}

// Five people talk over the sync that most clients use.
import { test } from "node:test";
import { Device } from "./rig/device.mjs";
import { Story } from "./rig/story.mjs";

const names = ["lin", "mei", "sora", "oda", "kai"];

test("500 messages between five people, restarts, new devices, no message unreadable", (t) =>
  Story.tell(t, {
    Device,
    names,
    groups: [names, ["lin", "mei", "sora"], ["mei", "oda", "kai", "sora"]],
    pairs: [["lin", "mei"], ["lin", "oda"], ["sora", "kai"], ["mei", "kai"]],
    messages: 500,
    plan,
  }));

/** What happens, and after how many messages. */
function plan(story) {
  const at = (n) => n + story.chance.below(20);
  return new Map([
    [at(60), () => story.newDevice("lin")],
    [at(110), () => story.takeKeys("oda")],
    [at(140), () => story.newDevice("mei")],
    [at(180), () => story.server.killAndRestart()],
    [at(230), () => story.newDevice("kai")],
    [at(270), () => story.leaveDevice("mei")],
    [at(310), () => story.newKeys("sora")],
    [at(340), () => story.takeKeys("lin")],
    [at(370), () => story.newDevice("mei")],
    [at(400), () => story.server.killAndRestart()],
    [at(430), () => story.newDevice("sora")],
  ]);
}

import type { IToDeviceEvent, MatrixClient } from 'matrix-js-sdk';
import { machineOf } from './machine';

/** Cuts messages to this device into runs in which nobody is the sender of two encrypted ones. Their order stays. */
export function inTurn<E extends Pick<IToDeviceEvent, 'sender' | 'type'>>(events: readonly E[]): E[][] {
  const runs: E[][] = [[]];
  let senders = new Set<string>();
  for (const event of events) {
    if (event.type === 'm.room.encrypted') {
      if (senders.has(event.sender)) {
        runs.push([]);
        senders = new Set();
      }
      senders.add(event.sender);
    }
    runs.at(-1)?.push(event);
  }
  return runs;
}

/**
 * Lets the crypto take in what came for this device run by run. Of two keys to one session in one run it keeps the later one, and
 * what was said before that could never be read: a device that is away while a sender starts again is given both at once.
 */
export function takeKeysInTurn(client: MatrixClient): void {
  const machine = machineOf(client);
  const take = machine.processSyncChanges.bind(machine);
  machine.processSyncChanges = async (changes) => {
    const received = [];
    // What else changed is told with each run: telling it again changes nothing.
    for (const toDeviceEvents of inTurn(changes.toDeviceEvents)) received.push(...(await take({ ...changes, toDeviceEvents })));
    return received;
  };
}

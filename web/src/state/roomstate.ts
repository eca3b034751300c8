import { Direction, type Room, type RoomState } from 'matrix-js-sdk';

/** The room's state as far as this device has heard. */
function stateOf(room: Room): RoomState | undefined {
  return room.getLiveTimeline().getState(Direction.Forward);
}

/** What a piece of the room's state says, or undefined where it says nothing. */
export function stateValue(room: Room, type: string, key: string): unknown {
  return stateOf(room)?.getStateEvents(type, '')?.getContent()[key];
}

/** Whether somebody may change a piece of the room's state. */
export function mayChange(room: Room, type: string, userId: string): boolean {
  return stateOf(room)?.maySendStateEvent(type, userId) ?? false;
}

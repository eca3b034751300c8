import { Direction, EventType, type Room, type RoomState } from 'matrix-js-sdk';
import { oneLine } from './oneline';

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

/** How long a name and a topic may be that are given here, in UTF-16 units. Others may give longer ones. */
export const longestTitle = 80;
export const longestTopic = 300;

/** What a room is called, or who is in it where nobody named it; empty where nobody else is in it. */
export function titleOf(room: Room): string {
  return room.name === room.roomId ? '' : oneLine(room.name);
}

/** What a room is about; empty where nobody said. */
export function topicOf(room: Room): string {
  const topic = stateValue(room, EventType.RoomTopic, 'topic');
  return typeof topic === 'string' ? oneLine(topic) : '';
}

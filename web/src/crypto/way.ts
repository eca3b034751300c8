// How what is written in a room may go out. One answer, for what is sent and for what the room's page says about it.

import { Direction, EventType, type MatrixClient } from 'matrix-js-sdk';

/** How what is written in a room goes out. */
export type Way =
  | 'encrypted'
  /** The room was made for open announcements: what is written there the server can read, and that is said. */
  | 'clear'
  /** The room says neither that it is encrypted in a way that is known here nor that it is for open announcements. Nothing goes out. */
  | 'withheld'
  /** Nothing has been heard of the room yet. */
  | 'unknown';

/** The field of a create event that makes a room one for open announcements. Nobody can change it afterwards. */
const announcement = 'org.wardroom.announcement';
const algorithm = 'm.megolm.v1.aes-sha2';

/** Decides it. create and encryption are what those events of the room contain; remembered: this device was told once that the room is encrypted. */
export function wayOf(create: Said, encryption: Said, remembered: boolean): Way {
  if (create === undefined) return 'unknown';
  if (encryption !== undefined) return encryption['algorithm'] === algorithm ? 'encrypted' : 'withheld';
  // Once a room was encrypted a server cannot take it back, and without the event there are no rules to encrypt by.
  return create[announcement] === true && !remembered ? 'clear' : 'withheld';
}

type Said = Readonly<Record<string, unknown>> | undefined;

/** How what is written in a room goes out, as far as this device has heard. */
export function wayIn(client: MatrixClient, roomId: string, remembered: boolean): Way {
  const state = client.getRoom(roomId)?.getLiveTimeline().getState(Direction.Forward);
  const said = (type: string): Said => state?.getStateEvents(type, '')?.getContent();
  return wayOf(said(EventType.RoomCreate), said(EventType.RoomEncryption), remembered);
}

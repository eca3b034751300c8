import { EventType, KnownMembership, Preset, Visibility, type MatrixClient, type Room } from 'matrix-js-sdk';
import { admissionsType } from '../crypto/admission';
import { founding } from '../crypto/admit';
import { invitationKey, shareHistory, signInvitation } from '../crypto/invitation';
import { allRooms, putInvitation } from '../wire/client';
import { letIn } from './admission';
import type { Tokens } from '../wire/tokens';
import { personFound, type Person } from './person';

/**
 * Writes to one person: goes on where a conversation with them is, or begins one. It returns the room's id. `begun` keeps the
 * rooms, by person, whose invitation is not on the server yet: the next call goes on with it and makes no second room.
 */
export async function converse(client: MatrixClient, tokens: Tokens, userId: string, begun: Map<string, string>): Promise<string> {
  await allRooms(client); // one of them may be theirs
  const before = directWith(client, userId);
  if (before !== undefined) return before;
  const roomId = begun.get(userId) ?? begunWith(client, userId) ?? (await makeRoom(client, { direct: userId }));
  begun.set(userId, roomId);
  await markDirect(client, roomId, userId);
  await inviteTo(client, tokens, roomId, userId, true);
  begun.delete(userId);
  return roomId;
}

/** Finds people of the organisation by name or account name. */
export async function findPeople(client: MatrixClient, typed: string): Promise<readonly Person[]> {
  const { results } = await client.searchUserDirectory({ term: typed.trim(), limit: 8 });
  return results
    .filter((one) => one.user_id !== client.getUserId())
    .map(personFound);
}

/** Which rooms began as direct conversations, and with whom. */
export function directRooms(client: MatrixClient): Map<string, string> {
  const content = client.getAccountData(EventType.Direct)?.getContent() ?? {};
  const entries = Object.entries(content);
  return new Map(entries.flatMap(([user, ids]) => (Array.isArray(ids) ? ids.map((id): [string, string] => [String(id), user]) : [])));
}

/**
 * Whom a room is a direct conversation with, or undefined: it is one only while nobody else is in it or invited to it,
 * whatever was noted when it began.
 */
export function directOther(client: MatrixClient, room: Room, direct = directRooms(client)): string | undefined {
  const other = direct.get(room.roomId);
  const people = room.getInvitedAndJoinedMemberCount();
  if (other === undefined || people > 2) return undefined;
  const theirs = room.getMember(other)?.membership;
  const left = theirs === KnownMembership.Leave || theirs === KnownMembership.Ban;
  return left && people > 1 ? undefined : other; // somebody else is in their place
}

/** Notes, for all devices of this person, that a room is a direct conversation with somebody. */
async function markDirect(client: MatrixClient, roomId: string, userId: string): Promise<void> {
  const now: Readonly<Record<string, string[]>> = client.getAccountData(EventType.Direct)?.getContent() ?? {};
  const before = now[userId] ?? [];
  if (!before.includes(roomId)) await client.setAccountData(EventType.Direct, { ...now, [userId]: [...before, roomId] });
}

/** The direct conversation with somebody that this person is in, the other has not left and nobody else is in; or undefined. */
function directWith(client: MatrixClient, userId: string): string | undefined {
  return [...directRooms(client)].find(([roomId, user]) => {
    const room = client.getRoom(roomId);
    if (user !== userId || room?.getMyMembership() !== KnownMembership.Join || directOther(client, room) !== userId) return false;
    const theirs = room.getMember(userId)?.membership;
    return theirs === KnownMembership.Join || theirs === KnownMembership.Invite;
  })?.[0];
}

/** A direct conversation that was made for somebody, here or on another device, to which nobody has been invited yet. */
function begunWith(client: MatrixClient, userId: string): string | undefined {
  return [...directRooms(client)].find(([roomId, user]) => {
    const room = client.getRoom(roomId);
    return user === userId && room?.getMyMembership() === KnownMembership.Join && room.getMember(userId) === null && room.getInvitedAndJoinedMemberCount() === 1;
  })?.[0];
}

/**
 * Makes an encrypted room with a name for the people who will be invited to it, or a direct conversation of two equals; returns its
 * id. Keys of it go only to whom members let in (docs/decisions/listener.md), which every member may say.
 */
export async function makeRoom(client: MatrixClient, as: { name: string } | { direct: string }): Promise<string> {
  const { room_id } = await client.createRoom({
    preset: Preset.PrivateChat,
    ...('name' in as ? { name: as.name } : { is_direct: true }),
    power_level_content_override: { events: { [admissionsType]: 0 }, ...('direct' in as ? { users: { [as.direct]: 100 } } : {}) },
    creation_content: { ...(await founding(client)) },
    visibility: Visibility.Private,
    initial_state: [{ type: EventType.RoomEncryption, state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
  });
  return room_id;
}

/**
 * Invites somebody: first the keys of the messages so far that the room's rules let an invited person see (MSC4268), then what tells the
 * others to give them keys, then the invitation, signed by this device. It says whether keys could be given.
 */
export async function inviteTo(client: MatrixClient, tokens: Tokens, roomId: string, userId: string, direct = false): Promise<'shared' | 'notShared'> {
  await tokens.freshen();
  const shared = await shareHistory(client, roomId, userId).catch(() => false);
  await letIn(client, roomId, userId);
  const signed = await signInvitation(client, roomId, userId);
  await putInvitation(client, roomId, userId, { ...(direct ? { is_direct: true } : {}), [invitationKey]: signed });
  return shared ? 'shared' : 'notShared';
}

/** Takes up an invitation, and the keys of earlier messages that came with it. */
export async function joinInvited(client: MatrixClient, roomId: string): Promise<void> {
  const mine = client.getRoom(roomId)?.getMember(client.getSafeUserId())?.events.member;
  const by = mine?.getSender();
  await client.joinRoom(roomId);
  if (mine?.getContent()['is_direct'] === true && by !== undefined) await markDirect(client, roomId, by);
}

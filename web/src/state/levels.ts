// What one wants to be told of, room by room. It stands in the push rules of Matrix, which the server keeps and gives to
// every client of the account.

import { ClientEvent, ConditionKind, EventType, PushRuleActionName, PushRuleKind, type IPushRule, type MatrixClient, type MatrixEvent, type PushRuleAction } from 'matrix-js-sdk';
import { Store } from './store';

/** What one is told of in a room. */
export type Level = 'everything' | 'mentions' | 'nothing';

/** In the order in which they are offered. */
export const levelsInOrder: readonly Level[] = ['everything', 'mentions', 'nothing'];

/** The rooms for which something was chosen; in all others it is `usual`. */
interface Chosen {
  readonly usual: Level;
  readonly rooms: ReadonlyMap<string, Level>;
}

/** The levels of all rooms, as the account's push rules have them. */
export class Levels extends Store<Chosen> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super(chosenIn(client));
    this.#client = client;
    client.on(ClientEvent.AccountData, this.#onData);
    client.on(ClientEvent.Sync, this.#look);
  }

  close(): void {
    this.#client.off(ClientEvent.AccountData, this.#onData);
    this.#client.off(ClientEvent.Sync, this.#look);
  }

  /** What one is told of in that room. */
  of(roomId: string): Level {
    const { rooms, usual } = this.snapshot();
    return rooms.get(roomId) ?? usual;
  }

  /** Changes it, for all of this person's clients. It throws where the server does not answer, or refuses. */
  async choose(roomId: string, level: Level): Promise<void> {
    const client = this.#client;
    const muted = overrideOf(client, roomId);
    if (level === 'nothing') {
      const conditions = [{ kind: ConditionKind.EventMatch as const, key: 'room_id', pattern: roomId }];
      if (muted === undefined) await client.addPushRule('global', PushRuleKind.Override, roomId, { conditions, actions: [] });
    } else {
      await client.addPushRule('global', PushRuleKind.RoomSpecific, roomId, { actions: level === 'everything' ? [PushRuleActionName.Notify] : [] });
      if (muted !== undefined) await client.deletePushRule('global', PushRuleKind.Override, muted.rule_id);
    }
    await client.getPushRules().then((rules) => client.setPushRules(rules));
    this.#look();
  }

  readonly #onData = (event: MatrixEvent): void => {
    if (event.getType() === EventType.PushRules) this.#look();
  };

  readonly #look = (): void => {
    const next = chosenIn(this.#client);
    const { rooms, usual } = this.snapshot();
    const same = next.usual === usual && next.rooms.size === rooms.size && [...next.rooms].every(([id, level]) => rooms.get(id) === level);
    if (!same) this.set(next);
  };
}

function chosenIn(client: MatrixClient): Chosen {
  const rules = client.pushRules?.global;
  const rooms = new Map<string, Level>();
  for (const rule of rules?.room ?? []) if (rule.enabled) rooms.set(rule.rule_id, tells(rule.actions) ? 'everything' : 'mentions');
  for (const rule of rules?.override ?? []) {
    const room = muteOf(rule);
    if (room !== undefined) rooms.set(room, 'nothing');
  }
  const base = rules?.underride?.find((rule) => rule.rule_id === '.m.rule.encrypted');
  return { usual: base !== undefined && !(base.enabled && tells(base.actions)) ? 'mentions' : 'everything', rooms };
}

function overrideOf(client: MatrixClient, roomId: string): IPushRule | undefined {
  return client.pushRules?.global.override?.find((rule) => muteOf(rule) === roomId);
}

/** The room that a rule silences whole. */
function muteOf(rule: IPushRule): string | undefined {
  const [only, ...more] = rule.conditions ?? [];
  if (!rule.enabled || tells(rule.actions) || more.length > 0 || only?.kind !== ConditionKind.EventMatch || only.key !== 'room_id') return undefined;
  return only.pattern ?? undefined;
}

function tells(actions: readonly PushRuleAction[]): boolean {
  return actions.includes(PushRuleActionName.Notify);
}

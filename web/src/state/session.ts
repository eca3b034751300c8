// A sign-in at work: the client, and everything that follows it.

import { ClientEvent, UserEvent, type MatrixClient } from 'matrix-js-sdk';
import { keepBackingUp } from '../crypto/backup';
import { IdentityMoved } from '../crypto/admit';
import { encrypt, IdentityChanged, IdentityUnproven, isEncrypted } from '../crypto/encrypt';
import { signed } from '../crypto/handing';
import { ProofAway } from '../crypto/proven';
import { Recovery } from '../crypto/recovery';
import { wayIn } from '../crypto/way';
import { askForPast, cryptoDatabases, openCrypto } from '../crypto/store';
import { Acks } from '../delivery/acks';
import { wipe, type Vault } from '../keep/vault';
import { languageOf } from '../lang/script';
import { fetchAnew, firstSync, keptRooms, makeClient, onSignedOut, putEvent, startClient, wantRooms } from '../wire/client';
import { FaultError, faultOf, isAnswer, isUnreachable, limitedFor } from '../wire/fault';
import { eventOf } from '../wire/history';
import { clearDatabase } from '../wire/syncstore';
import { Tokens, type Login } from '../wire/tokens';
import { Asking } from './asking';
import { Cases } from './cases';
import { Checks } from './checks';
import { Connection } from './connection';
import { Courtesy } from './courtesy';
import { Devices } from './devices';
import { Ignoring } from './ignored';
import { Invitations } from './invitations';
import { OwnMail } from './mail';
import { Passkeys } from './passkeys';
import { provePeople } from './proving';
import { OwnActs } from './ownacts';
import { PublicRecord } from './record';
import { Resets } from './resets';
import { Drafts } from './draft';
import { FarMentions } from './farmentions';
import { Levels } from './levels';
import { Notifier, showNotice } from './notifier';
import { Pushing, wipePushing } from './pushing';
import { Outbox, type KeptBox, type Post } from './outbox';
import { converse, findPeople, inviteTo, joinInvited, makeRoom } from './people';
import { personOf, type Person } from './person';
import { Pictures } from './pictures';
import { RoomState } from './room';
import { Removals } from './removals';
import { RoomList } from './roomlist';
import { route } from './route';
import { Search } from './search';
import { Store } from './store';
import { Verifications } from './verifications';
import { Warrants } from './warrants';

const boxes = 'outbox/';

/** Nothing left this device: the server is known not to answer, or whether the room is encrypted has not been heard. */
class NotYet extends Error {}

class Me extends Store<Person> {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    super(personOf(client, client.getSafeUserId()));
    this.#client = client;
    const look = (): void => this.#named(client.getUser(client.getSafeUserId())?.displayName);
    client.on(UserEvent.DisplayName, look);
    client.on(ClientEvent.Sync, look);
  }

  /** Asks the server for the name: to somebody who is in no room yet, sync does not tell it. */
  async learn(): Promise<void> {
    const { displayname } = await this.#client.getProfileInfo(this.#client.getSafeUserId(), 'displayname');
    this.#named(displayname);
  }

  #named(name: string | undefined): void {
    const { id, name: before } = this.snapshot();
    // Where the SDK has heard no name it gives the id in its place.
    if (name !== undefined && name !== id && name !== before) this.set({ id, name, lang: languageOf(name) });
  }
}

/** Everything of one sign-in. It is opened once, and closed for good. */
export class Session {
  readonly connection: Connection;
  readonly rooms: RoomList;
  readonly removals: Removals;
  readonly me: Me;
  readonly levels: Levels;
  readonly pictures: Pictures;
  readonly devices: Devices;
  readonly invitations: Invitations;
  readonly passkeys: Passkeys;
  readonly cases: Cases;
  /** Whether everything came. */
  readonly checks: Checks;
  readonly warrants: Warrants;
  readonly ownActs: OwnActs;
  readonly mail: OwnMail;
  readonly resets: Resets;
  readonly record: PublicRecord;
  readonly ignoring: Ignoring;
  /** What others see of what one is doing. */
  readonly courtesy: Courtesy;
  /** Whether this browser is told of something new while no page is open. */
  readonly pushing: Pushing;
  readonly drafts: Drafts;
  readonly search: Search;
  readonly asking: Asking;
  readonly verifications: Verifications;
  readonly recovery: Recovery;
  readonly client: MatrixClient;
  readonly #acks: Acks;
  readonly #far: FarMentions;
  readonly #notifier: Notifier;
  readonly #vault: Vault;
  readonly #tokens: Tokens;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #rooms = new Map<string, RoomState>();
  readonly #encrypting = new Set<Promise<unknown>>();
  // Conversations that were made and whose invitation is not on the server yet, by person.
  readonly #begun = new Map<string, string>();

  private constructor(client: MatrixClient, vault: Vault, tokens: Tokens, recovery: Recovery, removals: Removals, drafts: Drafts, acks: Acks, kept: Map<string, KeptBox>) {
    this.client = client;
    this.recovery = recovery;
    this.#vault = vault;
    this.#tokens = tokens;
    this.connection = new Connection(client);
    this.ignoring = new Ignoring(client, vault, async (room) => {
      await fetchAnew(client, room);
      this.#rooms.get(room.roomId)?.latest();
      this.search.again(room.roomId);
    });
    this.#far = new FarMentions(client);
    this.rooms = new RoomList(client, this.#far);
    this.removals = removals;
    this.me = new Me(client);
    this.devices = new Devices(client, recovery.mayRenew, vault);
    this.invitations = new Invitations(client);
    this.passkeys = new Passkeys(client);
    this.cases = new Cases(client);
    this.checks = new Checks(client, vault);
    this.warrants = new Warrants(client);
    this.mail = new OwnMail(client);
    this.resets = new Resets(client);
    this.record = new PublicRecord(vault);
    provePeople(client, vault, this.record);
    this.ownActs = new OwnActs(vault, this.record, this.warrants);
    this.levels = new Levels(client);
    this.pictures = new Pictures(client, tokens);
    this.pushing = new Pushing(client);
    this.#notifier = new Notifier(client, this.rooms, this.levels, (notice, onClick) => showNotice(notice, onClick, this.pushing.snapshot() === 'on'));
    this.courtesy = new Courtesy(client);
    this.drafts = drafts;
    this.#acks = acks;
    this.search = new Search(client, (events) => void acks.met(events)); // what was missed and is read there has come, too
    this.asking = new Asking(this.search);
    this.verifications = new Verifications(client, this.converse);
    this.verifications.subscribe(() => {
      for (const { device, stage } of this.verifications.snapshot()) if (device !== undefined && ['matched', 'done'].includes(stage.at)) void this.devices.recognise(device);
    });
    for (const [roomId, box] of kept) this.#outboxes.set(roomId, new Outbox(this.#post(roomId), box));
    client.on(ClientEvent.Event, (event) => {
      const transaction: unknown = event.getUnsigned()['transaction_id'];
      const id = event.getId();
      if (typeof transaction === 'string' && id !== undefined) this.#outboxes.get(event.getRoomId() ?? '')?.came(transaction, id);
    });
    this.connection.subscribe(() => {
      const { is } = this.connection.snapshot();
      if (is === 'connected') {
        this.#flush();
        askForPast(client).catch(() => undefined); // asked again when the server answers after a silence, or at the next start
      }
      if (is === 'offline' || is === 'noServer') client.store.save(true).catch(() => undefined); // what was heard last is here when the page is opened again
    });
  }

  /** Opens what is kept of a sign-in on this device and begins to sync. signedOut is called when the server ends it; soft: when the device may come back with its keys. */
  static async open(login: Login, vault: Vault, signedOut: (soft: boolean) => void): Promise<Session> {
    const recovery = new Recovery();
    const here = route.snapshot();
    const tokens = new Tokens(login, vault);
    const client = makeClient(tokens, vault, recovery.callbacks, here.at === 'room' ? [here.id] : []);
    onSignedOut(client, signedOut);
    void client.store.startup(); // it is read while the crypto opens
    await openCrypto(client, vault);
    keepBackingUp(client);
    const kept = new Map<string, KeptBox>();
    for (const name of await vault.names(boxes)) {
      const box = await vault.get<KeptBox>(name);
      if (box !== undefined) kept.set(name.slice(boxes.length), box);
    }
    const session = new Session(client, vault, tokens, recovery, await Removals.open(client, vault), new Drafts(vault, await Drafts.read(vault)), await Acks.open(client, vault), kept);
    await startClient(client);
    void firstSync(client).then(() => session.record.start()); // not before the first screen
    void keptRooms(client).then(() => session.#flush()); // nothing leaves for a room that is not there yet
    session.pictures.learn().catch(() => undefined); // the stamp stands in its place
    session.me.learn().catch(() => undefined); // the account name stands in its place
    session.pushing.learn().catch(() => undefined); // the next start tries again
    return session;
  }

  /** Resolves when the rooms are known. */
  ready(): Promise<void> {
    return firstSync(this.client);
  }

  /** The room of that id, or undefined while this device does not know it. */
  room(id: string): RoomState | undefined {
    const before = this.#rooms.get(id);
    if (before !== undefined) return before;
    const room = this.client.getRoom(id);
    if (room === null) {
      void wantRooms(this.client, [id]);
      return undefined;
    }
    const state = new RoomState(this.client, room, this.#outbox(id), this.checks, this.#tokens, { showTyping: () => this.courtesy.snapshot().typing, reachable: () => this.#reachable() });
    this.#rooms.set(id, state);
    return state;
  }

  /** Makes a room with that name and returns its id. */
  readonly createRoom = (name: string): Promise<string> => makeRoom(this.client, { name });

  /** Invites somebody to a room that was made here, whether or not sync has told of it yet. */
  readonly inviteTo = async (roomId: string, userId: string): Promise<void> => {
    await inviteTo(this.client, this.#tokens, roomId, userId);
  };

  /** Goes to the conversation with somebody, which is begun if there is none, and returns its room's id. */
  readonly converse = (userId: string): Promise<string> => converse(this.client, this.#tokens, userId, this.#begun);

  /** Finds people of the organisation. */
  readonly findPeople = (typed: string): Promise<readonly Person[]> => findPeople(this.client, typed);

  /** Changes how this person is called, for everybody. */
  readonly nameMyself = async (name: string): Promise<void> => {
    await this.client.setDisplayName(name.trim());
    await this.me.learn();
  };

  /** Takes up an invitation. */
  join(roomId: string): Promise<void> {
    return joinInvited(this.client, roomId);
  }

  /** Declines an invitation. */
  async decline(roomId: string): Promise<void> {
    await this.client.leave(roomId);
  }

  /** The user id that a person means who writes `lin`, `@lin` or `@lin:port.example`; undefined if none can be meant. */
  userId(typed: string): string | undefined {
    const text = typed.trim();
    if (/^@[^\s:]+:\S+$/.test(text)) return text;
    const name = text.replace(/^@/, '').toLowerCase();
    return /^[a-z0-9._=/+-]+$/.test(name) ? `@${name}:${this.server}` : undefined;
  }

  /** The name of the server that the account is on. */
  get server(): string {
    return this.client.getDomain() ?? '';
  }

  /** How many messages and files are to be sent from here and are not on the server. */
  unsent(): number {
    const files = [...this.#rooms.values()].reduce((n, room) => n + room.leaving(), 0);
    return files + [...this.#outboxes.values()].flatMap((box) => box.snapshot()).filter((item) => item.state.is !== 'saved').length;
  }

  /** Stops everything and leaves what is kept in place. */
  close(): void {
    for (const box of this.#outboxes.values()) box.close();
    for (const room of this.#rooms.values()) room.end();
    this.drafts.close();
    this.#acks.close();
    this.courtesy.close();
    this.resets.close();
    this.record.close();
    this.pushing.close();
    this.connection.close();
    this.rooms.close();
    this.#far.close();
    this.#notifier.close();
    this.levels.close();
    this.ignoring.close();
    this.cases.close();
    this.checks.close();
    this.warrants.close();
    this.ownActs.close();
    this.pictures.close();
    this.asking.close();
    void this.search.close();
    this.client.stopClient();
  }

  /** Stops everything, what is being encrypted at last: when it resolves, another tab may open the keys. */
  async release(): Promise<void> {
    for (const box of this.#outboxes.values()) box.close();
    await Promise.allSettled(this.#encrypting);
    this.close();
    await this.search.close();
  }

  /** Ends the sign-in: at the server, if it can be reached and `tell` is set, and then here, where everything kept is deleted. It says whether the server knows. */
  async end(tell: boolean): Promise<boolean> {
    this.close();
    let known = true;
    if (tell) {
      await this.client.logout().catch((error: unknown) => {
        if (isUnreachable(error)) known = false;
        else if (faultOf(error).id !== 'fault.signedOut') throw error;
      });
    }
    await this.search.close();
    await this.client.store.destroy();
    this.#vault.close();
    await wipeAll();
    return known;
  }

  #outbox(roomId: string): Outbox {
    const before = this.#outboxes.get(roomId);
    if (before !== undefined) return before;
    const box = new Outbox(this.#post(roomId));
    this.#outboxes.set(roomId, box);
    return box;
  }

  #flush(): void {
    for (const box of this.#outboxes.values()) box.flush();
    for (const room of this.#rooms.values()) room.uploadAgain();
  }

  #reachable(): boolean {
    return navigator.onLine && ['connected', 'reconnecting'].includes(this.connection.snapshot().is);
  }

  #post(roomId: string): Post {
    const client = this.client;
    return {
      device: client.getDeviceId() ?? '',
      seen: () => this.checks.seen(roomId) ?? client.getRoom(roomId)?.getLastLiveEvent()?.getId() ?? '',
      sign: (content) => signed(client, content),
      between: (a, s) => this.checks.between(roomId, a, s),
      send: async (type, id, content) => {
        // Whoever writes without a network is not told that the server may have it.
        if (!this.#reachable()) throw new NotYet();
        const remembered = await isEncrypted(client, roomId);
        switch (wayIn(client, roomId, remembered)) {
          case 'unknown':
            throw new NotYet();
          case 'withheld':
            throw new FaultError({ id: 'fault.encryptionWithheld', code: 'ENCRYPTION_WITHHELD' });
          case 'clear':
            return putEvent(client, roomId, type, id, content);
          case 'encrypted': {
            if (!remembered) throw new NotYet(); // the crypto hears of it a moment later
            const work = encrypt(client, roomId, type, content);
            this.#encrypting.add(work);
            const encrypted = await work.finally(() => this.#encrypting.delete(work));
            await this.#acks.sent(roomId, content).catch(() => undefined); // then nothing is said about whom it reached
            return putEvent(client, roomId, encrypted.type, id, encrypted.content);
          }
        }
      },
      read: async (eventId) => {
        const event = await eventOf(client, roomId, eventId);
        return event.isDecryptionFailure() ? undefined : (event.getClearContent() ?? event.getOriginalContent());
      },
      judge: (error) => {
        if (error instanceof NotYet || error instanceof IdentityMoved) return { again: undefined };
        if (error instanceof ProofAway) return { again: limitedFor(error.cause) };
        const again = limitedFor(error);
        if (again !== undefined) return { again };
        if (isUnreachable(error)) return { again, unsure: true };
        if (error instanceof IdentityChanged) return { refused: { id: 'fault.identityChanged', code: 'IDENTITY_CHANGED' }, by: 'device' };
        if (error instanceof IdentityUnproven) return { refused: { id: 'fault.identityUnproven', code: 'IDENTITY_UNPROVEN' }, by: 'device' };
        const fault = faultOf(error);
        if (fault.id === 'fault.signedOut') return { again }; // it leaves after the next sign-in
        return { refused: fault, by: isAnswer(error) ? 'server' : 'device' };
      },
      keep: (box) => this.#vault.put(boxes + roomId, box),
    };
  }
}

/** Deletes everything that a sign-in left in this browser. Session and vault must be closed. */
export async function wipeAll(): Promise<void> {
  await wipePushing().catch(() => undefined); // its device is signed out: nothing is pushed to it any more
  sessionStorage.clear();
  // The SDK keeps names of filters there, with the user id in them. Language and theme say nothing about anybody.
  for (const key of Object.keys(localStorage)) if (!key.startsWith('wardroom.')) localStorage.removeItem(key);
  await wipe([clearDatabase, ...cryptoDatabases]);
}

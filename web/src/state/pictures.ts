// The pictures of people and rooms. They are not encrypted on the server. Here they are in memory alone, for as long as
// something on the page shows them.

import { ClientEvent, EventType, KnownMembership, type MatrixClient } from 'matrix-js-sdk';
import { isUnreachable, limitedFor } from '../wire/fault';
import { publish, thumbnail } from '../wire/media';
import type { Tokens } from '../wire/tokens';
import { mayChange } from './roomstate';
import type { Readable } from './store';

const side = 96;
const linger = 60_000;

/** One picture: while somebody listens, its value is an address that this page may draw. */
export class Picture implements Readable<string | undefined> {
  readonly #address: () => string | undefined;
  readonly #fetch: (mxc: string) => Promise<Blob>;
  readonly #listeners = new Set<() => void>();
  #mxc: string | undefined;
  #url: string | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(address: () => string | undefined, fetch: (mxc: string) => Promise<Blob>) {
    this.#address = address;
    this.#fetch = fetch;
  }

  readonly snapshot = (): string | undefined => this.#url;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#leaving);
    this.look();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#leaving = setTimeout(this.free, linger);
    };
  };

  /** Fetches the picture if it is shown and is another than before, or did not come. */
  look(): void {
    const mxc = this.#listeners.size === 0 ? this.#mxc : this.#address();
    if (mxc === this.#mxc) return;
    this.#mxc = mxc;
    if (mxc === undefined) this.#draw(undefined);
    else {
      this.#fetch(mxc).then(
        (blob) => {
          if (this.#mxc === mxc) this.#draw(URL.createObjectURL(blob));
        },
        (error: unknown) => {
          if (this.#mxc !== mxc) return;
          this.#draw(undefined);
          if (isUnreachable(error) || limitedFor(error) !== undefined) this.#mxc = undefined; // another time
        },
      );
    }
  }

  /** Forgets the picture. */
  readonly free = (): void => {
    clearTimeout(this.#leaving);
    this.#mxc = undefined;
    this.#draw(undefined);
  };

  #draw(url: string | undefined): void {
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    if (url === this.#url) return;
    this.#url = url;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** The pictures of everybody and every room, and the changing of them. */
export class Pictures {
  readonly #client: MatrixClient;
  readonly #tokens: Tokens;
  readonly #all = new Map<string, Picture>();
  // To somebody who is in no room yet, sync does not tell their own.
  #own: string | undefined;

  constructor(client: MatrixClient, tokens: Tokens) {
    this.#client = client;
    this.#tokens = tokens;
    client.on(ClientEvent.Sync, this.#look);
  }

  close(): void {
    this.#client.off(ClientEvent.Sync, this.#look);
    for (const picture of this.#all.values()) picture.free();
  }

  /** The picture of a person or a room. */
  readonly of = (id: string): Picture => {
    const before = this.#all.get(id);
    if (before !== undefined) return before;
    const picture = new Picture(
      () => this.#addressOf(id),
      (mxc) => thumbnail(this.#tokens, mxc, side),
    );
    this.#all.set(id, picture);
    return picture;
  };

  /** Asks the server for one's own. */
  async learn(): Promise<void> {
    this.#own = (await this.#client.getProfileInfo(this.#client.getSafeUserId(), 'avatar_url')).avatar_url;
    this.#look();
  }

  /** Whether somebody or a room has one. */
  has(id: string): boolean {
    return this.#addressOf(id) !== undefined;
  }

  /** Whether this person may change the picture of a room. */
  mayChange(roomId: string): boolean {
    const room = this.#client.getRoom(roomId);
    return room !== null && mayChange(room, EventType.RoomAvatar, this.#client.getSafeUserId());
  }

  /** Gives this person, or a room, another picture, or none. It is on the server when change returns. */
  async change(id: string, picture: Blob | undefined): Promise<void> {
    const client = this.#client;
    const mxc = picture === undefined ? undefined : await publish(this.#tokens, picture);
    if (id.startsWith('!')) await client.sendStateEvent(id, EventType.RoomAvatar, mxc === undefined ? {} : { url: mxc });
    else {
      await client.setAvatarUrl(mxc ?? ''); // the empty one takes it back
      this.#own = mxc;
    }
    this.#look();
  }

  #addressOf(id: string): string | undefined {
    if (id.startsWith('!')) return this.#client.getRoom(id)?.getMxcAvatarUrl() ?? undefined;
    for (const room of this.#client.getRooms()) {
      const member = room.getMember(id);
      if (member?.membership === KnownMembership.Join) return member.getMxcAvatarUrl();
    }
    return id === this.#client.getUserId() ? this.#own : this.#client.getUser(id)?.avatarUrl;
  }

  readonly #look = (): void => {
    for (const picture of this.#all.values()) picture.look();
  };
}

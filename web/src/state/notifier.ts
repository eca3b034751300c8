// Tells of new messages outside of the page. Only the tab that is signed in has one. What is told follows the account's
// push rules, seen here after decryption: the server cannot see who is mentioned.

import { MatrixEventEvent, RoomEvent, type IRoomTimelineData, type MatrixClient, type MatrixEvent, type Room } from 'matrix-js-sdk';
import { currentLanguage, say } from '../lang/lang';
import { awaitsKept, isArriving, keptRooms, wasToldAllRooms } from '../wire/client';
import { followsThread } from '../wire/following';
import { isIgnored, onIgnored } from './ignored';
import type { Levels } from './levels';
import { notifying, type Said } from './notifying';
import { unturned } from './oneline';
import { personIn } from './person';
import type { RoomList, RoomListView } from './roomlist';
import { titleOf } from './roomstate';
import { route } from './route';
import { answersIn } from './threads';
import { isNews } from './unread';

/** What is shown outside of the page. */
export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  /** The room: a later notice of it takes the place of an earlier one. */
  readonly tag: string;
}

/** Shows a notice, and returns what takes it away again. */
export type Show = (notice: Notice, onClick: () => void) => () => void;

const settle = 400;

export class Notifier {
  readonly #client: MatrixClient;
  readonly #rooms: RoomList;
  readonly #levels: Levels;
  readonly #show: Show;
  /** By room: what is to be told of, the oldest first. */
  readonly #due = new Map<string, MatrixEvent[]>();
  readonly #shown = new Map<string, () => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void;

  constructor(client: MatrixClient, rooms: RoomList, levels: Levels, show: Show) {
    this.#client = client;
    this.#rooms = rooms;
    this.#levels = levels;
    this.#show = show;
    client.on(RoomEvent.Timeline, this.#onEvent);
    client.on(RoomEvent.Receipt, this.#onReceipt);
    client.on(RoomEvent.Redaction, this.#onRedaction);
    const stops = [
      rooms.subscribe(this.#count),
      levels.subscribe(this.#count),
      onIgnored(client, () => {
        for (const roomId of [...this.#shown.keys()]) this.#lookAgain(roomId);
      }),
    ];
    navigator.serviceWorker?.addEventListener('message', openRoom); // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- absent where the page is not secure
    void keptRooms(client).then(this.#count);
    this.#stop = () => stops.forEach((stop) => stop());
  }

  close(): void {
    this.#stop();
    this.#client.off(RoomEvent.Timeline, this.#onEvent);
    this.#client.off(RoomEvent.Receipt, this.#onReceipt);
    this.#client.off(RoomEvent.Redaction, this.#onRedaction);
    navigator.serviceWorker?.removeEventListener('message', openRoom); // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- as above
    clearTimeout(this.#timer);
    for (const room of [...this.#shown.keys()]) this.#takeAway(room);
    mark(0);
  }

  readonly #onEvent = (event: MatrixEvent, room: Room | undefined, toStart: boolean | undefined, _removed: boolean, data: IRoomTimelineData): void => {
    if (this.#client.getSyncState() === null) return; // what was kept from last time, and told of then
    if (!wasToldAllRooms(this.#client)) return; // what was said before this device was there
    if (room === undefined || isArriving(this.#client, room.roomId) || toStart === true || data.liveEvent !== true || event.getSender() === this.#client.getUserId()) return;
    this.#client.decryptEventIfNeeded(event).then(
      () => this.#consider(room, event),
      () => undefined, // what cannot be read yet is told of when it can
    );
    if (event.isEncrypted()) event.once(MatrixEventEvent.Decrypted, () => this.#consider(room, event));
  };

  #consider(room: Room, event: MatrixEvent): void {
    if (event.isBeingDecrypted() || event.isDecryptionFailure() || event.isRedacted()) return;
    if (this.#client.getPushActionsForEvent(event, true)?.notify === true) this.#tellOf(room, event);
    else void this.#isFollowed(room, event).then((is) => is && this.#tellOf(room, event));
  }

  // The SDK does not know the push rule that tells of threads which somebody follows. It comes before those of rooms, and after what silences a room whole.
  async #isFollowed(room: Room, event: MatrixEvent): Promise<boolean> {
    const root = answersIn(event);
    if (root === undefined || !isNews(event) || event.getContent()['msgtype'] === 'm.notice' || this.#levels.of(room.roomId) !== 'mentions') return false;
    return followsThread(this.#client, room.roomId, root).catch(() => false); // the number in the list tells of it
  }

  #tellOf(room: Room, event: MatrixEvent): void {
    const due = this.#due.get(room.roomId) ?? [];
    if (due.includes(event)) return;
    this.#due.set(room.roomId, [...due, event]);
    // The receipts of a sync come after its messages: what was read on another device is not told of.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const roomId of [...this.#due.keys()]) this.#tell(roomId);
    }, settle);
  }

  #tell(roomId: string): void {
    const room = this.#client.getRoom(roomId);
    const unread = this.#stillDue(roomId);
    const { browser, on, said } = notifying.snapshot();
    const last = unread.at(-1);
    if (room === null || last === undefined || browser !== 'allowed' || !on || onScreen(roomId)) {
      this.#due.delete(roomId);
      return;
    }
    this.#shown.get(roomId)?.();
    const notice = noticeOf(room, last, unread.length, said);
    this.#shown.set(
      roomId,
      this.#show(notice, () => {
        window.focus();
        const thread = answersIn(last);
        route.go({ at: 'room', id: roomId, ...(thread === undefined ? {} : { thread }) });
        this.#takeAway(roomId);
      }),
    );
  }

  #stillDue(roomId: string): MatrixEvent[] {
    const room = this.#client.getRoom(roomId);
    const me = this.#client.getSafeUserId();
    const left = (this.#due.get(roomId) ?? []).filter((event) => !event.isRedacted() && !isIgnored(this.#client, event.getSender()) && room?.hasUserReadEvent(me, event.getId() ?? '') !== true);
    this.#due.set(roomId, left);
    return left;
  }

  readonly #onReceipt = (_event: MatrixEvent, room: Room): void => {
    if (this.#shown.has(room.roomId) && this.#stillDue(room.roomId).length === 0) this.#takeAway(room.roomId);
  };

  readonly #onRedaction = (_event: MatrixEvent, room: Room): void => {
    if (this.#shown.has(room.roomId)) this.#lookAgain(room.roomId);
  };

  #lookAgain(roomId: string): void {
    if (this.#stillDue(roomId).length === 0) this.#takeAway(roomId);
    else this.#tell(roomId);
  }

  #takeAway(roomId: string): void {
    this.#due.delete(roomId);
    this.#shown.get(roomId)?.();
    this.#shown.delete(roomId);
  }

  readonly #count = (): void => {
    if (awaitsKept(this.#client)) return; // the number is none of all rooms yet
    mark(waitingIn(this.#rooms.snapshot(), this.#levels));
  };
}

/** How much waits for this person: what is unread, where they want to be told of anything, and invitations. */
export function waitingIn({ rooms, people, invitations }: RoomListView, levels: Pick<Levels, 'of'>): number {
  const told = [...rooms, ...people].filter((room) => levels.of(room.id) !== 'nothing');
  return told.reduce((sum, room) => sum + room.unread, invitations.length);
}

function onScreen(roomId: string): boolean {
  const here = route.snapshot();
  return here.at === 'room' && here.id === roomId && document.visibilityState === 'visible' && document.hasFocus();
}

function noticeOf(room: Room, event: MatrixEvent, n: number, said: Said): Notice {
  const title = titleOf(room);
  const name = title === '' ? say('room.unnamed') : title;
  const body: unknown = event.getContent()['body'];
  const text = typeof body === 'string' ? unturned(body.replace(/^(>.*\n)+\n?/, '')) : '';
  const common = { lang: currentLanguage(), tag: room.roomId };
  if (said === 'nothing') return { ...common, title: say('shell.name'), body: say('notify.something') };
  if (said === 'room' || text === '') return { ...common, title: name, body: say('notify.count', { n }) };
  return { ...common, title: name, body: say('rooms.preview.other', { name: personIn(room, event.getSender() ?? '').name, text: text.slice(0, 300) }) };
}

/** Shows how much waits where the page itself cannot be seen: in its title, its picture, and on the installed client's icon. */
function mark(n: number): void {
  document.title = n === 0 ? say('shell.name') : `(${n}) ${say('shell.name')}`;
  const icon = document.querySelector('link[rel=icon]');
  const picture = n === 0 ? '/icon.svg' : '/icon-unread.svg';
  if (icon?.getAttribute('href') !== picture) icon?.setAttribute('href', picture);
  const badge = navigator as { setAppBadge?: (n: number) => Promise<void> };
  badge.setAppBadge?.(n).catch(() => undefined);
}

/**
 * Shows a notice by the page, or by the service worker: where that is pushed to, it tells of the same, and only there does one take the place of
 * the other.
 */
export function showNotice({ title, ...rest }: Notice, onClick: () => void, pushed: boolean): () => void {
  const options = { ...rest, icon: '/icons/192.png' };
  if (!pushed) {
    try {
      const shown = new Notification(title, options);
      shown.onclick = onClick;
      return () => shown.close();
    } catch {
      // Browsers of telephones show them through the service worker alone; a press comes back as a message.
    }
  }
  const kept = navigator.serviceWorker.ready;
  void kept.then((worker) => worker.showNotification(title, options)).catch(() => undefined);
  return () => void kept.then((worker) => worker.getNotifications({ tag: rest.tag })).then((all) => all.forEach((one) => one.close()));
}

function openRoom({ data }: MessageEvent<{ open?: unknown } | undefined>): void {
  if (typeof data?.open === 'string') route.go({ at: 'room', id: data.open });
}

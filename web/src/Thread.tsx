import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { Composer } from './composer/Composer';
import { Away } from './connection/Away';
import { DropPlace } from './files/DropPlace';
import { FileMessage } from './files/FileMessage';
import { SendFiles } from './files/SendFiles';
import { Tray } from './files/Tray';
import { IconButton } from './kit/Button';
import { isComposing } from './kit/composing';
import { IconBack, IconClose } from './kit/icons';
import { rich, useSay } from './lang/useSay';
import { messageMatter, type Matter } from './state/cases';
import type { Connection } from './state/connection';
import type { Draft } from './state/draft';
import type { MessageFile } from './state/file';
import { route } from './state/route';
import type { RoomState } from './state/room';
import type { ThreadState } from './state/thread';
import { useStore } from './state/useStore';
import { subject, takeBack } from './subject';
import look from './Thread.module.css';
import { Follow } from './threads/Follow';
import type { Acts } from './timeline/acts';
import { Timeline } from './timeline/Timeline';

interface Props {
  room: RoomState;
  thread: ThreadState;
  /** What is written here and not sent. */
  draft: Draft;
  connection: Connection;
  /** The message to go to. */
  show: string | undefined;
  onReport: (matter: Matter) => void;
  /** Back to the room. */
  onClose: () => void;
}

// Its rows stand in the room's timeline too, and a name in the document is given once.
const idOf = (id: string): string => `thread:${id}`;
const nothing = (): void => undefined;

/** A thread beside its room, on a phone in its place: the message it begins with, the answers, and where one answers. */
export function Thread({ room, thread, draft, connection, show, onReport, onClose }: Props) {
  const say = useSay();
  const { people, invited, mayWrite, joined } = useStore(room);
  const view = useStore(thread);
  const { root, items } = view;
  const [files, setFiles] = useState<readonly File[]>([]);
  const ref = useRef<HTMLElement>(null);
  const others = people + invited - 1;
  const drawFile = useCallback((file: MessageFile) => <FileMessage file={file} fetch={room.fetchFile} />, [room]);

  // The thread follows the client's events for as long as it is on the screen. Whoever opens it goes on in it: where
  // there are keys, by writing.
  useEffect(() => {
    thread.open();
    const writes = matchMedia('(pointer: fine)').matches ? ref.current?.querySelector('textarea') : undefined;
    (writes ?? ref.current)?.focus();
    const { root } = thread.snapshot();
    return () => {
      thread.close();
      requestAnimationFrame(() => goBack(root));
    };
  }, [thread]);

  // An address that names an answer is gone to once; it then names the thread alone.
  useEffect(() => {
    if (show === undefined) return;
    route.replace({ at: 'room', id: room.snapshot().id, thread: thread.snapshot().root });
    void thread.show(show);
  }, [room, thread, show]);

  const acts = useMemo<Acts>(
    () => ({
      retry: room.retry,
      discard: (key) => void room.discard(key),
      rewrite: (message) => {
        takeBack(draft, message, thread.snapshot().items);
        void room.discard(message.outKey);
        ref.current?.querySelector('textarea')?.focus(); // the button is gone
      },
      reply: (message) => draft.turnTo({ is: 'reply', message }),
      edit: (message) => draft.turnTo({ is: 'edit', message }),
      remove: room.remove,
      report: (message) => {
        const matter = messageMatter(room.snapshot().id, message);
        if (matter !== undefined) onReport(matter);
      },
      react: (message, key) => {
        if (message.id !== undefined) void room.react(message.id, key);
      },
      unreact: room.unreact,
      answerInThread: undefined,
      threadHref: undefined,
      jump: (id) => void thread.show(id),
    }),
    [room, thread, draft, onReport],
  );
  const first = items.find((item) => item.id === root);
  const onKeyDown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.key !== 'Escape' || isComposing(event) || (target instanceof Element && target.closest('dialog') !== null)) return;
    event.stopPropagation();
    onClose();
  };
  return (
    <section ref={ref} className={look['thread']} aria-label={say('thread.title')} tabIndex={-1} onKeyDown={onKeyDown}>
      <DropPlace onFiles={mayWrite ? setFiles : undefined}>
        <header className={look['head']}>
          <span className={look['back']}>
            <IconButton icon={IconBack} label={say('common.back')} onClick={onClose} />
          </span>
          <div className="grow">
            <h2>{say('thread.title')}</h2>
            {first !== undefined && <span className="meta">{rich(say, 'thread.of', { name: <span lang={first.sender.lang}>{first.sender.name}</span> })}</span>}
          </div>
          <span className={look['close']}>
            <IconButton icon={IconClose} label={say('common.close')} onClick={onClose} />
          </span>
        </header>
        {joined && <Follow following={thread.following} />}
        <Timeline
          items={items}
          fromStart={view.fromStart}
          toEnd={view.toEnd}
          newFrom={view.newFrom}
          goal={view.goal}
          marked={view.marked}
          fetching={view.fetching}
          failed={view.failed}
          unread={view.unread}
          readers={view.readers}
          deliveries={view.deliveries}
          others={others}
          mayWrite={mayWrite}
          acts={acts}
          drawFile={drawFile}
          onMore={thread.more}
          onStands={thread.stands}
          onLatest={thread.latest}
          onSeen={thread.seen}
          onLook={nothing}
          label={say('thread.messages')}
          idOf={idOf}
        />
        <Composer
          others={others}
          inThread
          mayWrite={mayWrite}
          joined={joined}
          draft={draft}
          onType={room.tellTyping.typed}
          find={room.findNameable}
          onEditLast={() => {
            const last = items.findLast((item) => item.is === 'message' && item.mine && item.id !== undefined && item.id !== root && item.file === undefined);
            if (last?.is === 'message') draft.turnTo({ is: 'edit', message: last });
          }}
          onSend={(text, about) => {
            room.tellTyping.stop();
            if (about?.is !== 'edit') thread.latest(); // what one writes oneself, one wants to see
            return thread.write(text, subject(about));
          }}
          onFiles={setFiles}
        >
          <Away connection={useStore(connection)} onTry={connection.again} />
          <Tray uploads={thread.uploads} />
        </Composer>
        {files.length > 0 && <SendFiles files={files} others={others} onSend={thread.uploads.add} onClose={() => setFiles([])} />}
      </DropPlace>
    </section>
  );
}

// The focus that was in the thread goes to what opened it.
function goBack(root: string): void {
  if (document.activeElement !== document.body) return;
  const line = document.querySelector<HTMLElement>(`[data-thread="${CSS.escape(root)}"]`);
  (line ?? document.getElementById(root))?.focus();
}

import { useCallback, useMemo } from 'react';
import { Composer } from './composer/Composer';
import { Away } from './connection/Away';
import { FileMessage } from './files/FileMessage';
import { Tray } from './files/Tray';
import { useSay } from './lang/useSay';
import { messageMatter, type Matter } from './state/cases';
import type { Connection } from './state/connection';
import type { Draft } from './state/draft';
import type { MessageFile } from './state/file';
import { hrefOf, route, type Route } from './state/route';
import type { RoomState } from './state/room';
import type { Message } from './state/timeline';
import { useStore } from './state/useStore';
import { subject, takeBack } from './subject';
import type { Acts } from './timeline/acts';
import look from './Talk.module.css';
import { Timeline } from './timeline/Timeline';
import { TypingLine } from './timeline/TypingLine';

interface Props {
  room: RoomState;
  /** What is written here and not sent. */
  draft: Draft;
  connection: Connection;
  /** Whether something else is in front of it. */
  covered: boolean;
  /** Files were chosen or pasted. */
  onFiles: (files: readonly File[]) => void;
  onReport: (matter: Matter) => void;
}

/** What is said in a room, and where one answers. */
export function Talk({ room, draft, connection, covered, onFiles, onReport }: Props) {
  const say = useSay();
  const view = useStore(room);
  const typing = useStore(room.typing);
  const edit = useCallback((message: Message) => draft.turnTo({ is: 'edit', message }), [draft]);
  const drawFile = useCallback((file: MessageFile) => <FileMessage file={file} fetch={room.fetchFile} />, [room]);
  const acts = useMemo<Acts>(
    () => ({
      retry: room.retry,
      discard: (key) => void room.discard(key),
      rewrite: (message) => {
        takeBack(draft, message, room.snapshot().items);
        void room.discard(message.outKey);
        document.querySelector<HTMLElement>('main textarea')?.focus(); // the button is gone
      },
      reply: (message) => draft.turnTo({ is: 'reply', message }),
      edit,
      remove: room.remove,
      report: (message) => {
        const matter = messageMatter(room.snapshot().id, message);
        if (matter !== undefined) onReport(matter);
      },
      react: (message, key) => {
        if (message.id !== undefined) void room.react(message.id, key);
      },
      unreact: room.unreact,
      answerInThread: (message) => {
        if (message.id !== undefined) route.go(threadIn(room, message.id));
      },
      threadHref: (root) => hrefOf(threadIn(room, root)),
      missing: {
        ask: room.askFor,
        report: () => {
          const { id, name, lang } = room.snapshot();
          onReport({ is: 'room', room: id, name, lang });
        },
      },
      jump: (id) => void room.show(id),
    }),
    [room, draft, edit, onReport],
  );
  return (
    <>
      {view.unreadThreads && (
        <a className={look['threads']} href={hrefOf(threadIn(room, view.unreadThreads.newest))}>
          {say('thread.unread', { n: view.unreadThreads.answers })}
        </a>
      )}
      <Timeline
        items={view.items}
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
        others={view.people - 1}
        mayWrite={view.mayWrite}
        acts={acts}
        drawFile={drawFile}
        onMore={room.more}
        onStands={room.stands}
        onLatest={room.latest}
        onSeen={covered ? notSeen : room.seen}
        onLook={room.look}
      />
      <TypingLine people={typing} />
      <Composer
        others={view.people + view.invited - 1}
        mayWrite={view.mayWrite}
        joined={view.joined}
        draft={draft}
        onType={room.tellTyping.typed}
        find={room.findNameable}
        onEditLast={() => {
          const last = view.items.findLast((item) => item.is === 'message' && item.mine && item.id !== undefined && item.file === undefined);
          if (last?.is === 'message') edit(last);
        }}
        onSend={(text, about) => {
          room.tellTyping.stop();
          if (about?.is !== 'edit') room.latest(); // what one writes oneself, one wants to see
          return room.write(text, subject(about));
        }}
        onFiles={onFiles}
      >
        <Away connection={useStore(connection)} onTry={connection.again} />
        <Tray uploads={room.uploads} />
      </Composer>
    </>
  );
}

const notSeen = (): void => undefined;

function threadIn(room: RoomState, root: string): Route {
  return { at: 'room', id: room.snapshot().id, thread: root };
}

import { useCallback, useMemo, useState } from 'react';
import { Composer } from './composer/Composer';
import { Away } from './connection/Away';
import { FileMessage } from './files/FileMessage';
import { Tray } from './files/Tray';
import type { Connection } from './state/connection';
import type { MessageFile } from './state/file';
import type { RoomState } from './state/room';
import type { Message } from './state/timeline';
import { useStore } from './state/useStore';
import type { Acts } from './timeline/acts';
import { Timeline } from './timeline/Timeline';

interface Props {
  room: RoomState;
  connection: Connection;
  /** Files were chosen or pasted. */
  onFiles: (files: readonly File[]) => void;
}

/** What is said in a room, and where one answers. */
export function Talk({ room, connection, onFiles }: Props) {
  const view = useStore(room);
  const [about, setAbout] = useState<{ is: 'reply' | 'edit'; message: Message }>();
  const edit = useCallback((message: Message) => setAbout({ is: 'edit', message }), []);
  const drawFile = useCallback((file: MessageFile) => <FileMessage file={file} fetch={room.fetchFile} />, [room]);
  const acts = useMemo<Acts>(
    () => ({
      retry: room.retry,
      discard: (key) => void room.discard(key),
      reply: (message) => setAbout({ is: 'reply', message }),
      edit,
      remove: room.remove,
      react: (message, key) => {
        if (message.id !== undefined) void room.react(message.id, key);
      },
      unreact: room.unreact,
      jump: (id) => void room.show(id),
    }),
    [room, edit],
  );
  return (
    <>
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
        others={view.people - 1}
        mayWrite={view.mayWrite}
        acts={acts}
        drawFile={drawFile}
        onMore={room.more}
        onStands={room.stands}
        onLatest={room.latest}
        onSeen={room.seen}
        onLook={room.look}
      />
      <Composer
        others={view.people + view.invited - 1}
        mayWrite={view.mayWrite}
        about={about}
        onDrop={() => setAbout(undefined)}
        onEditLast={() => {
          const last = view.items.findLast((item) => item.is === 'message' && item.mine && item.id !== undefined && item.file === undefined);
          if (last?.is === 'message') edit(last);
        }}
        onSend={(text) => {
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

function subject(about: { is: 'reply' | 'edit'; message: Message } | undefined): Parameters<RoomState['write']>[1] {
  const id = about?.message.id;
  if (about === undefined || id === undefined) return undefined;
  return about.is === 'edit' ? { is: 'edit', of: id } : { is: 'reply', to: id, sender: about.message.sender.id };
}

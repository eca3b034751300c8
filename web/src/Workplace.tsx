import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Cases, Reporting } from './Cases';
import { DropPlace } from './files/DropPlace';
import { SendFiles } from './files/SendFiles';
import { Find } from './find/Find';
import { NewVersion } from './frame/NewVersion';
import { OfferNotices } from './frame/OfferNotices';
import { RecordNews } from './frame/RecordNews';
import { ResetNews } from './frame/ResetNews';
import { Tabs } from './frame/Tabs';
import { Top } from './frame/Top';
import { PicturesContext } from './kit/pictures';
import { RoomStamp } from './kit/RoomStamp';
import { WhoStamp } from './kit/WhoStamp';
import { IgnoredHere } from './ignore/IgnoredHere';
import { useSay } from './lang/useSay';
import { RoomBanner } from './room/RoomBanner';
import { People } from './people/People';
import { RecordPage } from './record/RecordPage';
import { RoomHeader } from './room/RoomHeader';
import { ShareReading } from './room/ShareReading';
import { NewRoom } from './roomlist/NewRoom';
import { Rooms } from './Rooms';
import { ChangePicture } from './picture/ChangePicture';
import { Settings } from './settings/Settings';
import { SignOutDevice } from './settings/SignOutDevice';
import { Somebody } from './Somebody';
import type { Matter } from './state/cases';
import type { OwnDevice } from './state/devices';
import { waitingIn } from './state/notifier';
import type { Person } from './state/person';
import type { RoomState } from './state/room';
import { goTo, route } from './state/route';
import type { Session } from './state/session';
import { useBackCloses } from './state/useBackCloses';
import { usePart, useStore } from './state/useStore';
import { waitingOn } from './state/warrants';
import { Talk } from './Talk';
import { Threads } from './threads/Threads';
import { Thread } from './Thread';
import { TrustNews } from './TrustNews';
import { Decided, DecidedNews, Desk } from './Warrants';
import { Verify } from './verify/Verify';
import look from './Workplace.module.css';

/** The working view: the rooms, and one of them open. */
export function Workplace({ session, onSignOut, onNewKey }: { session: Session; onSignOut: () => void; onNewKey: () => void }) {
  const say = useSay();
  const here = useStore(route);
  const anyRoom = usePart(session.rooms, ({ rooms, people }) => rooms.length + people.length > 0);
  const me = useStore(session.me);
  const connection = useStore(session.connection);
  const news = usePart(session.cases, ({ unseen }) => unseen);
  const desk = usePart(session.warrants, waitingOn);
  const page = useRef<HTMLElement>(null);
  const [facts, setFacts] = useState(false);
  const [verifying, setVerifying] = useState<number>();
  const [about, setAbout] = useState<Person>();
  const [stranger, setStranger] = useState<OwnDevice>();
  const [gathering, setGathering] = useState<Person>();
  const [picturing, setPicturing] = useState<string>();
  const [reporting, setReporting] = useState<Matter>();
  const id = here.at === 'room' ? here.id : undefined;
  // Of a room that one has left or was removed from, who is there now is not known.
  const inside = usePart(session.rooms, ({ rooms, people }) => [...rooms, ...people].some((one) => one.id === id));
  const closeFacts = useBackCloses(facts && inside, () => setFacts(false));
  const room = usePart(session.rooms, () => (id === undefined ? undefined : session.room(id))); // one just made is known once it is in the list
  const root = here.at === 'room' ? here.thread : undefined;
  const threads = here.at === 'room' && 'threads' in here;
  const beside = root !== undefined || threads;
  const other = usePart(session.rooms, ({ people }) => people.find((one) => one.id === id)?.with);

  // This person's devices are the server's to tell of; they are followed for as long as somebody is in.
  useEffect(() => {
    session.devices.open();
    return () => session.devices.close();
  }, [session]);

  const { verifications } = session;
  const verify = (userId: string): void => {
    setAbout(undefined);
    setVerifying(verifications.askPerson(userId));
  };
  const compare = (deviceId: string): void => setVerifying(verifications.askOwn(deviceId));
  return (
    <PicturesContext value={session.pictures}>
      <div className={id === undefined && here.at !== 'search' ? look['frame'] : `${look['frame'] ?? ''} ${look['inRoom'] ?? ''}`}>
        <Top me={me} connection={connection} news={news} desk={desk} unsent={() => session.unsent()} onSignOut={onSignOut} onSkip={() => (page.current?.querySelector('textarea') ?? page.current)?.focus()} />
        <div>
          <div className={look['offers']}>
            <RecordNews record={session.record} />
            <NewVersion />
            <DecidedNews warrants={session.warrants} own={session.ownActs} />
            <ResetNews resets={session.resets} />
            {anyRoom && <OfferNotices />}
          </div>
          <Verify verifications={verifications} open={verifying} onOpen={setVerifying} />
        </div>
        {here.at === 'settings' ? (
          <Settings
            session={session}
            section={here.section}
            onPicture={() => setPicturing(me.id)}
            onNewKey={onNewKey}
            onCompare={compare}
          />
        ) : here.at === 'cases' ? (
          <Cases session={session} number={here.number} onAbout={setAbout} />
        ) : here.at === 'record' ? (
          <RecordPage record={session.record} />
        ) : here.at === 'decided' ? (
          <Decided session={session} onReport={setReporting} />
        ) : here.at === 'desk' ? (
          <Desk session={session} here={here} />
        ) : (
          <main className={!beside ? look['main'] : `${look['main'] ?? ''} ${look['inThread'] ?? ''}`}>
            <div className={look['rooms']}>
              <Rooms session={session} open={id} onCompare={compare} onStranger={setStranger} />
            </div>
            <section className={look['page']} ref={page} tabIndex={-1}>
              {here.at === 'search' ? (
                <Finding key={here.id ?? ''} session={session} inRoom={here.id} />
              ) : room === undefined ? (
                <p className={look['none']}>{say(id !== undefined ? 'rooms.loading' : anyRoom ? 'rooms.choose' : 'rooms.begin')}</p>
              ) : (
                <Room
                  key={room.snapshot().id}
                  session={session}
                  room={room}
                  show={here.at === 'room' && !beside ? here.event : undefined}
                  covered={beside && matchMedia('(max-width: 900px)').matches}
                  onPeople={() => {
                    if (beside) goTo(room.snapshot().id);
                    else if (facts) return closeFacts();
                    setFacts(true);
                  }}
                  onThreads={() => (threads ? goTo(room.snapshot().id) : route.go({ at: 'room', id: room.snapshot().id, threads: true }))}
                  onHandOver={() => {
                    if (root !== undefined) goTo(room.snapshot().id);
                    setFacts(true);
                  }}
                  onGather={setGathering}
                  onPicture={setPicturing}
                  onReport={setReporting}
                  other={other}
                  onAbout={setAbout}
                  onVerify={verify}
                />
              )}
            </section>
            {room !== undefined && root !== undefined && (
              <div className={`${look['facts'] ?? ''} ${look['thread'] ?? ''}`}>
                <Thread key={root} room={room} thread={room.thread(root)} draft={session.drafts.of(room.snapshot().id, root)} connection={session.connection} show={here.at === 'room' ? here.event : undefined} onReport={setReporting} onClose={() => goTo(room.snapshot().id)} />
              </div>
            )}
            {room !== undefined && threads && (
              <div className={`${look['facts'] ?? ''} ${look['thread'] ?? ''}`}>
                <Threads key={room.snapshot().id} list={room.threadList} room={room.snapshot().id} onClose={() => goTo(room.snapshot().id)} />
              </div>
            )}
            {room !== undefined && !beside && facts && inside && (
              <div className={look['facts']}>
                <People
                  key={room.snapshot().id}
                  members={room.members}
                  trust={room.trust}
                  onAbout={(userId) => setAbout(room.members.snapshot().find((one) => one.person.id === userId)?.person)}
                  onVerify={verify}
                  onConverse={async (userId) => {
                    goTo(await session.converse(userId));
                    setFacts(false);
                  }}
                  onReport={(person) => setReporting({ is: 'person', person })}
                  onClose={closeFacts}
                />
                <Sharing room={room} />
              </div>
            )}
          </main>
        )}
        {stranger && <SignOutDevice name={stranger.called} stranger signed={stranger.signed} onStay={() => setStranger(undefined)} onSignOut={(password) => session.devices.signOut(stranger.id, password)} />}
        {gathering && (
          <NewRoom
            other={gathering}
            find={session.findPeople}
            userId={(typed) => session.userId(typed)}
            onClose={() => setGathering(undefined)}
            onCreate={session.createRoom}
            onInvite={session.inviteTo}
            onDone={goTo}
          />
        )}
        {about && <Somebody session={session} person={about} room={room} onVerify={() => verify(about.id)} onReport={setReporting} onClose={() => setAbout(undefined)} />}
        {reporting && <Reporting session={session} matter={reporting} onClose={() => setReporting(undefined)} />}
        <Places session={session} news={news} desk={desk} />
        {picturing !== undefined && (
          <ChangePicture
            title={say(picturing === me.id ? 'picture.mine' : 'picture.room')}
            now={picturing === me.id ? <WhoStamp id={me.id} name={me.name} lang={me.lang} large /> : <RoomStamp id={picturing} size="large" />}
            has={session.pictures.has(picturing)}
            onChange={(picture) => session.pictures.change(picturing, picture)}
            onClose={() => setPicturing(undefined)}
          />
        )}
      </div>
    </PicturesContext>
  );
}

// What follows the list of rooms is drawn by itself: that changes with every message anywhere.

function Finding({ session, inRoom }: { session: Session; inRoom: string | undefined }) {
  const { rooms, people } = useStore(session.rooms);
  const back = (): void => (inRoom === undefined ? route.go({ at: 'rooms' }) : goTo(inRoom));
  return <Find search={session.search} asking={session.asking} rooms={[...rooms, ...people]} inRoom={inRoom} onBack={back} />;
}

function Places({ session, news, desk }: { session: Session; news: boolean; desk: number | undefined }) {
  useStore(session.levels);
  return <Tabs news={news} desk={desk} unread={usePart(session.rooms, (rooms) => waitingIn(rooms, session.levels))} />;
}

function Sharing({ room }: { room: RoomState }) {
  const { sharesReading } = useStore(room);
  return <ShareReading shared={sharesReading} onShare={room.shareReading} />;
}

interface RoomProps {
  session: Session;
  room: RoomState;
  /** The message to go to. */
  show: string | undefined;
  /** Whether a thread stands in front of it. */
  covered: boolean;
  /** Whom a direct conversation is with. */
  other: Person | undefined;
  onAbout: (person: Person) => void;
  onVerify: (userId: string) => void;
  onPeople: () => void;
  onThreads: () => void;
  onHandOver: () => void;
  onGather: (other: Person) => void;
  onPicture: (id: string) => void;
  onReport: (matter: Matter) => void;
}

function Room({ session, room, show, covered, other, onAbout, onVerify, onPeople, onThreads, onHandOver, onGather, onPicture, onReport }: RoomProps) {
  const view = useStore(room);
  const trust = useStore(room.trust);
  const me = useStore(session.me);
  useStore(session.levels);
  const [files, setFiles] = useState<readonly File[]>([]);
  const others = view.people + view.invited - 1;

  // The room follows the client's events for as long as it is on the screen. It decides where one arrives there before
  // anything is drawn.
  useLayoutEffect(() => {
    room.open();
    return () => room.close();
  }, [room]);

  // An address that names a message is gone to once; it then names the room alone.
  useEffect(() => {
    if (show === undefined) return;
    route.replace({ at: 'room', id: room.snapshot().id });
    void room.show(show);
  }, [room, show]);

  return (
    <DropPlace onFiles={view.mayWrite ? setFiles : undefined}>
      <RoomHeader
        room={view}
        userId={(typed) => session.userId(typed)}
        example={me.id}
        find={session.findPeople}
        onInvite={room.invite}
        onDescribe={room.describe}
        onPicture={session.pictures.mayChange(view.id) ? () => onPicture(view.id) : undefined}
        level={session.levels.of(view.id)}
        onLevel={(level) => session.levels.choose(view.id, level)}
        onReport={() => onReport({ is: 'room', room: view.id, name: view.name, lang: view.lang })}
        onPeople={onPeople}
        onThreads={onThreads}
        onHandOver={onHandOver}
        onGather={onGather}
        other={other && { standing: trust.standing.get(other.id) ?? 'none', onAbout: () => onAbout(other) }}
        onLeave={async () => {
          await room.leave();
          route.go({ at: 'rooms' });
        }}
        onBack={() => route.go({ at: 'rooms' })}
      />
      <RoomBanner room={view} trust={trust} server={session.server} />
      <TrustNews trust={room.trust} onVerify={onVerify} />
      {view.ignored && other && <IgnoredHere person={other} onHear={() => session.ignoring.hear(other.id)} />}
      <Talk room={room} draft={session.drafts.of(view.id)} connection={session.connection} covered={covered} onFiles={setFiles} onReport={onReport} />
      {files.length > 0 && <SendFiles files={files} others={others} onSend={room.uploads.add} onClose={() => setFiles([])} />}
    </DropPlace>
  );
}

import { useState, type ReactNode } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconNotConfirmed, IconReached, IconRead, IconSaved } from '../kit/icons';
import { Say } from '../kit/Say';
import { State } from '../kit/State';
import { WhoStamp } from '../kit/WhoStamp';
import { exact, short } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { mostPeople, type Addressee, type Delivery } from '../state/delivery';
import { now } from '../state/now';
import type { Reader } from '../state/readers';
import { useStore } from '../state/useStore';
import look from './Reach.module.css';

/** Up to so many people there is a square for each. */
const squares = 8;
/** Devices answer after a minute and a half at the latest. So long nothing is said about those that did not. */
const patience = 180_000;

interface Props {
  /** Who is known to have read it: of those who let it be seen. */
  readers?: readonly Reader[] | undefined;
  /** How many others there are. */
  others: number;
  delivery?: Delivery | undefined;
  /** When it was sent. */
  at: number;
}

/** Where one's own message is that the server has saved: which devices say that they have it, and who has read it. Pressed, it says who. */
export function Reach({ readers = [], others, delivery, at }: Props) {
  const say = useSay();
  const time = useStore(now);
  const [open, setOpen] = useState(false);
  const measured = delivery?.is === 'measured' ? delivery : undefined;
  const missing = time - at > patience && measured !== undefined ? measured.devices - measured.reached : 0;
  const all = Math.max(others, readers.length);
  const saved = <State icon={IconSaved}>{say('timeline.saved')}</State>;
  if (readers.length === 0 && delivery?.is === 'unmeasured') return <Unmeasured why={delivery.why}>{saved}</Unmeasured>;
  if (readers.length === 0 && missing === 0 && (measured === undefined || measured.reached === 0)) return saved;
  const words = (): ReactNode => {
    if (readers.length > 0) return <span>{all === 1 ? say('reading.read') : say('reading.readBy', { n: readers.length, all })}</span>;
    if (measured === undefined || measured.reached === 0) return null;
    return (
      <State icon={IconReached}>{say('delivery.reached', { n: measured.reached, all: measured.devices })}</State>
    );
  };
  const first = words();
  return (
    <>
      <button type="button" className={look['reach']} aria-haspopup="dialog" title={say('delivery.who')} onClick={() => setOpen(true)}>
        {all <= squares && first !== null && <Pips readers={readers} measured={measured} all={all} late={missing > 0} />}
        {first}
        {missing > 0 && (
          <State icon={IconNotConfirmed} kind="wait">
            {first === null ? say('delivery.open', { n: missing }) : say('delivery.rest', { n: missing })}
          </State>
        )}
      </button>
      {open && (
        <Dialog
          title={say('delivery.who')}
          onClose={() => setOpen(false)}
          actions={
            <Button data-safe onClick={() => setOpen(false)}>
              {say('common.close')}
            </Button>
          }
        >
          <People readers={readers} people={measured?.people ?? []} />
          {measured?.people.length === 0 && <p>{say('delivery.everywhere', { n: measured.devices })}</p>}
          {delivery?.is === 'unmeasured' && <p>{whyUnmeasured(say, delivery.why)}</p>}
          {missing > 0 && (
            <Say kind="wait" icon={IconNotConfirmed} title={say('delivery.open', { n: missing })}>
              {say('delivery.silent')}
            </Say>
          )}
          {readers.length > 0 && all > readers.length && <p>{say('reading.others', { n: all - readers.length })}</p>}
          {measured !== undefined && <p className="hint">{say('delivery.how')}</p>}
          {readers.length > 0 && <p className="hint">{say('reading.when')}</p>}
        </Dialog>
      )}
    </>
  );
}

function Unmeasured({ why, children }: { why: 'size' | 'browser'; children: ReactNode }) {
  const say = useSay();
  return (
    <span className={look['reach']} title={whyUnmeasured(say, why)}>
      {children}
      <State icon={IconNotConfirmed}>{say('delivery.unmeasured')}</State>
    </span>
  );
}

function whyUnmeasured(say: ReturnType<typeof useSay>, why: 'size' | 'browser'): string {
  return why === 'size' ? say('delivery.unmeasured.size', { n: mostPeople }) : say('delivery.unmeasured.browser');
}

type Measured = Extract<Delivery, { is: 'measured' }>;

/** A square for each person: filled, dotted, dashed, or empty where nothing is known. */
function Pips({ readers, measured, all, late }: { readers: readonly Reader[]; measured: Measured | undefined; all: number; late: boolean }) {
  const rest = (measured?.people ?? []).filter(({ person }) => !readers.some((one) => one.person.id === person.id));
  const everywhere = measured?.people.length === 0;
  const reached = everywhere ? all - readers.length : rest.filter((one) => one.reached > 0).length;
  const silent = late ? rest.filter((one) => one.reached === 0).length : 0;
  const pips = [...Array<string>(readers.length).fill('read'), ...Array<string>(reached).fill('dev'), ...Array<string>(silent).fill('not')];
  return (
    <span className="pips" aria-hidden="true">
      {Array.from({ length: Math.max(all, pips.length) }, (_, n) => (
        <i key={n} className={pips[n] ?? look['unknown']} />
      ))}
    </span>
  );
}

function People({ readers, people }: { readers: readonly Reader[]; people: readonly Addressee[] }) {
  const say = useSay();
  const time = useStore(now);
  const rows = [...people, ...readers.filter(({ person }) => !people.some((one) => one.person.id === person.id))];
  if (rows.length === 0) return null;
  return (
    <ul className={look['people']}>
      {rows.map((row) => {
        const { person } = row;
        const reader = readers.find((one) => one.person.id === person.id);
        return (
          <li key={person.id}>
            <WhoStamp id={person.id} name={person.name} lang={person.lang} small />
            <b lang={person.lang}>{person.name}</b>
            {reader !== undefined && (
              <State icon={IconRead} kind="ok">
                {say('reading.read')}
                {reader.at !== undefined && (
                  <time className="meta" dateTime={new Date(reader.at).toISOString()} title={exact(reader.at)}>
                    {short(reader.at, time)}
                  </time>
                )}
              </State>
            )}
            {'devices' in row && <Devices of={row} />}
          </li>
        );
      })}
    </ul>
  );
}

function Devices({ of }: { of: Addressee }) {
  const say = useSay();
  if (of.devices === 0) return <State icon={IconNotConfirmed}>{say('delivery.noDevice')}</State>;
  if (of.reached > 0) {
    return (
      <State icon={IconReached} {...(of.reached === of.devices ? { kind: 'ok' as const } : {})}>
        {say('delivery.devices', { n: of.reached, all: of.devices })}
      </State>
    );
  }
  if (of.other === of.devices) return <State icon={IconNotConfirmed}>{say('delivery.other')}</State>;
  return (
    <State icon={IconNotConfirmed} kind="wait">
      {say('delivery.notConfirmed')}
    </State>
  );
}

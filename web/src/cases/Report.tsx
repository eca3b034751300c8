import { useState, type ReactNode } from 'react';
import { Area } from '../kit/Area';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconClock, IconNotConfirmed, IconSaved } from '../kit/icons';
import { Say as Statement } from '../kit/Say';
import type { Say } from '../lang/lang';
import { rich, useSay } from '../lang/useSay';
import { matterName, type Cases, type Matter, type ShownCase } from '../state/cases';
import { useTask } from '../state/useTask';
import look from './cases.module.css';
import { Named } from './Named';
import { nobodyYet } from './Next';
import { Refused } from './Refused';
import { useWritten } from './useWritten';
import { When } from './When';

interface Props {
  matter: Matter;
  cases: Pick<Cases, 'report' | 'written' | 'keep'>;
  onClose: () => void;
  /** Shows a case. */
  onShow: (number: number) => void;
}

/** Asks what happened, opens a case with it, and says its number, who is in charge and by when it is answered. */
export function Report({ matter, cases, onClose, onShow }: Props) {
  const [opened, setOpened] = useState<ShownCase>();
  if (opened !== undefined) return <Opened one={opened} onClose={onClose} onShow={onShow} />;
  return <Ask matter={matter} cases={cases} onClose={onClose} onOpened={setOpened} />;
}

function Ask({ matter, cases, onClose, onOpened }: Omit<Props, 'onShow'> & { onOpened: (one: ShownCase) => void }) {
  const say = useSay();
  const task = useTask();
  const text = useWritten(cases, `report ${matterName(matter)}`);
  const submit = async (): Promise<void> => {
    if (!text.check('report.empty')) return;
    await task.run(async () => {
      const one = await cases.report(matter, text.text);
      text.sent();
      onOpened(one);
    });
  };
  const error = text.wrong ?? (task.fault && <Refused fault={task.fault} />);
  return (
    <Dialog
      title={titleOf(say, matter)}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say(matter.is === 'warrant' ? 'report.warrant.do' : 'report.do')}
          </Button>
        </>
      }
    >
      {matter.is === 'message' && (
        <blockquote className={look['quoted']}>
          <span className="meta">
            <Named of={matter.sender} /> · <When at={matter.at} exactly />
          </span>
          <p lang={matter.lang} dir="auto">
            {matter.body}
          </p>
        </blockquote>
      )}
      {matter.is === 'person' && <p className="meta">{matter.person.id}</p>}
      {matter.is === 'warrant' && <p>{rich(say, 'report.warrant.text', { name: <Named of={matter.person} /> })}</p>}
      <Area label={say(matter.is === 'warrant' ? 'report.warrant.what' : 'report.what')} data-first {...(error === undefined ? {} : { error })} {...text.field} />
      <Statement kind="ink" icon={IconSaved}>
        <div className={look['told']}>
          <p>{say('report.readable')}</p>
          <p>{say(matter.is === 'message' ? 'report.notSent' : 'report.show')}</p>
        </div>
      </Statement>
    </Dialog>
  );
}

function titleOf(say: Say, matter: Matter): ReactNode {
  switch (matter.is) {
    case 'message':
      return say('report.message');
    case 'person':
      return rich(say, 'report.person', { name: <Named of={matter.person} /> });
    case 'room':
      return rich(say, 'report.room', { room: <span lang={matter.lang}>{matter.name === '' ? say('room.unnamed') : matter.name}</span> });
    case 'warrant':
      return say('report.warrant', { short: matter.short });
  }
}

function Opened({ one, onClose, onShow }: { one: ShownCase; onClose: () => void; onShow: (number: number) => void }) {
  const say = useSay();
  return (
    <Dialog
      title={say('report.sent', { number: one.number })}
      onClose={onClose}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.close')}
          </Button>
          <Button kind="do" onClick={() => onShow(one.number)}>
            {say('report.sent.show')}
          </Button>
        </>
      }
    >
      {one.inCharge === undefined ? (
        <Statement kind="wait" icon={IconNotConfirmed} title={say('cases.next.nobody')}>
          <p>{nobodyYet(say, one)}</p>
        </Statement>
      ) : (
        <Statement kind="ink" icon={IconClock}>
          <p>{rich(say, 'cases.next.answer', { name: <Named of={one.inCharge} />, day: <When at={one.due} /> })}</p>
        </Statement>
      )}
      {one.inCharge === undefined && <p>{rich(say, 'cases.state.open', { day: <When at={one.due} /> })}</p>}
      <p>{say('report.sent.where')}</p>
    </Dialog>
  );
}

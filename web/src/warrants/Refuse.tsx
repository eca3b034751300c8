import { useState } from 'react';
import { Area } from '../kit/Area';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';
import type { ShownWarrant, Warrants } from '../state/warrants';
import { Refused } from './Parts';

interface Props {
  of: ShownWarrant;
  warrants: Pick<Warrants, 'refuse' | 'written' | 'keep'>;
  onClose: () => void;
}

/** Asks why a warrant is not approved. */
export function Refuse({ of, warrants, onClose }: Props) {
  const say = useSay();
  const task = useTask();
  const name = `refuse ${of.hash}`;
  const [text, setText] = useState(() => warrants.written(name));
  const [empty, setEmpty] = useState(false);
  const write = (next: string): void => {
    setText(next);
    warrants.keep(name, next);
  };
  const submit = async (): Promise<void> => {
    setEmpty(text.trim() === '');
    if (text.trim() === '' || !(await task.run(() => warrants.refuse(of.hash, text.trim())))) return;
    warrants.keep(name, '');
    onClose();
  };
  const error = empty ? say('ask.wrong.empty') : task.fault && <Refused fault={task.fault} />;
  return (
    <Dialog
      title={say('refuse.title', { short: of.short })}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('refuse.do')}
          </Button>
        </>
      }
    >
      <p>{say('refuse.text')}</p>
      <Area label={say('refuse.why')} data-first value={text} onChange={(event) => write(event.target.value)} {...(error === undefined ? {} : { error })} />
    </Dialog>
  );
}

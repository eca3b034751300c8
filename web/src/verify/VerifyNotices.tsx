import { Button } from '../kit/Button';
import { IconNotConfirmed, IconVerified, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { rich, useSay } from '../lang/useSay';
import type { Verifications, Verifying } from '../state/verifications';
import { useStore } from '../state/useStore';
import look from './verify.module.css';

interface Props {
  verifications: Verifications;
  /** The one whose dialog is open: it needs no notice. */
  open: number | undefined;
  onOpen: (id: number) => void;
}

/** The verifications that are under way, over the page. They take no focus; a screen reader tells of them when it has finished its sentence. */
export function VerifyNotices({ verifications, open, onOpen }: Props) {
  const say = useSay();
  const all = useStore(verifications);
  return (
    <section className={look['notices']} role="status" aria-label={say('verify.notices')}>
      {all.filter((one) => one.id !== open).map((one) => <Notice key={one.id} one={one} verifications={verifications} onOpen={() => onOpen(one.id)} />)}
    </section>
  );
}

function Notice({ one, verifications, onOpen }: { one: Verifying; verifications: Verifications; onOpen: () => void }) {
  const say = useSay();
  const { stage, id } = one;
  const own = one.with === undefined;
  const name = <span lang={one.with?.lang}>{one.with?.name}</span>;
  if (stage.at === 'asks') {
    return (
      <Say kind="ink" icon={IconVerified} title={own ? say('verify.own.asks') : rich(say, 'verify.asks', { name })}>
        {say(own ? 'verify.own.asks.text' : 'verify.asks.text')}
        <div className="row">
          <Button
            onClick={() => {
              onOpen();
              void verifications.accept(id);
            }}
          >
            {say('verify.begin')}
          </Button>
          <Button kind="quiet" onClick={() => void verifications.cancel(id)}>
            {say('verify.decline')}
          </Button>
        </div>
      </Say>
    );
  }
  if (stage.at === 'done') {
    return (
      <Say kind="ok" icon={IconVerified} title={own ? say('verify.own.done') : rich(say, 'verify.done', { name })}>
        <div className="row">
          <Button onClick={() => verifications.dismiss(id)}>{say('common.close')}</Button>
        </div>
      </Say>
    );
  }
  const mismatch = stage.at === 'ended' && stage.why === 'mismatch';
  const over = stage.at === 'ended' || stage.at === 'fault';
  const words = mismatch ? say('verify.mismatch') : over ? say('verify.ended') : own ? say('verify.own.underWay') : rich(say, 'verify.underWay', { name });
  return (
    <Say kind={mismatch ? 'stop' : over ? 'wait' : 'ink'} icon={mismatch ? IconWithheld : IconNotConfirmed} title={words}>
      <div className="row">
        <Button onClick={onOpen}>{say('verify.continue')}</Button>
        <Button kind="quiet" onClick={() => void (over ? verifications.dismiss(id) : verifications.cancel(id))}>
          {say(over ? 'common.close' : 'verify.stop')}
        </Button>
      </div>
    </Say>
  );
}

import { Button } from './kit/Button';
import { IconDevice, IconWithheld } from './kit/icons';
import { Say } from './kit/Say';
import { sayFault } from './lang/sayFault';
import { useSay } from './lang/useSay';

import { Locked } from './Locked';
import { AlreadyIn } from './signin/AlreadyIn';
import { Entry } from './signin/Entry';
import { Forgot } from './signin/Forgot';
import { Mailed } from './signin/Mailed';
import { NewKey } from './signin/NewKey';
import { SignIn } from './signin/SignIn';
import { SignUp } from './signin/SignUp';
import { route } from './state/route';
import { useStore } from './state/useStore';
import { wardroom } from './state/wardroom';
import { Workplace } from './Workplace';

const product = 'Wardroom';

/** Which screen stands there: it follows from where the person stands with this browser. */
export function App() {
  const say = useSay();
  const standing = useStore(wardroom);
  const here = useStore(route);
  if (here.at === 'mail') return <Mailed sid={here.sid} token={here.token} />;
  switch (standing.at) {
    case 'starting':
      return (
        <Entry>
          <h1 className="unseen">{product}</h1>
          <p className="sub" role="status">
            {say('signin.starting')}
          </p>
        </Entry>
      );
    case 'elsewhere':
      return (
        <Entry>
          <h1 className="unseen">{product}</h1>
          <Say kind="ink" icon={IconDevice} title={say('signin.elsewhere.title')}>
            {say('signin.elsewhere.text')}
          </Say>
          <div className="row">
            <Button kind="do" big onClick={() => void wardroom.start(true)}>
              {say('signin.elsewhere.do')}
            </Button>
          </div>
        </Entry>
      );
    case 'failed':
      return (
        <Entry>
          <h1 className="unseen">{product}</h1>
          <Say kind="stop" icon={IconWithheld} title={say('signin.failed.title')} live>
            {sayFault(say, standing.fault)} <code>{standing.fault.code}</code>
          </Say>
          <div className="row">
            <Button kind="do" big onClick={() => location.reload()}>
              {say('signin.failed.again')}
            </Button>
          </div>
        </Entry>
      );
    case 'signedOut':
      if (here.at === 'forgot') return <Forgot onBack={() => route.replace({ at: 'rooms' })} />;
      return here.at === 'invite' ? (
        <SignUp invitation={here.token} wardroom={wardroom} onHaveAccount={() => route.replace({ at: 'rooms' })} />
      ) : (
        <SignIn wardroom={wardroom} why={standing.why} known={standing.account} />
      );
    case 'newKey':
      return <NewKey wardroom={wardroom} session={standing.session} account={standing.session.me.snapshot().id} why={standing.why} />;
    case 'locked':
      return <Locked wardroom={wardroom} session={standing.session} compared={standing.compared} replaced={standing.replaced} />;
    case 'in':
      if (here.at === 'invite') return <AlreadyIn me={standing.session.me.snapshot()} onRooms={() => route.replace({ at: 'rooms' })} />;
      return <Workplace session={standing.session} onSignOut={() => void wardroom.signOut()} onNewKey={wardroom.startRenew} />;
  }
}

import { Button } from '../kit/Button';
import { IconPerson } from '../kit/icons';
import { Say } from '../kit/Say';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import { Entry } from './Entry';

/** Somebody who is signed in has opened a link with which one signs up. */
export function AlreadyIn({ me, onRooms }: { me: Person; onRooms: () => void }) {
  const say = useSay();
  return (
    <Entry>
      <h1>{say('signup.already.title')}</h1>
      <Say kind="ink" icon={IconPerson} title={rich(say, 'signup.already.who', { name: <span lang={me.lang}>{me.name}</span>, id: me.id })}>
        {say('signup.already.text')}
      </Say>
      <p className="sub">{say('signup.already.other')}</p>
      <div className="row">
        <Button kind="do" big onClick={onRooms}>
          {say('signup.already.do')}
        </Button>
      </div>
    </Entry>
  );
}

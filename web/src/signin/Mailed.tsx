import { useState } from 'react';
import { Button } from '../kit/Button';
import { IconSaved, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { openLink } from '../state/forgotten';
import { hrefOf } from '../state/route';
import { useTask } from '../state/useTask';
import { Entry } from './Entry';
import { NewPassword } from './NewPassword';

type Opened = Awaited<ReturnType<typeof openLink>>;

// The rest of the client has not been started where a link was opened.
function leave(): void {
  history.replaceState(null, '', hrefOf({ at: 'rooms' }));
  location.reload();
}

/** Where the link of a letter leads. Nothing is done before the person says so: programs look at links in mail, too. */
export function Mailed({ sid, token, open = openLink }: { sid: string; token: string; open?: (sid: string, token: string) => Promise<Opened> }) {
  const say = useSay();
  const task = useTask();
  const [opened, setOpened] = useState<Opened>();
  return (
    <Entry>
      <h1>{say(opened === 'here' ? 'mail.forgot.title' : 'mail.link.title')}</h1>
      {task.fault !== undefined && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, task.fault)}
        </Say>
      )}
      {opened === undefined && (
        <>
          <p>{say('mail.link.text')}</p>
          <div className="row">
            <Button kind="do" big disabled={task.running} onClick={() => void task.run(async () => setOpened(await open(sid, token)))}>
              {say('mail.link.do')}
            </Button>
          </div>
        </>
      )}
      {(opened === 'add' || opened === 'there') && (
        <Say kind="ok" icon={IconSaved} title={say('mail.link.done')} live>
          {say(opened === 'add' ? 'mail.link.add' : 'mail.link.there')}
        </Say>
      )}
      {opened === 'here' && <NewPassword onSignIn={leave} />}
    </Entry>
  );
}

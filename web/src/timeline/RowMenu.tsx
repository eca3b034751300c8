import { useState } from 'react';
import { IconButton } from '../kit/Button';
import { IconMore } from '../kit/icons';
import { Menu } from '../kit/Menu';
import { useCopy } from '../kit/useCopy';
import { useSay } from '../lang/useSay';
import type { Message } from '../state/timeline';
import type { Acts } from './acts';
import { DeleteDialog } from './DeleteDialog';
import { ReactDialog } from './ReactDialog';
import look from './RowMenu.module.css';

/** What can be done with one message. The arrow keys go from the menu of one row to that of the next. */
export function RowMenu({ item, acts, mayWrite }: { item: Message; acts: Acts; mayWrite: boolean }) {
  const say = useSay();
  const [asking, setAsking] = useState<'react' | 'delete'>();
  const { copy, told } = useCopy(say('common.copied'), say('common.copied.not'));
  const there = item.id !== undefined;
  const answering = there && mayWrite;
  const threads = acts.answerInThread;
  const items = [
    ...(answering ? [{ words: say('timeline.reply'), do: () => acts.reply(item) }] : []),
    ...(answering && threads !== undefined ? [{ words: say('thread.answer'), do: () => threads(item) }] : []),
    ...(answering ? [{ words: say('timeline.react'), do: () => setAsking('react') }] : []),
    ...(answering && item.mine && item.file === undefined ? [{ words: say('timeline.edit'), do: () => acts.edit(item) }] : []),
    ...(item.body === '' ? [] : [{ words: say('timeline.copy'), do: () => copy(item.body) }]),
    ...(there && !item.mine ? [{ words: say('report.open'), do: () => acts.report(item) }] : []),
    ...(there && item.mayDelete ? ['rule' as const, { words: say('timeline.delete'), kind: 'stop' as const, do: () => setAsking('delete') }] : []),
  ];
  return (
    <div className={`${look['acts'] ?? ''} ${look[item.mine ? 'mine' : 'theirs'] ?? ''}`} data-menu>
      <Menu label={say('timeline.actions', { name: item.sender.name })} items={items} opener={(props) => <IconButton icon={IconMore} label={say('timeline.actions', { name: item.sender.name })} {...props} />} />
      {told}
      {asking === 'react' && <ReactDialog onClose={() => setAsking(undefined)} onReact={(key) => acts.react(item, key)} />}
      {asking === 'delete' && <DeleteDialog onClose={() => setAsking(undefined)} onDelete={() => acts.remove(item)} />}
    </div>
  );
}

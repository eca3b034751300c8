import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { longestTitle, longestTopic } from '../state/roomstate';
import { useTask } from '../state/useTask';

interface Props {
  name: string;
  topic: string;
  onClose: () => void;
  onDescribe: (name: string, topic: string) => Promise<void>;
}

/** Asks what a room is called and what it is about. */
export function Describe({ name, topic, onClose, onDescribe }: Props) {
  const say = useSay();
  const [newName, setName] = useState(name);
  const [newTopic, setTopic] = useState(topic);
  const task = useTask();
  const submit = async (): Promise<void> => {
    if (await task.run(() => onDescribe(newName.trim(), newTopic.trim()))) onClose();
  };
  return (
    <Dialog
      title={say('room.settings.title')}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('room.settings.do')}
          </Button>
        </>
      }
    >
      <Field label={say('rooms.new.name')} data-first autoComplete="off" maxLength={longestTitle} value={newName} onChange={(event) => setName(event.target.value)} />
      <Field
        label={say('room.settings.topic')}
        hint={say('room.settings.hint')}
        error={task.fault && sayFault(say, task.fault)}
        autoComplete="off"
        maxLength={longestTopic}
        value={newTopic}
        onChange={(event) => setTopic(event.target.value)}
      />
    </Dialog>
  );
}

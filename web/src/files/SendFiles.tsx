import { useEffect, useRef, useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Icon } from '../kit/Icon';
import { IconFile } from '../kit/icons';
import { fileSize } from '../lang/sizes';
import { useSay } from '../lang/useSay';
import { canRedraw } from '../state/picture';
import type { Chosen } from '../state/uploads';
import look from './SendFiles.module.css';

interface Props {
  files: readonly File[];
  /** How many others will get them. */
  others: number;
  onSend: (chosen: readonly Chosen[]) => void;
  onClose: () => void;
}

/** Asks before files leave: which they are, who gets them, and whether photographs keep what the camera wrote into them. */
export function SendFiles({ files, others, onSend, onClose }: Props) {
  const say = useSay();
  const [photographs, setPhotographs] = useState<ReadonlySet<File>>();
  const [redrawn, setRedrawn] = useState(true);

  // Only the browser knows what it can draw.
  useEffect(() => {
    let here = true;
    void Promise.all(files.map(async (file) => ((await canRedraw(file)) ? [file] : []))).then((found) => {
      if (here) setPhotographs(new Set(found.flat()));
    });
    return () => {
      here = false;
    };
  }, [files]);

  const some = photographs !== undefined && photographs.size > 0;
  const send = (): void => {
    if (photographs === undefined) return;
    onSend(files.map((file) => ({ file, redrawn: redrawn && photographs.has(file) })));
    onClose();
  };
  return (
    <Dialog
      title={say('files.send.title', { n: files.length })}
      onClose={onClose}
      onSubmit={send}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={photographs === undefined}>
            {others === 0 ? say('files.send.alone') : say('files.send.do', { n: others })}
          </Button>
        </>
      }
    >
      <ul className={look['files']}>
        {files.map((file, n) => (
          <li key={n}>
            {photographs?.has(file) === true ? <Preview of={file} /> : <Icon of={IconFile} />}
            <div className="grow">
              <b className={look['name']}>{file.name}</b>
              <span className="meta">{fileSize(file.size)}</span>
            </div>
          </li>
        ))}
      </ul>
      {some && (
        <fieldset className={look['how']}>
          <legend>{say('files.send.photos')}</legend>
          <Way words={say('files.send.redrawn')} hint={say('files.send.redrawn.hint')} chosen={redrawn} onChoose={() => setRedrawn(true)} />
          <Way words={say('files.send.asItIs')} hint={say('files.send.asItIs.hint')} chosen={!redrawn} onChoose={() => setRedrawn(false)} />
        </fieldset>
      )}
      {photographs !== undefined && photographs.size < files.length && <p className="hint">{say('files.send.others')}</p>}
    </Dialog>
  );
}

function Way({ words, hint, chosen, onChoose }: { words: string; hint: string; chosen: boolean; onChoose: () => void }) {
  return (
    <label>
      <input type="radio" name="how" checked={chosen} onChange={onChoose} />
      <span>
        {words}
        <span className="hint">{hint}</span>
      </span>
    </label>
  );
}

function Preview({ of }: { of: File }) {
  const ref = useRef<HTMLImageElement>(null);

  // The browser keeps what is behind an address until it is told otherwise.
  useEffect(() => {
    const url = URL.createObjectURL(of);
    if (ref.current !== null) ref.current.src = url;
    return () => URL.revokeObjectURL(url);
  }, [of]);

  return <img ref={ref} className={look['preview']} alt="" />;
}

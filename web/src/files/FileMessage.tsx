import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Icon } from '../kit/Icon';
import { IconDownload, IconFile, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { fileSize } from '../lang/sizes';
import { useSay } from '../lang/useSay';
import type { MessageFile } from '../state/file';
import { useTask } from '../state/useTask';
import look from './FileMessage.module.css';
import { usePicture, type Fetch } from './useFile';

interface Props {
  file: MessageFile;
  fetch: Fetch;
}

// A picture without a small one is fetched whole, unless it is larger than this.
const largest = 4_000_000;

/** A file in a message: a picture is shown, everything else is a card. */
export function FileMessage({ file, fetch }: Props) {
  const { picture } = file;
  if (picture === undefined || (picture.small === undefined && (file.size ?? Infinity) > largest)) return <Card file={file} fetch={fetch} />;
  return <Picture key={file.stored.url} file={file} fetch={fetch} {...picture} />;
}

function Card({ file, fetch }: Props) {
  const say = useSay();
  const name = file.name === '' ? say('files.unnamed') : file.name;
  return (
    <div className={look['card']}>
      <Icon of={IconFile} />
      <div className="grow">
        <b className={look['name']}>{name}</b>
        {file.size !== undefined && <span className="meta">{fileSize(file.size)}</span>}
      </div>
      <Download file={file} name={name} fetch={fetch} />
    </div>
  );
}

function Picture({ file, fetch, width, height, small }: Props & NonNullable<MessageFile['picture']>) {
  const say = useSay();
  const [open, setOpen] = useState(false);
  const { url, task, again } = usePicture(small?.stored ?? file.stored, small?.type ?? file.type, fetch);
  const name = file.name === '' ? say('files.unnamed') : file.name;
  const scale = Math.min(1, 320 / width, 300 / height);
  if (task.fault !== undefined) {
    return (
      <div className={look['failed']}>
        <State icon={IconWithheld} kind="stop">
          {say('files.picture.failed')} {sayFault(say, task.fault)}
        </State>
        <Button kind="quiet" onClick={again}>
          {say('files.again')}
        </Button>
      </div>
    );
  }
  return (
    <>
      <button type="button" className={look['picture']} aria-label={say('files.open', { name })} title={name} onClick={() => setOpen(true)}>
        {/* it has the picture's shape before the picture is there, so that nothing moves */}
        <svg viewBox={`0 0 ${width} ${height}`} width={Math.max(48, Math.round(width * scale))} aria-hidden="true" />
        {url !== undefined && <img src={url} alt="" />}
      </button>
      {open && <Whole file={file} name={name} fetch={fetch} onClose={() => setOpen(false)} />}
    </>
  );
}

function Whole({ file, name, fetch, onClose }: Props & { name: string; onClose: () => void }) {
  const say = useSay();
  const { url, task } = usePicture(file.stored, file.type, fetch);
  return (
    <Dialog
      wide
      title={<span className={look['name']}>{name}</span>}
      onClose={onClose}
      actions={
        <>
          <Download file={file} name={name} fetch={fetch} />
          <Button data-safe onClick={onClose}>
            {say('common.close')}
          </Button>
        </>
      }
    >
      {url === undefined ? (
        <p className="meta" role="status">
          {task.fault === undefined ? say('files.fetching') : sayFault(say, task.fault)}
        </p>
      ) : (
        <img className={look['whole']} src={url} alt={name} />
      )}
    </Dialog>
  );
}

function Download({ file, name, fetch }: Props & { name: string }) {
  const say = useSay();
  const task = useTask();
  const save = async (): Promise<void> => {
    // As bytes without a type: the browser keeps them and does not run them.
    const url = URL.createObjectURL(new Blob([await fetch(file.stored)], { type: 'application/octet-stream' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // a browser may ask first where to put it
  };
  return (
    <span className={look['download']}>
      <Button kind="quiet" icon={IconDownload} aria-label={say('files.download.of', { name })} disabled={task.running} onClick={() => void task.run(save)}>
        {say('files.download')}
      </Button>
      {task.running && (
        <span className="meta" role="status">
          {say('files.fetching')}
        </span>
      )}
      {task.fault && (
        <span className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </span>
      )}
    </span>
  );
}

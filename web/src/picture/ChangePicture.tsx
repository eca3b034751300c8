import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { cutOut, openPicture, type Crop } from '../state/picture';
import { useTask } from '../state/useTask';
import look from './ChangePicture.module.css';
import { Square } from './Square';

interface Props {
  title: string;
  /** What is there now, drawn. */
  now: ReactNode;
  has: boolean;
  /** Without a picture: removes the one there is. */
  onChange: (picture: Blob | undefined) => Promise<void>;
  onClose: () => void;
}

const whole: Crop = { zoom: 1, x: 0.5, y: 0.5 };

/** Chooses a picture, cuts a square out of it, and says who will see it. */
export function ChangePicture({ title, now, has, onChange, onClose }: Props) {
  const say = useSay();
  const task = useTask();
  const picker = useRef<HTMLInputElement>(null);
  const [bitmap, setBitmap] = useState<ImageBitmap>();
  const [crop, setCrop] = useState(whole);
  const [cannot, setCannot] = useState(false);

  // A decoded picture is large, and the browser does not see that it is no longer needed.
  useEffect(() => () => bitmap?.close(), [bitmap]);

  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const opened = await openPicture(file).catch(() => undefined);
    setCannot(opened === undefined);
    if (opened === undefined) return;
    setCrop(whole);
    setBitmap(opened);
  };
  const change = async (picture: () => Promise<Blob | undefined>): Promise<void> => {
    if (await task.run(async () => onChange(await picture()))) onClose();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => bitmap && void change(() => cutOut(bitmap, crop))}
      actions={
        <>
          {has && bitmap === undefined && (
            <Button kind="stop" disabled={task.running} onClick={() => void change(() => Promise.resolve(undefined))}>
              {say('picture.remove')}
            </Button>
          )}
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          {bitmap && (
            <Button kind="do" type="submit" disabled={task.running}>
              {say('picture.save')}
            </Button>
          )}
        </>
      }
    >
      {bitmap ? <Square bitmap={bitmap} crop={crop} onCrop={setCrop} /> : <div className={look['now']}>{now}</div>}
      <div className="row">
        <Button data-first onClick={() => picker.current?.click()}>
          {say(bitmap === undefined ? 'picture.choose' : 'picture.another')}
        </Button>
        <input
          ref={picker}
          type="file"
          accept="image/*"
          hidden
          onChange={(event) => {
            void choose(event.target.files?.[0]);
            event.target.value = ''; // the same file may be chosen again
          }}
        />
      </div>
      <p className="sub">{say('picture.open')}</p>
      <p className="hint">{say('picture.bare')}</p>
      {(cannot || task.fault) && (
        <p className="hint error" role="alert">
          {task.fault ? sayFault(say, task.fault) : say('picture.cannot')}
        </p>
      )}
    </Dialog>
  );
}

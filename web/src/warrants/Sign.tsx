import { useState } from 'react';
import { Area } from '../kit/Area';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconDownload } from '../kit/icons';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';
import type { ShownWarrant, Warrants } from '../state/warrants';
import { Refused, saveFile } from './Parts';
import look from './warrants.module.css';

const begins = '-----BEGIN SSH SIGNATURE-----';

interface Props {
  of: ShownWarrant;
  warrants: Pick<Warrants, 'approve'>;
  onClose: () => void;
}

/** The signing step: the warrant goes to the officer's own machine, and the signature comes back. */
export function Sign({ of, warrants, onClose }: Props) {
  const say = useSay();
  const task = useTask();
  const [signature, setSignature] = useState('');
  const [wrong, setWrong] = useState(false);
  const file = `warrant-${of.short}.json`;
  const head = `warrant-${of.short}.head`;
  const submit = async (): Promise<void> => {
    const text = signature.trim();
    setWrong(!text.startsWith(begins));
    if (text.startsWith(begins) && (await task.run(() => warrants.approve(of.hash, `${text}\n`)))) onClose();
  };
  const error = wrong ? say('sign.signature.wrong') : task.fault && <Refused fault={task.fault} />;
  return (
    <Dialog
      title={say('sign.title', { short: of.short })}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={task.running}>
            {say('sign.do')}
          </Button>
        </>
      }
    >
      <p>{say('sign.why')}</p>
      <ol className={look['sign']}>
        <li>
          <p>{say('sign.step.file')}</p>
          <Button icon={IconDownload} onClick={() => saveFile(file, of.file)}>
            {say('sign.file')}
          </Button>
          <code className={look['command']} translate="no">{`wardroom approve --key ~/.ssh/id_ed25519 ${file}`}</code>
          <p className="hint">{say('sign.step.shows')}</p>
          <details>
            <summary>{say('sign.step.plain')}</summary>
            <div className="stack">
              <code className={look['command']} translate="no">{`ssh-keygen -Y sign -n wardroom-warrant@v1 -f ~/.ssh/id_ed25519 ${head}`}</code>
              <div>
                <Button icon={IconDownload} onClick={() => saveFile(head, of.head)}>
                  {say('sign.head')}
                </Button>
              </div>
            </div>
          </details>
        </li>
        <li>
          <Area
            label={say('sign.signature')}
            hint={say('sign.signature.hint')}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            value={signature}
            onChange={(event) => setSignature(event.target.value)}
            {...(error === undefined ? {} : { error })}
          />
          <Choose onText={setSignature} />
        </li>
      </ol>
    </Dialog>
  );
}

/** Reads a file that the browser is given. */
function Choose({ onText }: { onText: (text: string) => void }) {
  const say = useSay();
  const [input, setInput] = useState<HTMLInputElement | null>(null);
  return (
    <>
      <Button onClick={() => input?.click()}>{say('sign.signature.choose')}</Button>
      <input
        ref={setInput}
        type="file"
        hidden
        aria-label={say('sign.signature.choose')}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          // What is far too long for a signature is not read.
          if (file !== undefined) void file.slice(0, 8192).text().then(onText);
        }}
      />
    </>
  );
}

import { useState, type DragEvent, type ReactNode } from 'react';
import { useSay } from '../lang/useSay';
import look from './DropPlace.module.css';

/** A room's page, on which files can be dropped. Without onFiles it takes none, and does not leave the page for them either. */
export function DropPlace({ onFiles, children }: { onFiles: ((files: readonly File[]) => void) | undefined; children: ReactNode }) {
  const say = useSay();
  const [over, setOver] = useState(false);
  const bringsFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');
  return (
    <div
      className={look['place']}
      onDragOver={(event) => {
        if (!bringsFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = onFiles === undefined ? 'none' : 'copy';
        setOver(onFiles !== undefined);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!bringsFiles(event)) return;
        event.preventDefault();
        setOver(false);
        const files = [...event.dataTransfer.files];
        if (files.length > 0) onFiles?.(files);
      }}
    >
      {children}
      {over && <p className={look['over']}>{say('files.drop')}</p>}
    </div>
  );
}

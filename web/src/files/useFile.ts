import { useCallback, useEffect, useState } from 'react';
import type { Stored } from '../state/file';
import { useTask, type Task } from '../state/useTask';

/** Fetches a file and decrypts it. */
export type Fetch = (stored: Stored) => Promise<ArrayBuffer>;

/**
 * An address at which an <img> finds a fetched picture, undefined until it is there, and the task that fetches it. The
 * address holds for as long as the component is on the page, and what is fetched is the file that it began with.
 */
export function usePicture(stored: Stored, type: string, fetch: Fetch): { url: string | undefined; task: Task; again: () => void } {
  const [source] = useState({ stored, type });
  const [url, setUrl] = useState<string>();
  const task = useTask();
  const { run } = task;

  const again = useCallback(() => {
    void run(async () => setUrl(URL.createObjectURL(new Blob([await fetch(source.stored)], { type: source.type }))));
  }, [run, fetch, source]);

  // The bytes are on the server.
  useEffect(again, [again]);

  // The browser keeps what is behind an address until it is told otherwise.
  useEffect(() => (url === undefined ? undefined : () => URL.revokeObjectURL(url)), [url]);

  return { url, task, again };
}

import { useCallback, useRef, useState } from 'react';
import { faultOf, type Fault } from '../wire/fault';

/** Something that was begun by a press of a button: whether it is under way, and how it failed. */
export interface Task {
  running: boolean;
  fault: Fault | undefined;
  /** Runs the work, unless some is under way. What it throws becomes the fault. It resolves with whether it worked. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

export function useTask(): Task {
  const [running, setRunning] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const busy = useRef(false);
  const run = useCallback(async (work: () => Promise<unknown>): Promise<boolean> => {
    if (busy.current) return false;
    busy.current = true;
    setRunning(true);
    setFault(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setFault(faultOf(error));
      return false;
    } finally {
      busy.current = false;
      setRunning(false);
    }
  }, []);
  return { running, fault, run };
}

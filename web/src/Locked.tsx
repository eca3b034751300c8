import { useEffect, useState } from 'react';
import { Restore } from './signin/Restore';
import type { Session } from './state/session';
import { useStore } from './state/useStore';
import type { Compared, Wardroom } from './state/wardroom';
import { Verify } from './verify/Verify';

interface Props {
  wardroom: Wardroom;
  session: Session;
  compared: Compared | undefined;
  /** Whether this device was signed before. */
  replaced: boolean;
}

/** A device that is signed in and not signed by its owner: the recovery key opens it, or another device that verifies it. */
export function Locked({ wardroom, session, compared, replaced }: Props) {
  const { devices, verifications } = session;
  const { list } = useStore(devices);
  const [open, setOpen] = useState<number>();

  // Whether there is another device follows the client's events for as long as this is on the screen.
  useEffect(() => {
    devices.open();
    return () => devices.close();
  }, [devices]);

  const able = list?.some((one) => one.signed && !one.here) ?? false;
  return (
    <Restore
      wardroom={wardroom}
      compared={compared}
      replaced={replaced}
      notices={<Verify verifications={verifications} open={open} onOpen={setOpen} />}
      onCompare={able ? () => setOpen(verifications.askOwn()) : undefined}
    />
  );
}

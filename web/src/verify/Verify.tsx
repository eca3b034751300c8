import type { Verifications } from '../state/verifications';
import { useStore } from '../state/useStore';
import { VerifyDialog } from './VerifyDialog';
import { VerifyNotices } from './VerifyNotices';

interface Props {
  verifications: Verifications;
  /** The verification whose dialog is open. */
  open: number | undefined;
  onOpen: (id: number | undefined) => void;
}

/** Everything about verifications that stands on the screen: notices of those under way, and the dialog of the open one. */
export function Verify({ verifications, open, onOpen }: Props) {
  const shown = useStore(verifications).find((one) => one.id === open);
  return (
    <>
      <VerifyNotices verifications={verifications} open={shown?.id} onOpen={onOpen} />
      {shown && <VerifyDialog one={shown} verifications={verifications} onClose={() => onOpen(undefined)} onAgain={onOpen} />}
    </>
  );
}

import type { RoomTrust } from './state/roomtrust';
import { AdmissionNews } from './verify/AdmissionNews';
import { IdentityNews } from './verify/IdentityNews';

/** What a room says of who its people are, and of who is held back. */
export function TrustNews({ trust, onVerify }: { trust: RoomTrust; onVerify: (userId: string) => void }) {
  return (
    <>
      <IdentityNews trust={trust} onVerify={onVerify} />
      <AdmissionNews trust={trust} />
    </>
  );
}

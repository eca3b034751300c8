import type { ReactNode } from 'react';
import { usePicture } from './pictures';

/** The picture of a room, round; where it has none, its children. */
export function RoomStamp({ id, size, children }: { id: string; size?: 'small' | 'large'; children?: ReactNode }) {
  const picture = usePicture(id);
  if (picture === undefined) return children;
  return <img className={`who round${size === 'small' ? ' s' : size === 'large' ? ' large' : ''}`} src={picture} alt="" />;
}

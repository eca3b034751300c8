import type { ReactNode } from 'react';
import type { Say } from '../lang/lang';
import { rich } from '../lang/useSay';
import type { ShownAbout } from '../state/cases';
import { Named } from './Named';

/** What a case is about, in a few words. */
export function subjectOf(say: Say, about: ShownAbout): ReactNode {
  if (about.is === 'person') return <Named of={about.person} />;
  const { where } = about;
  const room = <span lang={where.lang}>{where.name === '' ? say('room.unnamed') : where.name}</span>;
  const known = where.here || where.name !== '';
  if (about.is === 'room') return known ? rich(say, 'cases.about.room', { room }) : say('cases.about.room.which');
  if (about.sender === undefined) return say('cases.about.message.whose');
  const name = <Named of={about.sender} />;
  return known ? rich(say, 'cases.about.message.in', { name, room }) : rich(say, 'cases.about.message', { name });
}

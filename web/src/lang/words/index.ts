// Every sentence of the client. One file per thing on the screen; ids begin with its name.

import { admission } from './admission';
import { authorize } from './authorize';
import { cases } from './cases';
import { common } from './common';
import { connection } from './connection';
import { delivery } from './delivery';
import { faults } from './faults';
import { files } from './files';
import { find } from './find';
import { happening } from './happening';
import { ignore } from './ignore';
import { invitations } from './invitations';
import { mail } from './mail';
import { missing } from './missing';
import { notify } from './notify';
import { passkeys } from './passkeys';
import { people } from './people';
import { reading } from './reading';
import { picture } from './picture';
import { record } from './record';
import { room } from './room';
import { roomlist } from './roomlist';
import { settings } from './settings';
import { shell } from './shell';
import { signin } from './signin';
import { signup } from './signup';
import { threads } from './threads';
import { timeline } from './timeline';
import { verify } from './verify';
import { warrants } from './warrants';

export const words = {
  ...admission,
  ...authorize,
  ...cases,
  ...common,
  ...connection,
  ...delivery,
  ...faults,
  ...files,
  ...find,
  ...happening,
  ...ignore,
  ...invitations,
  ...mail,
  ...missing,
  ...notify,
  ...passkeys,
  ...people,
  ...reading,
  ...picture,
  ...record,
  ...room,
  ...roomlist,
  ...settings,
  ...shell,
  ...signin,
  ...signup,
  ...threads,
  ...timeline,
  ...verify,
  ...warrants,
};

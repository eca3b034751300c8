import { expect, test } from 'vitest';
import { named } from './named';

const lin = { id: '@qiuyan:port', name: '林秋砚', lang: undefined };
const entries = ['第2埠頭 荷役計画', 'Quay 7 crane inspection', '採購審查小組', 'Café and bicycle shed', ''].map((name) => ({ name, with: undefined }));
const all = [...entries, { name: lin.name, with: lin }];
const names = (text: string) => named(all, text).map(({ name }) => name);

test.each([
  ['荷役', ['第2埠頭 荷役計画']],
  ['第２埠头', ['第2埠頭 荷役計画']],
  ['采购', ['採購審查小組']],
  ['CRANE quay', ['Quay 7 crane inspection']],
  ['cafe', ['Café and bicycle shed']],
  ['rane', []],
  ['林', ['林秋砚']],
  ['qiuyan', ['林秋砚']],
  ['  ', []],
  ['nothing', []],
])('%s', (text, wanted) => expect(names(text)).toEqual(wanted));

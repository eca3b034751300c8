import { sentences } from '../sentences';

export const people = sentences({
  'people.title': { en: 'Who is here', 'zh-Hans': '成员', 'zh-Hant': '成員', ja: 'メンバー' },
  'people.invited': { en: 'Invited, not here yet', 'zh-Hans': '已邀请，尚未加入', 'zh-Hant': '已邀請，尚未加入', ja: '招待済み、未参加' },
  'people.you': { en: 'you', 'zh-Hans': '您', 'zh-Hant': '您', ja: 'あなた' },
  'people.more': { en: 'More about {name}', 'zh-Hans': '{name}：更多', 'zh-Hant': '{name}：更多', ja: '{name}：その他' },
  'people.write': { en: 'Write to this person alone', 'zh-Hans': '单独联系', 'zh-Hant': '單獨聯絡', ja: '個別に連絡する' },
  'people.role.owner': { en: 'owner', 'zh-Hans': '负责人', 'zh-Hant': '負責人', ja: '管理者' },
  'people.role.moderator': { en: 'moderator', 'zh-Hans': '协管', 'zh-Hant': '協管', ja: '進行役' },
  'people.make.owner': { en: 'Owner: may do everything here…', 'zh-Hans': '负责人：可进行这里的一切操作…', 'zh-Hant': '負責人：可進行這裡的一切操作…', ja: '管理者：このルームのすべてを操作できる…' },
  'people.owner.title': { en: 'Make {name} an owner?', 'zh-Hans': '要让{name}成为负责人吗？', 'zh-Hant': '要讓{name}成為負責人嗎？', ja: '{name}さんを管理者にしますか。' },
  'people.owner.text': {
    en: 'An owner may do everything in this room: change its name and its rules, remove people and messages, and make further owners.',
    'zh-Hans': '负责人可以进行这个会话里的一切操作：更改名称和规则、移除成员和消息、再指定其他负责人。',
    'zh-Hant': '負責人可以進行這個聊天室裡的一切操作：變更名稱和規則、移除成員和訊息、再指定其他負責人。',
    ja: '管理者はこのルームのすべてを操作できます。名前や規則の変更、メンバーとメッセージの削除、ほかの管理者の指定もできます。',
  },
  'people.owner.forever': {
    en: 'You cannot take this back: only the new owner can step down.',
    'zh-Hans': '您无法收回：只有新负责人自己可以卸任。',
    'zh-Hant': '您無法收回：只有新負責人自己可以卸任。',
    ja: 'あとから取り消すことはできません。管理者を降りられるのは本人だけです。',
  },
  'people.owner.back': {
    en: 'You made this room, so you can take it back later. Other owners cannot.',
    'zh-Hans': '这个会话由您创建，所以您以后可以收回，其他负责人不能。',
    'zh-Hant': '這個聊天室由您建立，所以您之後可以收回，其他負責人不能。',
    ja: 'このルームを作成したのはあなたなので、あとから取り消せます。ほかの管理者にはできません。',
  },
  'people.owner.do': { en: 'Make an owner', 'zh-Hans': '设为负责人', 'zh-Hant': '設為負責人', ja: '管理者にする' },
  'people.make.moderator': { en: 'Moderator: may remove people and messages', 'zh-Hans': '协管：可移除成员和消息', 'zh-Hant': '協管：可移除成員和訊息', ja: '進行役：メンバーとメッセージを削除できる' },
  'people.make.member': { en: 'Member', 'zh-Hans': '成员', 'zh-Hant': '成員', ja: 'メンバー' },
  'people.remove': { en: 'Remove from the room…', 'zh-Hans': '移出会话…', 'zh-Hant': '移出聊天室…', ja: 'ルームから外す…' },
  'people.uninvite': { en: 'Take back the invitation…', 'zh-Hans': '撤回邀请…', 'zh-Hant': '撤回邀請…', ja: '招待を取り消す…' },
  'people.remove.title': { en: 'Remove {name}?', 'zh-Hans': '要移除{name}吗？', 'zh-Hant': '要移除{name}嗎？', ja: '{name}さんを外しますか。' },
  'people.remove.text': {
    en: 'Everybody in the room sees that you did it. What was written so far stays on this person’s devices; what is written from now on they cannot read. They can be invited again.',
    'zh-Hans': '会话里的人都会看到是您操作的。此前的内容仍留在对方的设备上，此后的内容对方读不到。以后可以再次邀请。',
    'zh-Hant': '聊天室裡的人都會看到是您操作的。先前的內容仍留在對方的裝置上，之後的內容對方讀不到。以後可以再次邀請。',
    ja: '操作したのがあなたであることは、ルームの全員に表示されます。これまでの内容は相手の端末に残りますが、以後の内容は読めません。あとで再び招待できます。',
  },
  'people.remove.do': { en: 'Remove', 'zh-Hans': '移除', 'zh-Hant': '移除', ja: '外す' },
});

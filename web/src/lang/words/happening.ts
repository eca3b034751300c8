import { sentences } from '../sentences';

export const happening = sentences({
  'happening.created': { en: '{name} made this room', 'zh-Hans': '{name}新建了会话', 'zh-Hant': '{name}建立了聊天室', ja: '{name} さんがルームを作成しました' },
  'happening.invited': { en: '{name} invited {who}', 'zh-Hans': '{name}邀请了{who}', 'zh-Hant': '{name}邀請了{who}', ja: '{name} さんが {who} さんを招待しました' },
  'happening.uninvited': {
    en: '{name} took back the invitation of {who}',
    'zh-Hans': '{name}撤回了对{who}的邀请',
    'zh-Hant': '{name}撤回了對{who}的邀請',
    ja: '{name} さんが {who} さんへの招待を取り消しました',
  },
  'happening.joined': { en: '{name} joined', 'zh-Hans': '{name}加入了', 'zh-Hant': '{name}加入了', ja: '{name} さんが参加しました' },
  'happening.left': { en: '{name} left', 'zh-Hans': '{name}退出了', 'zh-Hant': '{name}離開了', ja: '{name} さんが退出しました' },
  'happening.removed': { en: '{name} removed {who}', 'zh-Hans': '{name}移出了{who}', 'zh-Hant': '{name}移出了{who}', ja: '{name} さんが {who} さんを退出させました' },
  'happening.banned': {
    en: '{name} removed {who}, who cannot come back',
    'zh-Hans': '{name}移出了{who}，且不再允许加入',
    'zh-Hant': '{name}移出了{who}，且不再允許加入',
    ja: '{name} さんが {who} さんを退出させ、再参加できないようにしました',
  },
  'happening.unbanned': {
    en: '{name} allows {who} to be invited again',
    'zh-Hans': '{name}允许再次邀请{who}',
    'zh-Hant': '{name}允許再次邀請{who}',
    ja: '{name} さんが {who} さんを再び招待できるようにしました',
  },
  'happening.declined': { en: '{name} declined the invitation', 'zh-Hans': '{name}谢绝了邀请', 'zh-Hant': '{name}婉拒了邀請', ja: '{name} さんが招待を辞退しました' },
  'happening.renamed': { en: '{name} named the room {room}', 'zh-Hans': '{name}将会话命名为“{room}”', 'zh-Hant': '{name}將聊天室命名為「{room}」', ja: '{name} さんがルーム名を「{room}」にしました' },
  'happening.topic': { en: '{name} set the topic: {topic}', 'zh-Hans': '{name}将主题设为：{topic}', 'zh-Hant': '{name}將主題設為：{topic}', ja: '{name} さんが話題を設定しました：{topic}' },
  'happening.owner': { en: '{name} made {who} an owner', 'zh-Hans': '{name}将{who}设为负责人', 'zh-Hant': '{name}將{who}設為負責人', ja: '{name} さんが {who} さんを管理者にしました' },
  'happening.moderator': { en: '{name} made {who} a moderator', 'zh-Hans': '{name}将{who}设为协管', 'zh-Hant': '{name}將{who}設為協管', ja: '{name} さんが {who} さんを進行役にしました' },
  'happening.member': { en: '{name} made {who} a member like others', 'zh-Hans': '{name}将{who}改为普通成员', 'zh-Hant': '{name}將{who}改為一般成員', ja: '{name} さんが {who} さんを一般メンバーにしました' },
  'happening.rules': {
    en: '{name} changed who may do what here',
    'zh-Hans': '{name}更改了这里的权限',
    'zh-Hant': '{name}變更了這裡的權限',
    ja: '{name} さんがここでの権限を変更しました',
  },
});

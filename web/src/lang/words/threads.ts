import { sentences } from '../sentences';

export const threads = sentences({
  'thread.answer': { en: 'Answer in a thread', 'zh-Hans': '在话题串中回复', 'zh-Hant': '在討論串中回覆', ja: 'スレッドで返信' },
  'thread.title': { en: 'Thread', 'zh-Hans': '话题串', 'zh-Hant': '討論串', ja: 'スレッド' },
  'thread.messages': { en: 'Messages in the thread', 'zh-Hans': '话题串中的消息', 'zh-Hant': '討論串中的訊息', ja: 'スレッドのメッセージ' },
  'thread.of': { en: 'Begun by {name}', 'zh-Hans': '由 {name} 发起', 'zh-Hant': '由 {name} 發起', ja: '{name} さんのメッセージから' },
  'thread.answers': {
    en: '{n, plural, one {# answer} other {# answers}}',
    'zh-Hans': '{n} 条回复',
    'zh-Hant': '{n} 則回覆',
    ja: '返信 {n} 件',
  },
  'thread.answersAndLast': {
    en: '{n, plural, one {# answer} other {# answers}}, last by {name}, {time}',
    'zh-Hans': '{n} 条回复，最近 {name} {time}',
    'zh-Hant': '{n} 則回覆，最近 {name} {time}',
    ja: '返信 {n} 件、最新は {name} さん {time}',
  },
  'thread.write': {
    en: 'Answer in the thread, to {n, plural, one {# person} other {# people}}',
    'zh-Hans': '在话题串中回复，{n} 人可见',
    'zh-Hant': '在討論串中回覆，{n} 人可見',
    ja: 'スレッドで {n} 人に返信',
  },
  'thread.writeAlone': {
    en: 'Answer in the thread; nobody else is here yet',
    'zh-Hans': '在话题串中回复，目前只有您',
    'zh-Hant': '在討論串中回覆，目前只有您',
    ja: 'スレッドで返信（まだあなただけです）',
  },
  'thread.unread': {
    en: '{n, plural, one {# unread answer} other {# unread answers}} in threads. Open the newest',
    'zh-Hans': '话题串中有 {n} 条未读回复，打开最新的',
    'zh-Hant': '討論串中有 {n} 則未讀回覆，開啟最新的',
    ja: 'スレッドに未読の返信が {n} 件あります。最新のものを開く',
  },
  'mention.list': { en: 'People to name', 'zh-Hans': '可提及的人', 'zh-Hant': '可提及的人', ja: '宛先にできる人' },
  'mention.found': {
    en: '{n, plural, one {# person can be named} other {# people can be named}}. Arrow keys choose, Enter takes',
    'zh-Hans': '可提及 {n} 人。方向键选择，回车确认',
    'zh-Hant': '可提及 {n} 人。方向鍵選擇，Enter 確認',
    ja: '{n} 人を宛先にできます。矢印キーで選び、Enter で決定します',
  },
  'mention.everybody': { en: 'Everybody in this room', 'zh-Hans': '会话里的所有人', 'zh-Hant': '聊天室裡的所有人', ja: 'このルームの全員' },
  'mention.you': { en: 'you', 'zh-Hans': '您', 'zh-Hant': '您', ja: 'あなた' },
  'rooms.mentioned': { en: 'You are named in an unread message', 'zh-Hans': '有未读消息提到您', 'zh-Hant': '有未讀訊息提到您', ja: '未読メッセージにあなた宛てがあります' },
});
  'rooms.unsure': {
    en: 'Whether an unread message names you is not known: this device has not read all of them',
    'zh-Hans': '未读消息中是否提到您尚不清楚：本设备还没有全部读取',
    'zh-Hant': '未讀訊息中是否提到您尚不清楚：本裝置還沒有全部讀取',
    ja: '未読メッセージにあなた宛てがあるかは分かりません：この端末ではまだすべてを読み取れていません',
  },

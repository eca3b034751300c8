import { sentences } from '../sentences';

export const reading = sentences({
  'reading.new': { en: 'New since you were last here', 'zh-Hans': '您上次查看之后的新消息', 'zh-Hant': '您上次查看之後的新訊息', ja: '前回からの新しいメッセージ' },
  'reading.latest': { en: 'To the latest', 'zh-Hans': '回到最新', 'zh-Hant': '回到最新', ja: '最新へ' },
  'reading.latest.new': {
    en: 'To the latest · {n, plural, one {# new} other {# new}}',
    'zh-Hans': '回到最新 · {n} 条新消息',
    'zh-Hant': '回到最新 · {n} 則新訊息',
    ja: '最新へ・新着 {n} 件',
  },
  'reading.loadingLater': { en: 'Fetching later messages', 'zh-Hans': '正在获取后面的消息', 'zh-Hant': '正在取得後面的訊息', ja: '以後のメッセージを取得しています' },
  'reading.notFetched': { en: 'Further messages could not be fetched.', 'zh-Hans': '没能获取更多消息。', 'zh-Hant': '未能取得更多訊息。', ja: '続きのメッセージを取得できませんでした。' },
  'reading.notThere': {
    en: 'That message could not be fetched.',
    'zh-Hans': '没能获取那条消息。',
    'zh-Hant': '未能取得那則訊息。',
    ja: 'そのメッセージは取得できませんでした。',
  },
  'reading.read': { en: 'Read', 'zh-Hans': '已读', 'zh-Hant': '已讀', ja: '既読' },
  'reading.readBy': { en: 'Read by {n} of {all}', 'zh-Hans': '{all} 人中 {n} 人已读', 'zh-Hant': '{all} 人中 {n} 人已讀', ja: '{all} 人中 {n} 人が既読' },
  'reading.who': { en: 'Who has read it', 'zh-Hans': '谁已读', 'zh-Hant': '誰已讀', ja: '既読の人' },
  'reading.by': { en: 'by {time}', 'zh-Hans': '不晚于 {time}', 'zh-Hant': '不晚於 {time}', ja: '{time} までに' },
  'reading.by.what': {
    en: 'Each time is when the person last showed how far they had read. They may have read this message earlier.',
    'zh-Hans': '时间是对方最近一次显示阅读进度的时间，这条消息可能读得更早。',
    'zh-Hant': '時間是對方最近一次顯示閱讀進度的時間，這則訊息可能讀得更早。',
    ja: '時刻は、その方が読んだ位置を最後に知らせたときのものです。このメッセージはそれより前に読まれた可能性があります。',
  },
  'reading.others': {
    en: '{n, plural, one {# person has} other {# people have}} not read it, or do not show what they read. From here the two look the same.',
    'zh-Hans': '另有 {n} 人尚未阅读，或者不显示已读。从这里看不出区别。',
    'zh-Hant': '另有 {n} 人尚未閱讀，或者不顯示已讀。從這裡看不出差別。',
    ja: 'ほかの {n} 人は、まだ読んでいないか、既読を知らせていません。ここからは区別できません。',
  },
  'reading.share': { en: 'Show what I have read', 'zh-Hans': '显示我的已读状态', 'zh-Hant': '顯示我的已讀狀態', ja: '既読を知らせる' },
  'reading.share.what': {
    en: 'Off: nobody in this room learns what you have read. On: everybody in this room sees how far you read from then on, and when. Switching it off again stops that; what they have already seen stays with them.',
    'zh-Hans': '关闭时，会话中没有人知道您读了什么。打开后，会话中所有人都能看到您此后读到哪里、何时读的。再次关闭即停止；已经显示的无法收回。',
    'zh-Hant': '關閉時，聊天室中沒有人知道您讀了什麼。開啟後，聊天室中所有人都能看到您此後讀到哪裡、何時讀的。再次關閉即停止；已經顯示的無法收回。',
    ja: 'オフのときは、このルームの誰にも既読は伝わりません。オンにすると、それ以後どこまで、いつ読んだかがルームの全員に見えます。オフに戻せば止まりますが、すでに見えたものは取り消せません。',
  },
  'reading.server': {
    en: 'The server stores how far you have read either way: your devices need it for the unread counts.',
    'zh-Hans': '无论开关与否，服务器都会保存您读到哪里：您的设备要靠它计算未读数。',
    'zh-Hant': '無論開關與否，伺服器都會保存您讀到哪裡：您的裝置要靠它計算未讀數。',
    ja: 'どちらの場合も、読んだ位置はサーバーに保存されます。未読数を端末間で合わせるために必要です。',
  },
});

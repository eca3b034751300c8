import { sentences } from '../sentences';

export const missing = sentences({
  'missing.message': {
    en: '{count, plural, one {A message from {name} has not reached this device.} other {# messages from {name} have not reached this device.}}',
    'zh-Hans': '{name}的{count}条消息没有到达这台设备。',
    'zh-Hant': '{name}的{count}則訊息沒有到達這台裝置。',
    ja: '{name} さんのメッセージ {count} 件が、この端末に届いていません。',
  },
  'missing.named': {
    en: 'A message that {name} has seen has not reached this device.',
    'zh-Hans': '{name}看到的一条消息没有到达这台设备。',
    'zh-Hant': '{name}看到的一則訊息沒有到達這台裝置。',
    ja: '{name} さんが見たメッセージのうち一件が、この端末に届いていません。',
  },
  'missing.twice': {
    en: 'Two messages claim the same place among those of {name}. One of them is not genuine, or was sent on twice.',
    'zh-Hans': '{name}的消息中有两条占同一位置。其中一条不是真的，或被重复转发。',
    'zh-Hant': '{name}的訊息中有兩則占同一位置。其中一則不是真的，或被重複轉送。',
    ja: '{name} さんのメッセージのうち二件が同じ位置を名乗っています。一方は本物ではないか、二度送られたものです。',
  },
  'missing.broken': {
    en: 'The next message of {name} does not follow what this device has of them: something was changed.',
    'zh-Hans': '{name}的下一条消息与这台设备上已有的不衔接：有内容被改动。',
    'zh-Hant': '{name}的下一則訊息與這台裝置上已有的不銜接：有內容被更動。',
    ja: '{name} さんの次のメッセージは、この端末にあるものと続いていません。何かが変えられています。',
  },
  'missing.differs': {
    en: 'The device of {name} was not given the same messages as this one.',
    'zh-Hans': '{name}的设备收到的消息与这台设备不同。',
    'zh-Hant': '{name}的裝置收到的訊息與這台裝置不同。',
    ja: '{name} さんの端末には、この端末と同じメッセージが渡されていません。',
  },
  'missing.why': {
    en: 'This does not happen where a server gives everything as it was sent. This device noticed it by itself.',
    'zh-Hans': '如果服务器如实给出全部内容，就不会出现这种情况。这是这台设备自行发现的。',
    'zh-Hant': '如果伺服器如實給出全部內容，就不會出現這種情況。這是這台裝置自行發現的。',
    ja: 'サーバーがすべてをそのまま渡していれば起こらないことです。この端末が自ら気づきました。',
  },
  'missing.ask': { en: 'Ask for it', 'zh-Hans': '索取这条消息', 'zh-Hant': '索取這則訊息', ja: '送ってもらう' },
  'missing.again': { en: 'Ask once more', 'zh-Hans': '再次索取', 'zh-Hant': '再次索取', ja: 'もう一度頼む' },
  'missing.asking': { en: 'Asking', 'zh-Hans': '正在索取', 'zh-Hant': '正在索取', ja: '頼んでいます' },
  'missing.asked': {
    en: '{count, plural, one {One device was asked. It answers when Wardroom is open on it.} other {# devices were asked. They answer when Wardroom is open on them.}}',
    'zh-Hans': '已向{count}台设备索取。对方打开Wardroom时会回复。',
    'zh-Hant': '已向{count}台裝置索取。對方開啟Wardroom時會回覆。',
    ja: '{count} 台の端末に頼みました。そこで Wardroom が開かれると返事があります。',
  },
  'missing.nobody': {
    en: 'There is no device that could be asked.',
    'zh-Hans': '没有可以索取的设备。',
    'zh-Hant': '沒有可以索取的裝置。',
    ja: '頼める端末がありません。',
  },
  'missing.notAsked': { en: 'Nobody was asked: {why}', 'zh-Hans': '没有索取：{why}', 'zh-Hant': '沒有索取：{why}', ja: '頼めませんでした：{why}' },
  'missing.report': { en: 'Report…', 'zh-Hans': '举报…', 'zh-Hant': '檢舉…', ja: '通報…' },
  'missing.handed': {
    en: 'From {name}, handed on by the device of {by}. It is what {name} wrote: that was checked.',
    'zh-Hans': '来自{name}，由{by}的设备转交。已核对：确为{name}所写。',
    'zh-Hant': '來自{name}，由{by}的裝置轉交。已核對：確為{name}所寫。',
    ja: '{name} さんから、{by} さんの端末を経て渡されました。{name} さんが書いたものと確認しました。',
  },
  'missing.handed.unchecked': {
    en: 'From {name}, handed on by the device of {by}. Whether {name} wrote it cannot be checked.',
    'zh-Hans': '来自{name}，由{by}的设备转交。无法核对是否为{name}所写。',
    'zh-Hant': '來自{name}，由{by}的裝置轉交。無法核對是否為{name}所寫。',
    ja: '{name} さんから、{by} さんの端末を経て渡されました。{name} さんが書いたものかは確認できません。',
  },
  'missing.handed.other': {
    en: 'This is no text: a reaction, an edit or a file.',
    'zh-Hans': '这不是文字：是表态、修改或文件。',
    'zh-Hant': '這不是文字：是表態、修改或檔案。',
    ja: 'これは本文ではなく、リアクション、編集、またはファイルです。',
  },
});

import { sentences } from '../sentences';

export const delivery = sentences({
  'delivery.reached': {
    en: 'Reached {n} of {all, plural, one {# device} other {# devices}}',
    'zh-Hans': '已到达{all}台设备中的{n}台',
    'zh-Hant': '已到達{all}台裝置中的{n}台',
    ja: '{all} 台中 {n} 台に到達',
  },
  'delivery.rest': { en: '{n} not confirmed', 'zh-Hans': '{n}台未确认', 'zh-Hant': '{n}台未確認', ja: '{n} 台は未確認' },
  'delivery.open': {
    en: 'Not confirmed on {n, plural, one {# device} other {# devices}}',
    'zh-Hans': '{n}台设备未确认',
    'zh-Hant': '{n}台裝置未確認',
    ja: '{n} 台で未確認',
  },
  'delivery.unmeasured': { en: 'not measured', 'zh-Hans': '不统计到达情况', 'zh-Hant': '不統計到達情形', ja: '到達は計測しません' },
  'delivery.unmeasured.size': {
    en: 'In rooms of more than {n} people devices do not confirm what they receive.',
    'zh-Hans': '超过{n}人的会话中，设备不确认是否收到。',
    'zh-Hant': '超過{n}人的聊天室中，裝置不確認是否收到。',
    ja: '{n} 人を超えるルームでは、端末は受け取りを確認しません。',
  },
  'delivery.unmeasured.browser': {
    en: 'This browser cannot check what devices say. A newer one can.',
    'zh-Hans': '这个浏览器无法核对设备的回应。较新的版本可以。',
    'zh-Hant': '這個瀏覽器無法核對裝置的回應。較新的版本可以。',
    ja: 'このブラウザーでは端末の応答を確かめられません。新しいブラウザーなら確かめられます。',
  },
  'delivery.who': { en: 'Who has this message', 'zh-Hans': '这条消息到了哪里', 'zh-Hant': '這則訊息到了哪裡', ja: 'このメッセージの到達状況' },
  'delivery.devices': {
    en: '{n} of {all, plural, one {# device} other {# devices}}',
    'zh-Hans': '{all}台设备中的{n}台',
    'zh-Hant': '{all}台裝置中的{n}台',
    ja: '{all} 台中 {n} 台',
  },
  'delivery.notConfirmed': { en: 'Not confirmed', 'zh-Hans': '未确认', 'zh-Hant': '未確認', ja: '未確認' },
  'delivery.other': { en: 'Other client, which does not confirm', 'zh-Hans': '其他客户端，不会确认', 'zh-Hant': '其他用戶端，不會確認', ja: '確認を送らない別のクライアント' },
  'delivery.noDevice': { en: 'No device that keys go to', 'zh-Hans': '没有可接收密钥的设备', 'zh-Hant': '沒有可接收金鑰的裝置', ja: '鍵を渡せる端末がありません' },
  'delivery.everywhere': {
    en: '{n, plural, one {The one device that it was sent to has it.} other {All # devices that it was sent to have it. Which they were is not kept.}}',
    'zh-Hans': '发往的{n}台设备都已收到。是哪些设备，不作保留。',
    'zh-Hant': '傳往的{n}台裝置都已收到。是哪些裝置，不予保留。',
    ja: '送り先の {n} 台すべてに届いています。どの端末かは残しません。',
  },
  'delivery.silent': {
    en: 'They have not answered. They may be off, or it was held back: from here the two look the same.',
    'zh-Hans': '它们没有回应。可能没开机，也可能被拦下了：从这里看不出区别。',
    'zh-Hant': '它們沒有回應。可能沒開機，也可能被攔下：從這裡看不出差別。',
    ja: 'まだ応答がありません。電源が切れているか、途中で止められたかは、ここからは区別できません。',
  },
  'delivery.how': {
    en: 'Devices answer by themselves, half a minute or more after a message came, in encrypted messages that the server cannot write. An answer says that the device has the message, not that anybody read it. That somebody read it the server says, where they let it be seen.',
    'zh-Hans': '设备在收到消息半分钟之后自动回应，回应经过加密，服务器写不出来。回应表示设备上有这条消息，不表示有人读过。是否已读由服务器告知，且只限对方允许显示时。',
    'zh-Hant': '裝置在收到訊息半分鐘之後自動回應，回應經過加密，伺服器寫不出來。回應表示裝置上有這則訊息，不表示有人讀過。是否已讀由伺服器告知，且只限對方允許顯示時。',
    ja: '端末は、メッセージの到着から 30 秒以上たってから自動で応答します。応答は暗号化されており、サーバーには書けません。応答が示すのは端末にあることで、誰かが読んだことではありません。既読はサーバーが伝えるもので、本人が表示を許した場合に限ります。',
  },
});

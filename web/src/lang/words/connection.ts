import { sentences } from '../sentences';

export const connection = sentences({
  'connection.connected': { en: 'Connected', 'zh-Hans': '已连接', 'zh-Hant': '已連線', ja: '接続中' },
  'connection.connecting': { en: 'Connecting', 'zh-Hans': '正在连接', 'zh-Hant': '正在連線', ja: '接続しています' },
  'connection.reconnecting': { en: 'Reconnecting', 'zh-Hans': '正在重新连接', 'zh-Hant': '正在重新連線', ja: '再接続しています' },
  'connection.offline': { en: 'Offline', 'zh-Hans': '离线', 'zh-Hant': '離線', ja: 'オフライン' },
  'connection.noServer': { en: 'No answer from the server', 'zh-Hans': '服务器没有回应', 'zh-Hant': '伺服器沒有回應', ja: 'サーバーから応答がありません' },
  'connection.offline.title': { en: 'Offline', 'zh-Hans': '离线', 'zh-Hant': '離線', ja: 'オフラインです' },
  'connection.offline.since': { en: 'Offline since {time}', 'zh-Hans': '{time}起离线', 'zh-Hant': '{time}起離線', ja: '{time} からオフラインです' },
  'connection.noServer.title': {
    en: 'The server does not answer',
    'zh-Hans': '服务器没有回应',
    'zh-Hant': '伺服器沒有回應',
    ja: 'サーバーから応答がありません',
  },
  'connection.noServer.since': {
    en: 'The server has not answered since {time}',
    'zh-Hans': '{time}起服务器没有回应',
    'zh-Hant': '{time}起伺服器沒有回應',
    ja: '{time} からサーバーの応答がありません',
  },
  'connection.reconnecting.title': {
    en: 'The server answers again',
    'zh-Hans': '服务器恢复回应',
    'zh-Hant': '伺服器恢復回應',
    ja: 'サーバーが再び応答しています',
  },
  'connection.offline.text': {
    en: 'You see what this device has. What you write is kept here and leaves when the connection is back.',
    'zh-Hans': '现在显示的是这台设备上已有的内容。您写的内容会留在这台设备上，恢复连接后发出。',
    'zh-Hant': '現在顯示的是這台裝置上已有的內容。您寫的內容會留在這台裝置上，恢復連線後送出。',
    ja: 'この端末にあるものを表示しています。書いたものはこの端末に残り、つながると送られます。',
  },
  'connection.noServer.text': {
    en: 'It is asked again and again. You see what this device has. What you write is kept here and leaves when the server answers.',
    'zh-Hans': '会一直重试。现在显示的是这台设备上已有的内容。您写的内容会留在这里，服务器恢复回应后发出。',
    'zh-Hant': '會持續重試。現在顯示的是這台裝置上已有的內容。您寫的內容會留在這裡，伺服器恢復回應後送出。',
    ja: '繰り返し試しています。この端末にあるものを表示しています。書いたものはここに残り、応答が戻ると送られます。',
  },
  'connection.reconnecting.text': {
    en: 'What was missed is being fetched, and what waits here leaves now.',
    'zh-Hans': '正在获取错过的内容，等待中的内容即将发出。',
    'zh-Hant': '正在取得錯過的內容，等待中的內容即將送出。',
    ja: '届いていなかったものを取得し、待っていたものを送ります。',
  },
  'connection.tryNow': { en: 'Try now', 'zh-Hans': '立即重试', 'zh-Hant': '立即重試', ja: '今すぐ試す' },
});

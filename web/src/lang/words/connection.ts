import { sentences } from '../sentences';

export const connection = sentences({
  'connection.connected': { en: 'Connected', 'zh-Hans': '已连接', 'zh-Hant': '已連線', ja: '接続中' },
  'connection.connecting': { en: 'Connecting', 'zh-Hans': '正在连接', 'zh-Hant': '正在連線', ja: '接続しています' },
  'connection.offline': { en: 'Offline', 'zh-Hans': '离线', 'zh-Hant': '離線', ja: 'オフライン' },
  'connection.noServer': { en: 'No answer from the server', 'zh-Hans': '服务器没有回应', 'zh-Hant': '伺服器沒有回應', ja: 'サーバーから応答がありません' },
  'connection.offline.title': { en: 'This device is offline', 'zh-Hans': '这台设备没有联网', 'zh-Hant': '這台裝置沒有連線', ja: 'オフラインです' },
  'connection.offline.text': {
    en: 'What you write is kept here and leaves when the connection is back.',
    'zh-Hans': '您写的内容会留在这台设备上，恢复连接后发出。',
    'zh-Hant': '您寫的內容會留在這台裝置上，恢復連線後送出。',
    ja: '書いたものはこの端末に残り、つながると送られます。',
  },
  'connection.noServer.title': {
    en: 'The server does not answer',
    'zh-Hans': '服务器没有回应',
    'zh-Hant': '伺服器沒有回應',
    ja: 'サーバーから応答がありません',
  },
  'connection.noServer.text': {
    en: 'This device has a network, but the server could not be reached. It is asked again and again. What you write is kept here.',
    'zh-Hans': '这台设备已联网，但连不上服务器。会一直重试，您写的内容会留在这台设备上。',
    'zh-Hant': '這台裝置有網路，但連不上伺服器。會持續重試，您寫的內容會留在這台裝置上。',
    ja: 'この端末はネットワークにつながっていますが、サーバーに届きません。繰り返し試しています。書いたものはこの端末に残ります。',
  },
});

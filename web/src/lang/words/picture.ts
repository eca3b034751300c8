import { sentences } from '../sentences';

export const picture = sentences({
  'picture.mine': { en: 'Your picture', 'zh-Hans': '您的头像', 'zh-Hant': '您的頭像', ja: 'あなたの画像' },
  'picture.room': { en: 'Picture of the room', 'zh-Hans': '会话头像', 'zh-Hant': '聊天室頭像', ja: 'ルームの画像' },
  'picture.change': { en: 'Change the picture…', 'zh-Hans': '更换头像…', 'zh-Hant': '更換頭像…', ja: '画像を変更…' },
  'picture.open': {
    en: 'It is not encrypted: the server and everybody with an account on it can see it.',
    'zh-Hans': '头像不加密：服务器和服务器上的所有账号都能看到。',
    'zh-Hant': '頭像不加密：伺服器和伺服器上的所有帳號都看得到。',
    ja: '画像は暗号化されません。サーバーと、このサーバーにアカウントを持つ全員から見えます。',
  },
  'picture.bare': {
    en: 'It is drawn anew in this browser, so place, time and camera are not in it.',
    'zh-Hans': '图片会在浏览器里重新绘制，不含地点、时间和相机信息。',
    'zh-Hant': '圖片會在瀏覽器裡重新繪製，不含地點、時間和相機資訊。',
    ja: '画像はこのブラウザーで描き直されるため、撮影場所・日時・カメラの情報は含まれません。',
  },
  'picture.choose': { en: 'Choose a file…', 'zh-Hans': '选择文件…', 'zh-Hant': '選擇檔案…', ja: 'ファイルを選ぶ…' },
  'picture.another': { en: 'Choose another file…', 'zh-Hans': '另选文件…', 'zh-Hant': '另選檔案…', ja: '別のファイルを選ぶ…' },
  'picture.zoom': { en: 'Larger', 'zh-Hans': '放大', 'zh-Hant': '放大', ja: '拡大' },
  'picture.x': { en: 'Left and right', 'zh-Hans': '左右', 'zh-Hant': '左右', ja: '左右' },
  'picture.y': { en: 'Up and down', 'zh-Hans': '上下', 'zh-Hant': '上下', ja: '上下' },
  'picture.cannot': { en: 'This browser cannot open that file as a picture.', 'zh-Hans': '这个浏览器无法把该文件作为图片打开。', 'zh-Hant': '這個瀏覽器無法把該檔案作為圖片開啟。', ja: 'このブラウザーでは、そのファイルを画像として開けません。' },
  'picture.save': { en: 'Use this picture', 'zh-Hans': '使用这张图片', 'zh-Hant': '使用這張圖片', ja: 'この画像にする' },
  'picture.remove': { en: 'Remove the picture', 'zh-Hans': '移除头像', 'zh-Hant': '移除頭像', ja: '画像を削除' },
});

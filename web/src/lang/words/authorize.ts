import { sentences } from '../sentences';

export const authorize = sentences({
  'authorize.reading': { en: 'Looking who asks', 'zh-Hans': '正在查看是哪个应用', 'zh-Hant': '正在查看是哪個應用程式', ja: 'どのアプリかを確認しています' },
  'authorize.title': { en: 'Sign in to {app}', 'zh-Hans': '登录{app}', 'zh-Hant': '登入{app}', ja: '{app} にサインイン' },
  'authorize.noName': { en: 'an app without a name', 'zh-Hans': '一个没有名称的应用', 'zh-Hant': '一個沒有名稱的應用程式', ja: '名前のないアプリ' },
  'authorize.to': { en: 'The answer goes to {host}', 'zh-Hans': '登录结果将发往{host}', 'zh-Hant': '登入結果將傳往{host}', ja: '結果は {host} に送られます' },
  'authorize.what': {
    en: 'That app gets a device of its own on your account and can do there what you can do. The name is what it calls itself: go on only if you have just begun to sign in there.',
    'zh-Hans': '该应用会在您的账号下得到一个自己的设备，可以做您能做的事。名称由它自己声明：只有当您刚在那里开始登录时，才请继续。',
    'zh-Hant': '該應用程式會在您的帳號下得到一個自己的裝置，可以做您能做的事。名稱由它自己聲明：只有當您剛在那裡開始登入時，才請繼續。',
    ja: 'このアプリはあなたのアカウントに自分の端末を得て、あなたにできることができるようになります。名前はアプリ自身が名乗るものです。そこでサインインを始めたばかりのときだけ、先へ進んでください。',
  },
  'authorize.do': { en: 'Sign in to it', 'zh-Hans': '登录该应用', 'zh-Hant': '登入該應用程式', ja: 'このアプリにサインイン' },
  'authorize.no': { en: 'Do not sign in', 'zh-Hans': '不登录', 'zh-Hant': '不登入', ja: 'サインインしない' },
  'authorize.wrong': { en: 'Nobody was signed in', 'zh-Hans': '没有登录', 'zh-Hant': '沒有登入', ja: 'サインインしていません' },
  'authorize.back': { en: 'Back to {host}', 'zh-Hans': '返回{host}', 'zh-Hant': '返回{host}', ja: '{host} に戻る' },
  'fault.app': {
    en: 'This server does not know the app that sent you here, or the app asked in a wrong way. Go back to it and begin again.',
    'zh-Hans': '服务器不认识带您来此的应用，或该应用的请求有误。请回到该应用重新开始。',
    'zh-Hant': '伺服器不認識帶您來此的應用程式，或該應用程式的請求有誤。請回到該應用程式重新開始。',
    ja: 'サーバーがこのアプリを知らないか、アプリの求め方が正しくありません。アプリに戻って、もう一度始めてください。',
  },
});

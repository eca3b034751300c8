package mail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardroom/internal/config"
)

// Kind is what a letter is about.
type Kind string

// The kinds of letters, with the values that each needs.
const (
	ConfirmAddress Kind = "confirm address" // sid, token: an address is to be added to an account
	AddressTaken   Kind = "address taken"   // an address was to be added that another account has
	AddressRemoved Kind = "address removed" // to the address that was taken off
	NewPassword    Kind = "new password"    // sid, token: a new password was asked for
	PasswordReset  Kind = "password reset"  // it was set
	Warrant        Kind = "warrant"         // something was decided about the account
)

// HourLong is for how long the link in a letter is good.
const HourLong = time.Hour

// text is a letter in one language: {who} is what the organisation calls itself, {at} where the server is, {link} a link.
type text struct{ subject, body string }

// letters are the letters by kind: for how long one is of use, and its text by language. None says whose account it is about: its reader knows,
// and whoever carries it need not.
var letters = map[Kind]struct {
	lasts time.Duration
	in    map[string]text
}{
	ConfirmAddress: {HourLong, map[string]text{
		"en": {"Confirm your mail address", `Somebody who is signed in to {who} ({at}) wants to use this address for a forgotten password.

If it was you, open this link and confirm:

{link}

The link can be used once, and for one hour.
If it was not you, do nothing: without the link nothing happens.
`},
		"zh-Hans": {"确认您的邮箱地址", `有人已登录 {who}（{at}），想用此邮箱在忘记密码时找回。

如果是您本人，请打开以下链接并确认：

{link}

链接只能使用一次，一小时内有效。
如果不是您本人，请不必理会：不打开链接，什么也不会发生。
`},
		"zh-Hant": {"確認您的電子郵件地址", `有人已登入 {who}（{at}），想用此地址在忘記密碼時取回帳號。

如果是您本人，請開啟以下連結並確認：

{link}

連結只能使用一次，一小時內有效。
如果不是您本人，請不必理會：不開啟連結，什麼也不會發生。
`},
		"ja": {"メールアドレスの確認", `{who}（{at}）にサインインしている方が、パスワードを忘れたときのためにこのアドレスを使おうとしています。

ご自身の操作であれば、次のリンクを開いて確認してください。

{link}

リンクは一度だけ、一時間以内に使えます。
心当たりがない場合は何もしないでください。リンクを開かなければ何も起こりません。
`},
	}},
	AddressTaken: {HourLong, map[string]text{
		"en": {"This mail address is in use already", `Somebody who is signed in to {who} ({at}) wants to use this address for a forgotten password. But an account there has it already, and an address is for one account alone.

If it was you, remove it from the other account first.
If it was not you, do nothing: nothing was changed.
`},
		"zh-Hans": {"此邮箱地址已被使用", `有人已登录 {who}（{at}），想用此邮箱在忘记密码时找回。但那里已有一个账号使用此地址，而一个地址只能用于一个账号。

如果是您本人，请先在另一个账号中移除此地址。
如果不是您本人，请不必理会：没有任何更改。
`},
		"zh-Hant": {"此電子郵件地址已被使用", `有人已登入 {who}（{at}），想用此地址在忘記密碼時取回帳號。但那裡已有一個帳號使用此地址，而一個地址只能用於一個帳號。

如果是您本人，請先在另一個帳號中移除此地址。
如果不是您本人，請不必理會：沒有任何變更。
`},
		"ja": {"このメールアドレスはすでに使われています", `{who}（{at}）にサインインしている方が、パスワードを忘れたときのためにこのアドレスを使おうとしています。しかし、そこではすでに別のアカウントがこのアドレスを使っています。一つのアドレスは一つのアカウントにしか使えません。

ご自身の操作であれば、先に別のアカウントからこのアドレスを外してください。
心当たりがない場合は何もしないでください。何も変わっていません。
`},
	}},
	AddressRemoved: {2 * 24 * time.Hour, map[string]text{
		"en": {"Your mail address was removed", `Your account at {who} ({at}) does not have this address any more. A forgotten password cannot be replaced by mail to it now.

If it was not you, somebody else uses your account: sign in, look through "My devices" in the settings, and change your password.
`},
		"zh-Hans": {"您的邮箱地址已被移除", `您在 {who}（{at}）的账号已不再使用此地址。忘记密码时，不能再通过此邮箱重设。

如果不是您本人所为，说明有人在使用您的账号：请登录，在设置中查看“我的设备”，并更改密码。
`},
		"zh-Hant": {"您的電子郵件地址已被移除", `您在 {who}（{at}）的帳號已不再使用此地址。忘記密碼時，不能再透過此地址重設。

如果不是您本人所為，表示有人在使用您的帳號：請登入，在設定中查看「我的裝置」，並變更密碼。
`},
		"ja": {"メールアドレスが外されました", `{who}（{at}）のあなたのアカウントから、このアドレスが外されました。パスワードを忘れても、このアドレスへのメールでは変更できません。

ご自身の操作でない場合は、ほかの人があなたのアカウントを使っています。サインインして、設定の「自分の端末」を確かめ、パスワードを変更してください。
`},
	}},
	NewPassword: {HourLong, map[string]text{
		"en": {"A new password was asked for", `Somebody who has forgotten their password for {who} ({at}) gave this address.

If it was you, just now, open this link and go on:

{link}

The link can be used once, and for one hour.
If it was not you, do not open it, and do nothing: your password stays as it is.

Your recovery key is not replaced by this. You need it to read earlier messages on a new device.
`},
		"zh-Hans": {"有人请求设置新密码", `有人忘记了 {who}（{at}）的密码，并填写了此地址。

如果刚才是您本人，请打开以下链接继续：

{link}

链接只能使用一次，一小时内有效。
如果不是您本人，请不要打开，也不必理会：您的密码不会改变。

这不会更换您的恢复密钥。要在新设备上阅读以前的消息，仍需要恢复密钥。
`},
		"zh-Hant": {"有人要求設定新密碼", `有人忘記了 {who}（{at}）的密碼，並填寫了此地址。

如果剛才是您本人，請開啟以下連結繼續：

{link}

連結只能使用一次，一小時內有效。
如果不是您本人，請不要開啟，也不必理會：您的密碼不會改變。

這不會更換您的復原金鑰。要在新裝置上閱讀先前的訊息，仍需要復原金鑰。
`},
		"ja": {"新しいパスワードの依頼がありました", `{who}（{at}）のパスワードを忘れた方が、このアドレスを入力しました。

たった今のご自身の操作であれば、次のリンクを開いて続けてください。

{link}

リンクは一度だけ、一時間以内に使えます。
心当たりがない場合は、リンクを開かず、何もしないでください。パスワードは変わりません。

これによって回復キーが変わることはありません。新しい端末で以前のメッセージを読むには回復キーが必要です。
`},
	}},
	PasswordReset: {2 * 24 * time.Hour, map[string]text{
		"en": {"Your password was replaced", `A new password was set for your account at {who} ({at}), by a link that was sent to this address.

If it was you, there is nothing to do. A new device can read earlier messages once it has your recovery key, and colleagues see it as not verified until then.

If it was not you, somebody reads your mail or carries it: ask for a new password at once, sign out devices that you do not know, remove this address in the settings, and tell your colleagues.
`},
		"zh-Hans": {"您的密码已更换", `通过发送到此地址的链接，您在 {who}（{at}）的账号已设置了新密码。

如果是您本人，无需任何操作。新设备在输入恢复密钥之前不能阅读以前的消息，同事会看到它未经验证。

如果不是您本人，说明有人能读取您的邮件：请立即重新设置密码，退出您不认识的设备，在设置中移除此地址，并告知您的同事。
`},
		"zh-Hant": {"您的密碼已更換", `透過寄到此地址的連結，您在 {who}（{at}）的帳號已設定了新密碼。

如果是您本人，無需任何操作。新裝置在輸入復原金鑰之前不能閱讀先前的訊息，同事會看到它未經驗證。

如果不是您本人，表示有人能讀取您的郵件：請立即重新設定密碼，登出您不認識的裝置，在設定中移除此地址，並告知您的同事。
`},
		"ja": {"パスワードが変更されました", `このアドレスに送られたリンクによって、{who}（{at}）のあなたのアカウントに新しいパスワードが設定されました。

ご自身の操作であれば、何もする必要はありません。新しい端末は回復キーを入力するまで以前のメッセージを読めず、同僚には未確認と表示されます。

心当たりがない場合は、ほかの人があなたのメールを読んでいます。すぐに新しいパスワードを設定し、知らない端末をサインアウトし、設定でこのアドレスを外し、同僚に知らせてください。
`},
	}},
	Warrant: {7 * 24 * time.Hour, map[string]text{
		"en": {"Something was decided about your account", `At {who} ({at}) something was decided that is about you.

Sign in there to read what it is, for which reasons, who decided, and how to object. Nothing more is said by mail.

{at}
`},
		"zh-Hans": {"有一项与您账号有关的决定", `{who}（{at}）作出了一项与您有关的决定。

请登录查看决定内容、理由、决定人以及申诉办法。邮件中不写更多内容。

{at}
`},
		"zh-Hant": {"有一項與您帳號有關的決定", `{who}（{at}）作出了一項與您有關的決定。

請登入查看決定內容、理由、決定人以及申訴方式。郵件中不寫更多內容。

{at}
`},
		"ja": {"あなたのアカウントに関する決定があります", `{who}（{at}）で、あなたに関する決定がありました。

内容、理由、決定者、異議の申立て方法は、サインインしてご確認ください。メールではこれ以上お知らせしません。

{at}
`},
	}},
}

// called is what the organisation calls itself, or else the server's name.
func (o *Outbox) called() string { return cmp.Or(o.Organisation, o.Name) }

// write gives a letter's subject and text.
func (o *Outbox) write(l Letter) (subject, body string, err error) {
	is, ok := letters[l.Kind].in[l.To.Language]
	if !ok {
		return "", "", fmt.Errorf("there is no letter %q in %q", l.Kind, l.To.Language)
	}
	fill := strings.NewReplacer("{who}", o.called(), "{at}", o.At, "{link}", o.At+"/#/mail/"+l.Values["sid"]+"/"+l.Values["token"])
	return is.subject + " · " + o.called(), fill.Replace(is.body), nil
}

// Language is the first language of an Accept-Language header that letters are written in, or else the given one.
func Language(accept, otherwise string) string {
	for tag := range strings.SplitSeq(accept, ",") {
		tag, _, _ = strings.Cut(tag, ";")
		parts := strings.Split(strings.ToLower(strings.TrimSpace(tag)), "-")
		has := func(any ...string) bool {
			return slices.ContainsFunc(parts[1:], func(part string) bool { return slices.Contains(any, part) })
		}
		switch parts[0] {
		case "en", "ja":
			return parts[0]
		case "zh":
			if !has("hans") && has("hant", "tw", "hk", "mo") {
				return "zh-Hant"
			}
			return "zh-Hans"
		}
	}
	return cmp.Or(otherwise, config.MailLanguages[0])
}

package push_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/config"
	"wardroom/internal/push"
	"wardroom/internal/room"
)

// browser is a browser that has subscribed to its maker's push service.
type browser struct {
	key    *ecdh.PrivateKey
	secret []byte
}

var b64 = base64.RawURLEncoding

func newBrowser(t testing.TB) *browser {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(t, err)
	b := &browser{key: key, secret: make([]byte, 16)}
	_, _ = rand.Read(b.secret)
	return b
}

// pusher is the pusher that a client in the browser sets.
func (b *browser) pusher(url string) account.Pusher {
	text := func(s string) json.RawMessage { return json.RawMessage(`"` + s + `"`) }
	return account.Pusher{Kind: account.PushWeb, AppID: "org.example.web", Pushkey: b64.EncodeToString(b.key.PublicKey().Bytes()),
		Data: map[string]json.RawMessage{"url": text(url), "auth": text(b64.EncodeToString(b.secret))}}
}

// opens decrypts what the push service was given. Spec: RFC 8291, RFC 8188.
func (b *browser) opens(t testing.TB, sealed []byte) string {
	t.Helper()
	salt, size, sender := sealed[:16], binary.BigEndian.Uint32(sealed[16:20]), sealed[21:21+int(sealed[20])]
	if size != 4096 || len(sealed) > 4096 {
		t.Errorf("a record of %d, and %d bytes", size, len(sealed))
	}
	theirs, err := ecdh.P256().NewPublicKey(sender)
	must(t, err)
	shared, err := b.key.ECDH(theirs)
	must(t, err)
	derive := func(secret, salt []byte, info string, n int) []byte {
		out, err := hkdf.Key(sha256.New, secret, salt, info, n)
		must(t, err)
		return out
	}
	ikm := derive(shared, b.secret, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	must(t, err)
	gcm, err := cipher.NewGCM(block)
	must(t, err)
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed[21+int(sealed[20]):], nil)
	must(t, err)
	return strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02")
}

// signed checks the token by which a push service knows the server. Spec: RFC 8292.
func signed(t testing.TB, header, key, audience string) {
	t.Helper()
	token, of, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || of != key || len(parts) != 3 {
		t.Fatalf("the server shows itself by %s, want the key %s", header, key)
	}
	point, err := b64.DecodeString(key)
	must(t, err)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	must(t, err)
	sig, err := b64.DecodeString(parts[2])
	must(t, err)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		t.Error("the token is not signed by the key")
	}
	claims, err := b64.DecodeString(parts[1])
	must(t, err)
	if !strings.Contains(string(claims), `"aud":"`+audience+`"`) || !strings.Contains(string(claims), `"sub":"https://wardroom.test"`) {
		t.Errorf("the token says %s", claims)
	}
}

func TestABrowserAloneReadsWhatItIsPushed(t *testing.T) {
	o := open(t, 2)
	in := o.room(t, room.Wanted{})
	type got struct {
		header http.Header
		body   []byte
	}
	all := make(chan got, 10)
	var status atomic.Int64
	status.Store(201)
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(int(status.Load()))
		all <- got{r.Header, body}
	}))
	defer service.Close()
	b := newBrowser(t)
	must(t, o.accounts.SetPusher(t.Context(), o.people[1], b.pusher(service.URL+"/send/abc")))
	p := o.pushers(t, service)
	stop := run(t, p)
	var size int
	for i, txn := range []string{"a", "much longer than the first"} {
		said := o.say(t, 0, in, txn)
		g := <-all
		want := `{"event_id":"` + string(said) + `","room_id":"` + string(in) + `","prio":"high","counts":{"unread":` + string(rune('1'+i)) + `}}`
		if text := b.opens(t, g.body); text != want {
			t.Errorf("the browser reads %q, want %q", text, want)
		}
		if i > 0 && len(g.body) != size {
			t.Errorf("the push service sees %d bytes, and %d before", len(g.body), size)
		}
		size = len(g.body)
		signed(t, g.header.Get("Authorization"), p.Key(), service.URL)
		if g.header.Get("TTL") != "86400" || g.header.Get("Content-Encoding") != "aes128gcm" || g.header.Get("Topic") != "" {
			t.Errorf("it is sent with %v", g.header)
		}
	}
	stop()
	again := o.pushers(t, service)
	if again.Key() != p.Key() {
		t.Error("after a new start the server has another key: every browser would have to subscribe anew")
	}
	stop = run(t, again)
	status.Store(410)
	o.say(t, 0, in, "gone")
	<-all
	stop()
	if left, err := o.accounts.Pushers(t.Context(), o.people[1]); err != nil || len(left) != 0 {
		t.Errorf("a subscription that has ended leaves %s, %v", left, err)
	}
}

func TestAPusherThatNoBrowserCanHaveIsRefused(t *testing.T) {
	o := open(t, 1)
	const at = "https://push.example/send"
	for name, change := range map[string]func(*account.Pusher){
		"no URL":        func(p *account.Pusher) { delete(p.Data, "url") },
		"http":          func(p *account.Pusher) { p.Data["url"] = json.RawMessage(`"http://push.example/send"`) },
		"a user":        func(p *account.Pusher) { p.Data["url"] = json.RawMessage(`"https://a:b@push.example/send"`) },
		"no secret":     func(p *account.Pusher) { delete(p.Data, "auth") },
		"short secret":  func(p *account.Pusher) { p.Data["auth"] = json.RawMessage(`"AAAA"`) },
		"no key":        func(p *account.Pusher) { p.Pushkey = "phone" },
		"another kind":  func(p *account.Pusher) { p.Kind = "email" },
		"a large thing": func(p *account.Pusher) { p.Data["x"] = json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`) },
	} {
		p := newBrowser(t).pusher(at)
		change(&p)
		if err := o.accounts.SetPusher(t.Context(), o.people[0], p); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	must(t, o.accounts.SetPusher(t.Context(), o.people[0], newBrowser(t).pusher(at)))
}

func TestWhereNoBrowserCanBePushedToNoneIsAsked(t *testing.T) {
	o := open(t, 1)
	for words, want := range map[string]bool{"": false, "push.example": false, "browsers": true, "any": true, "push.example browsers": true} {
		h, err := config.ParseHosts(words)
		must(t, err)
		p := &push.Pushers{Disk: o.db, Ears: o.ears, Hub: o.hub, Hosts: h}
		must(t, p.Prepare(t.Context()))
		if (p.Vapid() != "") != want {
			t.Errorf("with %q, the key is %q", words, p.Vapid())
		}
	}
}

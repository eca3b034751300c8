package clientapi_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
)

const (
	ownAt  = "/_matrix/client/unstable/org.wardroom/"
	origin = "https://chat.example.org"
)

// key is an authenticator with one passkey, and what it may do wrong.
type key struct {
	private *ecdsa.PrivateKey
	id      []byte
	handle  string
	counter uint32

	origin  string // of the page it believes to be asked by
	host    string // whose passkey it is
	lenient bool   // it asks for no PIN and no finger
	modulus int    // bytes of the RSA key that it claims to have instead of its own; 0: none
}

func newKey(t testing.TB) *key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key{private: private, id: []byte(rand.Text()), origin: origin, host: "chat.example.org"}
}

var b64 = base64.RawURLEncoding.EncodeToString

// data is what the authenticator signs: whose passkey, how it was touched, how often.
//
// Spec: Web Authentication level 3, 6.1.
func (k *key) data(made bool) []byte {
	sum := sha256.Sum256([]byte(k.host))
	flags := byte(0x05) // somebody was there, and showed who they are
	if k.lenient {
		flags = 0x01
	}
	if made {
		flags |= 0x40
	}
	k.counter++
	out := binary.BigEndian.AppendUint32(append(sum[:], flags), k.counter)
	if !made {
		return out
	}
	out = binary.BigEndian.AppendUint16(append(out, make([]byte, 16)...), uint16(len(k.id)))
	out = append(out, k.id...)
	if k.modulus > 0 { // {1: 3, 3: -257, -1: modulus, -2: exponent}
		out = append(out, 0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59)
		out = binary.BigEndian.AppendUint16(out, uint16(k.modulus))
		out = append(out, bytes.Repeat([]byte{0xff}, k.modulus)...)
		return append(out, 0x21, 0x43, 1, 0, 1)
	}
	point, _ := k.private.PublicKey.Bytes() // 4, x, y
	out = append(out, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32)
	out = append(append(out, point[1:33]...), 0x22, 0x58, 32)
	return append(out, point[33:]...)
}

// asked is what a challenge says to a browser.
type asked struct {
	Challenge string
	Options   struct {
		Challenge        string
		RPID             string
		UserVerification string
		User             struct{ ID, Name string }
	}
}

func readAsked(t testing.TB, r reply) (a asked) {
	t.Helper()
	if r.status != 200 || json.Unmarshal(r.raw, &a) != nil || a.Challenge == "" || a.Options.Challenge == "" {
		t.Fatalf("asked for a passkey: %d %s", r.status, r.raw)
	}
	return a
}

func (k *key) client(kind string, a asked) []byte {
	data, _ := json.Marshal(object{"type": kind, "challenge": a.Options.Challenge, "origin": k.origin, "crossOrigin": false})
	return data
}

// make answers a request to make the passkey.
func (k *key) make(a asked) object {
	k.handle = a.Options.User.ID
	data := k.data(true)
	attestation := binary.BigEndian.AppendUint16([]byte("\xa3cfmtdnonegattStmt\xa0hauthData\x59"), uint16(len(data)))
	return object{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": object{
		"clientDataJSON": b64(k.client("webauthn.create", a)), "attestationObject": b64(append(attestation, data...)),
	}}
}

// show answers a request to show the passkey.
func (k *key) show(t testing.TB, a asked) object {
	t.Helper()
	data, client := k.data(false), k.client("webauthn.get", a)
	sum := sha256.Sum256(client)
	hash := sha256.Sum256(append(data[:len(data):len(data)], sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	return object{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": object{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": k.handle,
	}}
}

func (s *server) challenge(t testing.TB, body object) asked {
	t.Helper()
	return readAsked(t, s.call(t, "", "POST", ownAt+"passkey/challenge", body))
}

func (k *key) signIn(t testing.TB, s *server, a asked) reply {
	t.Helper()
	return s.call(t, "", "POST", ownAt+"passkey/login", object{"challenge": a.Challenge, "credential": k.show(t, a), "initial_device_display_name": "Browser", "refresh_token": true})
}

// adds has p add k, with the password.
func (p *person) adds(t testing.TB, k *key, name string) reply {
	t.Helper()
	a := readAsked(t, p.confirms(t, "POST", ownAt+"passkeys/begin", object{"type": "m.login.password", "user": p.user, "password": password}))
	return p.call(t, "POST", ownAt+"passkeys", object{"challenge": a.Challenge, "credential": k.make(a), "name": name})
}

// confirms sends a request, is asked to confirm it by password or passkey, and answers.
func (p *person) confirms(t testing.TB, method, path string, auth object) reply {
	t.Helper()
	asked := p.call(t, method, path, object{})
	if asked.status != 401 || !strings.Contains(string(asked.raw), `"flows":[{"stages":["m.login.password"]},{"stages":["org.wardroom.passkey"]}]`) {
		t.Fatalf("%s %s is not to be confirmed: %d %s", method, path, asked.status, asked.raw)
	}
	auth["session"] = asked.body["session"]
	return p.call(t, method, path, object{"auth": auth})
}

func newPasskeyServer(t testing.TB) *server {
	s := newServer(t)
	s.api.PublicURL = origin
	return s
}

func TestAPasskeySignsItsPersonIn(t *testing.T) {
	s := newPasskeyServer(t)
	lin, k := s.newPerson(t, "lin"), newKey(t)
	if r := lin.adds(t, k, "Blue key"); r.status != 200 || r.body["name"] != "Blue key" {
		t.Fatalf("adding: %d %s", r.status, r.raw)
	}
	a := s.challenge(t, object{})
	if a.Options.UserVerification != "required" || a.Options.RPID != "chat.example.org" {
		t.Errorf("the browser is asked for %+v", a.Options)
	}
	r := k.signIn(t, s, a)
	if r.status != 200 || r.body["user_id"] != string(lin.user) || text(r.body["refresh_token"]) == "" {
		t.Fatalf("signing in: %d %s", r.status, r.raw)
	}
	s.signedInWith(t, text(r.body["access_token"]))
	k.signIn(t, s, a).mustRefuse(t, 403, "M_FORBIDDEN") // a challenge is good for one answer
	if r := k.signIn(t, s, s.challenge(t, object{})); r.status != 200 {
		t.Errorf("another time: %d %s", r.status, r.raw)
	}
	bad := s.challenge(t, object{})
	s.call(t, "", "POST", ownAt+"passkey/login", object{"challenge": bad.Challenge, "credential": k.show(t, bad), "device_id": strings.Repeat("x", 300)}).mustRefuse(t, 400, "M_INVALID_PARAM")
	// It signs in to apps, too.
	app := s.newApp(t, "Harbour")
	a = s.challenge(t, object{})
	if r := s.call(t, "", "POST", oauthAt+"approve", object{"query": app.query("AAAAAAAAAA"), "challenge": a.Challenge, "credential": k.show(t, a)}); r.status != 200 || app.fetch(t, codeOf(t, r)).status != 200 {
		t.Errorf("signing in to an app: %d %s", r.status, r.raw)
	}
	list := lin.ok(t, "GET", ownAt+"passkeys", nil)["passkeys"].([]any)
	if len(list) != 1 || list[0].(object)["used_day"] == nil {
		t.Fatalf("the list is %v", list)
	}
	id := text(list[0].(object)["id"])
	lin.ok(t, "PUT", ownAt+"passkeys/"+id, object{"name": "Red key"})
	other := s.newPerson(t, "sato")
	other.refused(t, 404, "M_NOT_FOUND", "PUT", ownAt+"passkeys/"+id, object{"name": "mine"})
	if list := other.ok(t, "GET", ownAt+"passkeys", nil)["passkeys"].([]any); len(list) != 0 {
		t.Errorf("somebody else is shown %v", list)
	}
	if r := other.confirms(t, "DELETE", ownAt+"passkeys/"+id, object{"type": "m.login.password", "user": other.user, "password": password}); r.status != 404 {
		t.Errorf("somebody else removes it: %d %s", r.status, r.raw)
	}
	// With a passkey another one is added, and it is removed.
	c := s.challenge(t, object{"confirm": true})
	second := newKey(t)
	begun := readAsked(t, lin.confirms(t, "POST", ownAt+"passkeys/begin", object{"type": "org.wardroom.passkey", "challenge": c.Challenge, "credential": k.show(t, c)}))
	if begun.Options.User.ID != k.handle {
		t.Error("an authenticator would take the account for two")
	}
	lin.ok(t, "POST", ownAt+"passkeys", object{"challenge": begun.Challenge, "credential": second.make(begun), "name": "Second"})
	if r := lin.confirms(t, "DELETE", ownAt+"passkeys/"+id, object{"type": "m.login.password", "user": lin.user, "password": password}); r.status != 200 {
		t.Fatalf("removing: %d %s", r.status, r.raw)
	}
	k.signIn(t, s, s.challenge(t, object{})).mustRefuse(t, 403, "M_FORBIDDEN")
	if r := second.signIn(t, s, s.challenge(t, object{})); r.status != 200 {
		t.Errorf("the other passkey: %d %s", r.status, r.raw)
	}
	// The login of old is as it was.
	lin.secondDevice(t)
	s.call(t, "", "POST", login, object{"type": "org.wardroom.passkey", "user": "lin"}).mustRefuse(t, 400, "M_UNKNOWN")
}

// Checking a signature takes the longer the larger the key is, and it is the server that checks.
func TestAPasskeyWithAHugeKeyIsNotKept(t *testing.T) {
	s := newPasskeyServer(t)
	lin, k := s.newPerson(t, "lin"), newKey(t)
	k.modulus = 12_000
	lin.adds(t, k, "Huge").mustRefuse(t, 400, "M_INVALID_PARAM")
	k.modulus = 256
	if r := lin.adds(t, k, "RSA"); r.status != 200 {
		t.Errorf("an RSA key of 2,048 bits: %d %s", r.status, r.raw)
	}
}

// Whoever signs everybody else out of their account, because somebody may have been in it, ends what those have added too.
func TestANewPasswordThatSignsOutEndsPasskeys(t *testing.T) {
	s := newPasskeyServer(t)
	lin, k := s.newPerson(t, "lin"), newKey(t)
	lin.adds(t, k, "Added by whoever knew the password")
	change := func(signOut bool, is, next string) {
		t.Helper()
		r := lin.call(t, "POST", "/_matrix/client/v3/account/password", object{"new_password": next, "logout_devices": signOut})
		r = lin.call(t, "POST", "/_matrix/client/v3/account/password", object{"new_password": next, "logout_devices": signOut,
			"auth": object{"type": "m.login.password", "user": lin.user, "password": is, "session": r.body["session"]}})
		if r.status != 200 {
			t.Fatalf("changing the password: %d %s", r.status, r.raw)
		}
	}
	change(false, password, "another long sentence of seven words")
	if r := k.signIn(t, s, s.challenge(t, object{})); r.status != 200 {
		t.Errorf("where nobody was signed out: %d %s", r.status, r.raw)
	}
	change(true, "another long sentence of seven words", "one more long sentence of seven words")
	k.signIn(t, s, s.challenge(t, object{})).mustRefuse(t, 403, "M_FORBIDDEN")
}

func TestWhatIsNoProofOfAPasskey(t *testing.T) {
	s := newPasskeyServer(t)
	lin, sato, k := s.newPerson(t, "lin"), s.newPerson(t, "sato"), newKey(t)
	if r := lin.adds(t, k, ""); r.status != 200 {
		t.Fatalf("adding: %d %s", r.status, r.raw)
	}
	his := newKey(t)
	if r := sato.adds(t, his, ""); r.status != 200 {
		t.Fatalf("adding: %d %s", r.status, r.raw)
	}
	stranger := *k
	stranger.private = newKey(t).private
	cases := map[string]func(*key){
		"another page":                   func(k *key) { k.origin = "https://chat.example.org.evil.net" },
		"another host's":                 func(k *key) { k.host = "evil.net" },
		"the host for approvals":         func(k *key) { k.host = "approve.chat.example.org" },
		"nobody showed who they are":     func(k *key) { k.lenient = true },
		"a copy, which has counted less": func(k *key) { k.counter = 0 },
		"another person's account":       func(k *key) { k.handle = his.handle },
		"no account":                     func(k *key) { k.handle = "" },
		"a key that is not known":        func(k *key) { k.id = []byte("somebody else's") },
		"signed by something else":       func(k *key) { k.private = stranger.private },
		"as another person's credential": func(k *key) { k.id = his.id },
	}
	for what, change := range cases {
		wrong := *k
		change(&wrong)
		wrong.signIn(t, s, s.challenge(t, object{})).mustRefuse(t, 403, "M_FORBIDDEN")
		if t.Failed() {
			t.Fatal(what)
		}
	}
	k.counter += 100
	// What was made for one purpose answers no other.
	confirm := s.challenge(t, object{"confirm": true})
	k.signIn(t, s, confirm).mustRefuse(t, 403, "M_FORBIDDEN")
	in := s.challenge(t, object{})
	lin.confirms(t, "POST", ownAt+"passkeys/begin", object{"type": "org.wardroom.passkey", "challenge": in.Challenge, "credential": k.show(t, in)}).mustRefuse(t, 401, "M_FORBIDDEN")
	// One confirms with one's own.
	confirm = s.challenge(t, object{"confirm": true})
	lin.confirms(t, "POST", ownAt+"passkeys/begin", object{"type": "org.wardroom.passkey", "challenge": confirm.Challenge, "credential": his.show(t, confirm)}).mustRefuse(t, 401, "M_FORBIDDEN")
	// What is confirmed elsewhere is confirmed by password alone, as before.
	confirm = s.challenge(t, object{"confirm": true})
	lin.call(t, "POST", deactivate, object{"auth": object{"type": "org.wardroom.passkey", "challenge": confirm.Challenge, "credential": k.show(t, confirm)}}).mustRefuse(t, 401, "M_UNRECOGNIZED")
	// And what is none at all.
	for _, body := range []any{object{}, object{"challenge": "x", "credential": nil}, object{"challenge": s.challenge(t, object{}).Challenge, "credential": object{"id": "x"}}} {
		s.call(t, "", "POST", ownAt+"passkey/login", body).mustRefuse(t, 403, "M_FORBIDDEN")
	}
	// A passkey is made for who began, where they began, and asks who one is.
	for what, change := range map[string]func(*key){"page": func(k *key) { k.origin = "https://evil.net" }, "host": func(k *key) { k.host = "evil.net" }, "lenient": func(k *key) { k.lenient = true }, "there": func(n *key) { n.id = k.id }} {
		wrong := newKey(t)
		change(wrong)
		if r := lin.adds(t, wrong, ""); r.status != 400 {
			t.Errorf("adding, %s: %d %s", what, r.status, r.raw)
		}
	}
	begun := readAsked(t, lin.confirms(t, "POST", ownAt+"passkeys/begin", object{"type": "m.login.password", "user": lin.user, "password": password}))
	sato.refused(t, 400, "M_INVALID_PARAM", "POST", ownAt+"passkeys", object{"challenge": begun.Challenge, "credential": newKey(t).make(begun)})
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", ownAt+"passkeys", object{"challenge": begun.Challenge, "credential": newKey(t).make(begun)}) // spent
	if r := k.signIn(t, s, s.challenge(t, object{})); r.status != 200 {
		t.Errorf("after all that the passkey itself: %d %s", r.status, r.raw)
	}
}

func TestPasskeysGoWithTheirAccountAndNeedAName(t *testing.T) {
	s := newPasskeyServer(t)
	lin, k := s.newPerson(t, "lin"), newKey(t)
	lin.adds(t, k, "")
	if r := lin.confirmed(t, "POST", deactivate, object{}, password); r.status != 200 {
		t.Fatalf("closing the account: %d %s", r.status, r.raw)
	}
	k.signIn(t, s, s.challenge(t, object{})).mustRefuse(t, 403, "M_FORBIDDEN")
	s.api.PublicURL = "http://192.0.2.1"
	s.call(t, "", "POST", ownAt+"passkey/challenge", object{}).mustRefuse(t, 400, "M_UNKNOWN")
	s.api.PublicURL, s.api.Unlimited = origin, false
	refused := 0
	for range 100 {
		if r := s.call(t, "", "POST", ownAt+"passkey/challenge", object{}); r.status == 429 {
			refused++
		}
	}
	if refused < 30 {
		t.Errorf("of 100 challenges for one address %d were refused", refused)
	}
}

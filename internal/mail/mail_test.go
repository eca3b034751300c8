package mail_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/mail"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
	"wardroom/test/rig"
)

// office is an outbox over a store, and a mailbox that its letters go to.
type office struct {
	*mail.Outbox
	db  *store.DB
	box *rig.Mailbox
	log *bytes.Buffer
}

func newOffice(t *testing.T, how string) *office {
	t.Helper()
	db, hub := storetest.OpenDir(t, t.TempDir())
	page := httptest.NewTLSServer(nil)
	t.Cleanup(page.Close)
	var secure *tls.Config
	if how != config.Off {
		secure = page.TLS
	}
	box, err := rig.NewMailbox(secure, how == config.Implicit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	o := &office{db: db, box: box, log: &bytes.Buffer{}}
	o.Outbox = &mail.Outbox{
		Disk: db, Hub: hub, Log: slog.New(slog.NewTextHandler(o.log, nil)), Name: "wardroom.test", At: "https://wardroom.test", Organisation: "隼湾港务局",
		Conf: config.Mail{Server: box.At, TLS: how, From: "chat@wardroom.test"},
		TLS:  &tls.Config{RootCAs: page.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
	}
	return o
}

func (o *office) queue(t *testing.T, lang string, kind mail.Kind) {
	t.Helper()
	err := o.db.Do(t.Context(), func(u stream.Unit) error {
		return o.QueueTo(u, mail.Address{Mail: "lin@example.org", Language: lang}, kind, map[string]string{"sid": "SID", "token": "TOKEN"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// waiting is what is in the outbox, whenever it is due.
func (o *office) waiting(t *testing.T) (all []mail.Letter) {
	t.Helper()
	err := o.db.View(t.Context(), func(v stream.View) (err error) {
		all, err = o.db.DueLetters(v, time.Now().Add(1000*time.Hour).UnixMilli(), 100)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// step sends what is due.
func (o *office) step(t *testing.T) (next time.Time) {
	t.Helper()
	next, err := o.Step(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// read gives the subject and the text of a letter.
func read(t *testing.T, c rig.Caught) (*netmail.Message, string, string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(c.Text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || m.Header.Get("Content-Transfer-Encoding") != "quoted-printable" || !strings.HasPrefix(m.Header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%v, %v", m.Header, err)
	}
	return m, subject, string(text)
}

func TestALetterGoesOutEncrypted(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("quiet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{config.StartTLS, config.Implicit, config.Off} {
		t.Run(how, func(t *testing.T) {
			o := newOffice(t, how)
			if how != config.Off {
				o.Conf.User, o.Conf.PasswordFile = "wardroom", secret
			}
			if err := o.Try(t.Context()); err != nil {
				t.Errorf("trying: %v", err)
			}
			o.queue(t, "en", mail.NewPassword)
			o.step(t)
			if len(o.box.C) != 1 || len(o.waiting(t)) != 0 {
				t.Fatalf("%d letters came and %d wait; %s", len(o.box.C), len(o.waiting(t)), o.log)
			}
			got := <-o.box.C
			m, subject, text := read(t, got)
			if got.To != "TO:<lin@example.org>" || !strings.HasPrefix(got.From, "FROM:<chat@wardroom.test>") || !strings.Contains(subject, "A new password was asked for") {
				t.Errorf("%+v", got)
			}
			if !strings.Contains(text, "https://wardroom.test/#/mail/SID/TOKEN\r\n") {
				t.Errorf("it has no link: %s", text)
			}
			if m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("User-Agent") != "" || m.Header.Get("X-Mailer") != "" || !strings.HasSuffix(m.Header.Get("Message-Id"), "@wardroom.test>") {
				t.Errorf("%v", m.Header)
			}
			if host, _ := os.Hostname(); host != "" && strings.Contains(got.Text, host) {
				t.Errorf("it says what this machine is called: %s", got.Text)
			}
			if signed := o.box.Signed(); how != config.Off && len(signed) != 2 { // once to try
				t.Errorf("signed in with %v", signed)
			}
			o.step(t)
			if len(o.box.C) != 0 {
				t.Error("it was sent twice")
			}
		})
	}
}

func TestNothingIsSaidToAServerThatDoesNotEncrypt(t *testing.T) {
	o := newOffice(t, config.Off)
	for _, how := range []string{config.StartTLS, config.Implicit} {
		o.Conf.TLS = how
		o.queue(t, "en", mail.NewPassword)
		o.step(t)
		if err := o.Try(t.Context()); err == nil {
			t.Errorf("%s: trying went well", how)
		}
	}
	if len(o.box.C) != 0 || len(o.waiting(t)) != 2 {
		t.Errorf("%d letters came, %d wait", len(o.box.C), len(o.waiting(t)))
	}
	o = newOffice(t, config.StartTLS)
	o.TLS = nil // its certificate is not trusted here
	o.queue(t, "en", mail.NewPassword)
	o.step(t)
	if len(o.box.C) != 0 || len(o.waiting(t)) != 1 {
		t.Errorf("%d letters came, %d wait", len(o.box.C), len(o.waiting(t)))
	}
}

func TestEveryLetterIsInFourLanguagesAndSaysNothingMore(t *testing.T) {
	o := newOffice(t, config.Off)
	address := regexp.MustCompile(`\d+\.\d+\.\d+|@\w+:|!\w+:`)
	seen := map[string]bool{}
	for _, kind := range []mail.Kind{mail.ConfirmAddress, mail.AddressTaken, mail.AddressRemoved, mail.NewPassword, mail.PasswordReset, mail.Warrant} {
		for _, lang := range config.MailLanguages {
			o.queue(t, lang, kind)
			o.step(t)
			if len(o.box.C) != 1 {
				t.Fatalf("%s in %s: %s", kind, lang, o.log)
			}
			_, subject, text := read(t, <-o.box.C)
			if seen[subject] || seen[text] {
				t.Errorf("%s in %s is like another one: %s", kind, lang, text)
			}
			seen[subject], seen[text] = true, true
			if !strings.Contains(text, "隼湾港务局") || !strings.Contains(text, "https://wardroom.test") || strings.ContainsAny(text, "{}") || address.MatchString(text) {
				t.Errorf("%s in %s: %s", kind, lang, text)
			}
			if linked := kind == mail.ConfirmAddress || kind == mail.NewPassword; linked != strings.Contains(text, "/#/mail/SID/TOKEN") {
				t.Errorf("%s in %s: %s", kind, lang, text)
			}
		}
	}
}

func TestALetterIsTriedAgainAndGivenUp(t *testing.T) {
	o := newOffice(t, config.Off)
	o.box.Answer("450 4.2.1 lin@example.org is busy")
	o.queue(t, "en", mail.PasswordReset)
	next := o.step(t)
	if left := o.waiting(t); len(left) != 1 || left[0].Tries != 1 || time.Until(next) <= 0 || time.Until(next) > time.Minute {
		t.Fatalf("%+v, next %v; %s", left, next, o.log)
	}
	o.box.Answer("")
	o.due(t)
	if o.step(t); len(o.box.C) != 1 || len(o.waiting(t)) != 0 {
		t.Errorf("later %d came, %d wait", len(o.box.C), len(o.waiting(t)))
	}
	<-o.box.C
	o.box.Answer("550 5.1.1 there is no lin@example.org")
	o.queue(t, "en", mail.PasswordReset)
	if o.step(t); len(o.waiting(t)) != 0 {
		t.Errorf("one that is refused for good waits: %+v", o.waiting(t))
	}
	o.box.Close() // nothing listens
	o.queue(t, "en", mail.NewPassword)
	tries := 0
	for ; len(o.waiting(t)) == 1 && tries < 20; tries++ {
		o.step(t)
		o.due(t)
	}
	if tries < 3 || tries > 15 {
		t.Errorf("it was given up after %d tries", tries)
	}
	if strings.Contains(o.log.String(), "lin@") || !strings.Contains(o.log.String(), "given up") {
		t.Errorf("the log says %s", o.log)
	}
}

// due lets as much time pass as a letter waits for.
func (o *office) due(t *testing.T) {
	t.Helper()
	err := o.db.Do(t.Context(), func(u stream.Unit) error {
		all, err := o.db.DueLetters(u, u.Now().Add(1000*time.Hour).UnixMilli(), 100)
		for _, l := range all {
			waits := l.DueMS - u.Now().UnixMilli()
			l.DueMS, l.UntilMS = u.Now().UnixMilli(), l.UntilMS-waits
			if err := o.db.DropLetter(u, l.ID); err != nil {
				return err
			}
			if err := o.db.AddLetter(u, l); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestALetterToNobodyIsNotSent(t *testing.T) {
	o := newOffice(t, config.Off)
	err := o.db.Do(t.Context(), func(u stream.Unit) error {
		if err := o.Queue(u, 7, mail.PasswordReset, nil); err != nil { // who has no address
			return err
		}
		return o.Nobody(u, mail.NewPassword, map[string]string{"sid": "SID", "token": "TOKEN"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(o.waiting(t)); n != 1 {
		t.Errorf("%d wait", n)
	}
	if o.step(t); len(o.box.C) != 0 || len(o.waiting(t)) != 0 || o.log.Len() > 0 {
		t.Errorf("%d came, %d wait; %s", len(o.box.C), len(o.waiting(t)), o.log)
	}
}

func TestOfSeveralServersOneSendsAtOnce(t *testing.T) {
	o := newOffice(t, config.Off)
	o.Beside = true
	other := *o.Outbox
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for _, one := range []*mail.Outbox{o.Outbox, &other} {
		go func() { ended <- one.Run(ctx) }()
	}
	for range 3 {
		o.queue(t, "ja", mail.NewPassword)
		<-o.box.C // woken by the commit
	}
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if len(o.box.C) != 0 || len(o.waiting(t)) != 0 {
		t.Errorf("%d came twice, %d wait", len(o.box.C), len(o.waiting(t)))
	}
}

func TestTheLanguageOfALetter(t *testing.T) {
	for accept, want := range map[string]string{
		"": "ja", "fr": "ja", "en-GB,en;q=0.9": "en", "fr, zh-TW;q=0.5": "zh-Hant", "zh": "zh-Hans", "zh-Hans-HK": "zh-Hans", "zh-Hant": "zh-Hant", "ja-JP": "ja", ";,-": "ja",
	} {
		if got := mail.Language(accept, "ja"); got != want {
			t.Errorf("%q: %s, not %s", accept, got, want)
		}
	}
}

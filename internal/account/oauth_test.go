package account_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

const verifier, back = "a-verifier-of-at-least-forty-three-characters-0", "https://example.org/back"

// codeFor has lin approve that a client signs a device in, and gives the code.
func codeFor(t testing.TB, a *account.Accounts, client account.Client, device string) (string, error) {
	t.Helper()
	who, err := a.ProvePassword(t.Context(), "lin", password)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(verifier))
	asked, err := a.Asked(t.Context(), "https://wardroom.test/", url.Values{
		"client_id": {client.ID}, "redirect_uri": {back}, "response_type": {"code"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "scope": {"urn:matrix:client:api:* urn:matrix:client:device:" + device},
	})
	if err != nil {
		return "", err
	}
	to, err := a.Approve(t.Context(), who, asked)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return at.Query().Get("code"), nil
}

func TestACodeLastsForAMinuteAndAnAppAsLongAsItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := signedUp(t)
		app := account.ClientMetadata{URI: "https://example.org", RedirectURIs: []string{back}}
		client, _, err := a.RegisterClient(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		try := func(wait time.Duration) error {
			code, err := codeFor(t, a, client, "AAAAAAAAAA")
			if err != nil {
				return err
			}
			time.Sleep(wait)
			_, _, err = a.Exchange(t.Context(), code, client.ID, back, verifier)
			return err
		}
		if err := try(time.Minute); err == nil {
			t.Error("a code is good for more than a minute")
		}
		if err := try(59 * time.Second); err != nil {
			t.Error(err)
		}
		tidy := func(after time.Duration) {
			time.Sleep(after)
			if err := a.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tidy(179 * 24 * time.Hour)
		if err := try(0); err != nil {
			t.Errorf("an app was forgotten that somebody is signed in with: %v", err)
		}
		tidy(170 * 24 * time.Hour)
		if err := a.EndUnused(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := try(0); err != nil {
			t.Errorf("an app was forgotten that is not unused for long enough: %v", err)
		}
	})
}

func TestAnAppThatNobodyUsesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := signedUp(t)
		app := account.ClientMetadata{URI: "https://example.org", RedirectURIs: []string{"https://example.org/back"}}
		for _, wait := range []time.Duration{0, 29 * 24 * time.Hour, 31 * 24 * time.Hour} {
			time.Sleep(wait)
			if err := a.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, fresh, err := a.RegisterClient(t.Context(), app)
			if err != nil {
				t.Fatal(err)
			}
			if want := wait != 29*24*time.Hour; fresh != want {
				t.Errorf("after %v it is new: %v", wait, fresh)
			}
		}
	})
}

func TestARefreshTokenThatComesAgainEndsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, first := signedUp(t)
		client, _, err := a.RegisterClient(t.Context(), account.ClientMetadata{URI: "https://example.org", RedirectURIs: []string{back}})
		if err != nil {
			t.Fatal(err)
		}
		code, err := codeFor(t, a, client, "AAAAAAAAAA")
		if err != nil {
			t.Fatal(err)
		}
		old, _, err := a.Exchange(t.Context(), code, client.ID, back, verifier)
		if err != nil {
			t.Fatal(err)
		}
		renew := func(token string) account.Grant {
			t.Helper()
			g, err := a.RefreshOAuth(t.Context(), token, client.ID)
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		refused := func(token, by string) {
			t.Helper()
			if _, err := a.RefreshOAuth(t.Context(), token, by); err == nil {
				t.Error("a token that is not valid was renewed")
			}
		}
		lives := func(what string, g account.Grant) {
			t.Helper()
			if _, err := a.Session(t.Context(), g.Access); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		// An answer that was lost: nobody has used what was in it.
		renew(old.Refresh)
		time.Sleep(8 * time.Hour)
		now := renew(old.Refresh)
		lives("after a lost answer", now)
		// An app that asks twice at once, and comes back with what it was told first.
		time.Sleep(time.Hour)
		gone := renew(now.Refresh)
		now = renew(now.Refresh)
		lives("asked twice", now)
		refused(gone.Refresh, client.ID)
		lives("asked twice, and came back with the first", now)

		time.Sleep(time.Minute)
		refused(old.Refresh, "another client")
		refused(now.Access, client.ID)
		_, mark, _ := strings.Cut(now.Refresh, ".")
		refused("made-up", client.ID)
		refused("made-up."+mark+"0", client.ID)
		a.Lost = stream.Token{0, stream.Position(time.Now().UnixMicro())}
		refused(old.Refresh, client.ID)
		a.Lost = nil
		lives("what is no token of this session, or was perhaps lost in a restore", now)

		refused(old.Refresh, client.ID)
		if _, err := a.Session(t.Context(), now.Access); err == nil {
			t.Error("whoever has the later tokens is still in")
		}
		refused(now.Refresh, client.ID)
		again, err := a.Refresh(t.Context(), first.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		lives("the person's other device", again)
	})
}

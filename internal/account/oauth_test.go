package account_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"wardroom/internal/account"
)

func TestACodeLastsForAMinuteAndAnAppAsLongAsItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := signedUp(t)
		const verifier, back = "a-verifier-of-at-least-forty-three-characters-0", "https://example.org/back"
		sum := sha256.Sum256([]byte(verifier))
		app := account.ClientMetadata{URI: "https://example.org", RedirectURIs: []string{back}}
		client, _, err := a.RegisterClient(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		try := func(wait time.Duration) error {
			who, err := a.ProvePassword(t.Context(), "lin", password)
			if err != nil {
				t.Fatal(err)
			}
			asked, err := a.Asked(t.Context(), "https://wardroom.test/", url.Values{
				"client_id": {client.ID}, "redirect_uri": {back}, "response_type": {"code"}, "code_challenge_method": {"S256"},
				"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "scope": {"urn:matrix:client:api:* urn:matrix:client:device:AAAAAAAAAA"},
			})
			if err != nil {
				return err
			}
			to, err := a.Approve(t.Context(), who, asked)
			if err != nil {
				t.Fatal(err)
			}
			at, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			_, _, err = a.Exchange(t.Context(), at.Query().Get("code"), client.ID, back, verifier)
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

package config_test

import (
	"testing"

	"wardroom/internal/config"
)

func TestOnlyHostsThatAreNamedArePushedTo(t *testing.T) {
	for _, c := range []struct {
		words, host string
		port        int
		ok, private bool
	}{
		{"", "push.example", 443, false, false},
		{"push.example", "push.example", 443, true, true},
		{"Push.Example", "PUSH.example.", 443, true, true},
		{"push.example", "push.example", 8443, false, false},
		{"push.example:8443", "push.example", 8443, true, true},
		{"push.example", "evil.push.example", 443, false, false},
		{"[::1]:8443 10.0.0.1", "::1", 8443, true, true},
		{"[::1]:8443 10.0.0.1", "10.0.0.1", 443, true, true},
		{"browsers", "fcm.googleapis.com", 443, true, false},
		{"browsers", "updates.push.services.mozilla.com", 443, true, false},
		{"browsers", "push.services.mozilla.com.evil.example", 443, false, false},
		{"browsers", "evilnotify.windows.com", 443, false, false},
		{"browsers", "fcm.googleapis.com", 22, false, false},
		{"browsers", "push.example", 443, false, false},
		{"any", "push.example", 443, true, false},
		{"any", "push.example", 22, false, false},
	} {
		h, err := config.ParseHosts(c.words)
		if err != nil {
			t.Fatal(err)
		}
		if ok, private := h.Allow(c.host, c.port); ok != c.ok || private != c.private {
			t.Errorf("%q, %s:%d: %t, %t", c.words, c.host, c.port, ok, private)
		}
	}
	if _, err := config.ParseHosts("https://push.example/"); err == nil {
		t.Error("an address is taken for a host")
	}
}

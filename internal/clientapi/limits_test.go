package clientapi

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEveryRouteHasALimit(t *testing.T) {
	for _, rt := range (&API{}).routes() {
		if rt.limit < general || rt.limit > mailing {
			t.Errorf("%s %s has no limit", rt.method, rt.path)
		}
		if rt.access == open && (rt.limit >= reading && rt.limit <= costly) {
			t.Errorf("%s %s is counted by person but open to nobody in particular", rt.method, rt.path)
		}
	}
}

func TestABurstIsServedThenOneForEachPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		r := rate{burst: 3, pause: time.Second}
		for i := range 3 {
			if wait := l.take(r, "lin", 1); wait != 0 {
				t.Fatalf("call %d has to wait %v", i+1, wait)
			}
		}
		if wait := l.take(r, "lin", 1); wait != time.Second {
			t.Errorf("after the burst the wait is %v, want 1s", wait)
		}
		if wait := l.take(r, "sato", 1); wait != 0 {
			t.Errorf("somebody else has to wait %v", wait)
		}
		time.Sleep(time.Second)
		if wait := l.take(r, "lin", 1); wait != 0 {
			t.Errorf("after the pause the wait is %v, want none", wait)
		}
		if wait := l.take(r, "lin", 1); wait != time.Second {
			t.Errorf("the second call after the pause waits %v, want 1s", wait)
		}
		l.giveBack(r, "lin")
		if wait := l.take(r, "lin", 1); wait != 0 {
			t.Errorf("after giving one back the wait is %v, want none", wait)
		}
	})
}

func TestLimitsRememberABoundedNumberForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		r := rate{burst: 1, pause: 2 * time.Hour}
		for i := range maxBuckets + 100 {
			l.take(r, string(binary.BigEndian.AppendUint64(nil, uint64(i))), 1)
		}
		if n := len(l.buckets[r]); n > maxBuckets {
			t.Errorf("%d buckets are remembered, want at most %d", n, maxBuckets)
		}
		key := l.key
		time.Sleep(time.Hour)
		l.take(r, "lin", 1)
		if n := len(l.buckets[r]); n != 1 || l.key == key {
			t.Errorf("after an hour %d buckets are remembered, same key %v; want 1 and a new key", n, l.key == key)
		}
	})
}

func TestClientAddress(t *testing.T) {
	direct, proxied := &API{}, &API{Proxied: true}
	for _, c := range []struct {
		api                      *API
		remote, forwarded, other string
		same                     bool
	}{
		{direct, "192.0.2.1:1000", "", "192.0.2.1:2000", true},
		{direct, "192.0.2.1:1000", "", "192.0.2.2:1000", false},
		{direct, "127.0.0.1:1000", "198.51.100.7", "127.0.0.1:1000", true}, // anybody can write that
		{proxied, "192.0.2.1:1000", "198.51.100.7", "192.0.2.1:1000", true},
		{proxied, "127.0.0.1:1000", "203.0.113.9, 198.51.100.7", "198.51.100.7:1", true},
		{proxied, "[::ffff:172.18.0.2]:1000", "198.51.100.7", "198.51.100.7:1", true},
		{proxied, "127.0.0.1:1000", "rubbish", "127.0.0.1:2", true},
		{direct, "[2001:db8:1:2::3]:1000", "", "[2001:db8:1:2:ffff::9]:1", true},
		{direct, "[2001:db8:1:2::3]:1000", "", "[2001:db8:1:3::3]:1", false},
		{direct, "[::ffff:192.0.2.1]:1", "", "192.0.2.1:1", true},
	} {
		one := &request{Request: &http.Request{RemoteAddr: c.remote, Header: http.Header{}}}
		if c.forwarded != "" {
			one.Header.Set("X-Forwarded-For", c.forwarded)
		}
		two := &request{Request: &http.Request{RemoteAddr: c.other, Header: http.Header{}}}
		if got := c.api.address(one) == c.api.address(two); got != c.same {
			t.Errorf("%s (forwarded %q, proxied %v) and %s counted as one: %v, want %v", c.remote, c.forwarded, c.api.Proxied, c.other, got, c.same)
		}
	}
}

func TestNoAddressIsForAdministrators(t *testing.T) {
	for _, rt := range (&API{}).routes() {
		for part := range strings.SplitSeq(rt.path, "/") {
			switch part {
			case "admin", "_synapse", "_dendrite", "suspend", "lock", "moderation":
				t.Errorf("%s %s: acts of power are warrants; see docs/decisions/no-administrator.md", rt.method, rt.path)
			}
		}
	}
}

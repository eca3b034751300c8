package clientapi_test

import (
	"net/url"
	"testing"
)

// A pusher's names are looked up as text, and not every database has a text with NUL in it.
func TestAPusherHasNoNULInItsNames(t *testing.T) {
	s := newServer(t)
	s.api.Accounts.MayPush = func(*url.URL) bool { return true }
	lin := s.newPerson(t, "lin")
	pusher := func(app, key string) object {
		return object{"kind": "http", "app_id": app, "pushkey": key, "app_display_name": "a", "device_display_name": "d", "lang": "en",
			"data": object{"url": "https://push.example/_matrix/push/v1/notify"}}
	}
	lin.ok(t, "POST", "/_matrix/client/v3/pushers/set", pusher("a", "b"))
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", "/_matrix/client/v3/pushers/set", pusher("a\x00", "b"))
	lin.refused(t, 400, "M_INVALID_PARAM", "POST", "/_matrix/client/v3/pushers/set", pusher("a", "b\x00"))
}

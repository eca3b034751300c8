package device_test

import (
	"fmt"
	"slices"
	"testing"

	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func lists(t *testing.T, w *devicetest.World, me mxid.User, from, to stream.Position) (changed, left []mxid.User) {
	t.Helper()
	w.View(func(v stream.View) (err error) { changed, left, err = w.Lists(v, me, from, to); return err })
	return changed, left
}

func TestDeviceListsChangedOnDeviceKeys(t *testing.T) {
	w := devicetest.New(t)
	d := w.Device(lin, "PHONE")
	w.Device(aiko, "PHONE")
	w.Device(maria, "PHONE")
	w.Member("!a", lin, "join")
	w.Member("!a", aiko, "join")
	w.Member("!b", maria, "join")
	before := w.Upto()
	sharing, stranger := w.Hub.Subscribe("!a"), w.Hub.Subscribe("!b")
	defer sharing.Close()
	defer stranger.Close()
	w.Upload(d, device.Upload{DeviceKeys: d.Keys()})
	woken(t, sharing)
	select {
	case <-stranger.C:
		t.Error("a room that is not shared was woken")
	default:
	}
	for user, want := range map[mxid.User][]mxid.User{lin: {lin}, aiko: {lin}, maria: {}} {
		if changed, left := lists(t, w, user, before, w.Upto()); !slices.Equal(changed, want) || len(left) != 0 {
			t.Errorf("%s: changed %v, left %v; want changed %v", user, changed, left, want)
		}
	}
	after := w.Upto()
	w.Upload(d, device.Upload{DeviceKeys: d.Keys()}) // nothing new
	if changed, _ := lists(t, w, aiko, after, w.Upto()); len(changed) != 0 {
		t.Errorf("changed %v after the same keys were uploaded again, want nobody", changed)
	}
}

func TestDeviceListsChangedOnANewlySharedRoomAndLeftWhenNothingIsShared(t *testing.T) {
	w := devicetest.New(t)
	for _, user := range []mxid.User{lin, aiko, maria} {
		w.Published(user, "PHONE", 0)
	}
	w.Member("!a", lin, "join")
	w.Member("!b", lin, "join")
	w.Member("!b", maria, "join")
	check := func(what string, me mxid.User, from stream.Position, changed, left []mxid.User) {
		t.Helper()
		c, l := lists(t, w, me, from, w.Upto())
		if !slices.Equal(c, changed) || !slices.Equal(l, left) {
			t.Errorf("%s: %s has changed %v, left %v; want %v, %v", what, me, c, l, changed, left)
		}
	}
	start := w.Upto()
	w.Member("!a", aiko, "invite")
	check("an invitation", lin, start, nil, nil)
	w.Member("!a", aiko, "join")
	check("she joins", lin, start, []mxid.User{aiko}, nil)
	check("she joins", aiko, start, []mxid.User{aiko, lin}, nil)
	check("she joins", maria, start, nil, nil)
	joined := w.Upto()
	w.Member("!a", aiko, "join") // a new name, say
	check("she changes her name", lin, joined, nil, nil)
	w.Member("!b", aiko, "join")
	check("a second room", lin, joined, nil, nil)
	check("a second room", maria, joined, []mxid.User{aiko}, nil)
	second := w.Upto()
	w.Member("!a", aiko, "leave")
	check("one room left", lin, second, nil, nil)
	w.Member("!b", aiko, "ban")
	check("both rooms left", lin, second, nil, []mxid.User{aiko})
	check("both rooms left", maria, second, nil, []mxid.User{aiko})
	check("both rooms left", aiko, second, nil, []mxid.User{lin, maria})
	check("from the start", lin, start, nil, nil)
}

func TestDeviceListsAreTheSameSetwise(t *testing.T) {
	w := devicetest.New(t)
	w.Published(lin, "PHONE", 0)
	w.Member("!a", lin, "join")
	start := w.Upto()
	const many = 100
	for i := range many {
		user := mxid.User(fmt.Sprintf("@u%03d:localhost", i))
		w.Published(user, "PHONE", 0)
		w.Member("!a", user, "join")
	}
	joined := w.Upto()
	if changed, left := lists(t, w, lin, start, joined); len(changed) != many || len(left) != 0 {
		t.Errorf("%d changed, %d left; want %d, 0", len(changed), len(left), many)
	}
	for i := range many {
		w.Member("!a", mxid.User(fmt.Sprintf("@u%03d:localhost", i)), "leave")
	}
	if changed, left := lists(t, w, lin, joined, w.Upto()); len(changed) != 0 || len(left) != many {
		t.Errorf("%d changed, %d left; want 0, %d", len(changed), len(left), many)
	}
	w.Do(func(u stream.Unit) error {
		for range 20_000 { // so long ago that the store looks another way
			u.Next("!b")
		}
		return nil
	})
	if changed, left := lists(t, w, lin, joined, w.Upto()); len(changed) != 0 || len(left) != many {
		t.Errorf("after long: %d changed, %d left; want 0, %d", len(changed), len(left), many)
	}
	if changed, left := lists(t, w, lin, start, joined); len(changed) != many || len(left) != 0 {
		t.Errorf("in between, asked later: %d changed, %d left; want %d, 0", len(changed), len(left), many)
	}
}

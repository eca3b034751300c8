package clientapi_test

// The rules about keys that must hold for nobody to see "unable to decrypt", as a client's sync sees them.

import (
	"slices"
	"testing"
	"time"

	"wardroom/internal/device/devicetest"
)

// users is a list of user IDs in an answer.
func users(v any) (all []string) {
	list, _ := v.([]any)
	for _, u := range list {
		all = append(all, text(u))
	}
	return all
}

func TestEverySyncSendsTheKeyCounts(t *testing.T) {
	s := newServer(t)
	lin := &synced{person: s.newPerson(t, "lin")}
	for _, when := range []string{"first", "later"} {
		got := lin.sync(t)
		if n, ok := dig(got, "device_one_time_keys_count", "signed_curve25519").(float64); !ok || n != 0 {
			t.Errorf("%s: device_one_time_keys_count is %v, want signed_curve25519: 0", when, got["device_one_time_keys_count"])
		}
		if unused, ok := got["device_unused_fallback_key_types"].([]any); !ok || len(unused) != 0 {
			t.Errorf("%s: device_unused_fallback_key_types is %v, want []", when, got["device_unused_fallback_key_types"])
		}
	}
	d := lin.keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys(), "one_time_keys": d.OneTimeKeys(0, 3), "fallback_keys": d.Fallback("F")})
	got := lin.sync(t)
	if n := dig(got, "device_one_time_keys_count", "signed_curve25519"); n != 3.0 {
		t.Errorf("signed_curve25519: %v, want 3", n)
	}
	if unused := users(got["device_unused_fallback_key_types"]); !slices.Equal(unused, []string{"signed_curve25519"}) {
		t.Errorf("unused fallback keys %v, want the one", unused)
	}
}

func TestAClaimWakesTheOwnersLongPoll(t *testing.T) {
	s := newServer(t)
	lin, aiko := &synced{person: s.newPerson(t, "lin")}, s.newPerson(t, "aiko")
	d := lin.keys()
	lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys(), "one_time_keys": d.OneTimeKeys(0, 1), "fallback_keys": d.Fallback("F")})
	lin.sync(t)
	for _, want := range []struct{ keys, fallback int }{{0, 1}, {0, 0}} {
		got := make(chan object)
		go func() { got <- lin.syncFor(t, time.Minute) }()
		aiko.ok(t, "POST", v3+"/keys/claim", object{"one_time_keys": object{string(lin.user): object{string(lin.device): "signed_curve25519"}}})
		answer := <-got
		if n := dig(answer, "device_one_time_keys_count", "signed_curve25519"); n != float64(want.keys) {
			t.Errorf("signed_curve25519: %v, want %d", n, want.keys)
		}
		if unused := users(answer["device_unused_fallback_key_types"]); len(unused) != want.fallback {
			t.Errorf("unused fallback keys %v, want %d", unused, want.fallback)
		}
	}
}

func TestDeviceListsChangeWithEverythingThatChangesKeys(t *testing.T) {
	s := newServer(t)
	first := s.newPerson(t, "lin")
	lin, aiko := &synced{person: first}, &synced{person: s.newPerson(t, "aiko")}
	second := first.secondDevice(t)
	room := lin.newRoom(t, object{})
	lin.invite(t, room, aiko.person)
	lin.sync(t)
	aiko.sync(t)
	aiko.join(t, room)
	if got := users(dig(lin.sync(t), "device_lists", "changed")); !slices.Contains(got, string(aiko.user)) {
		t.Errorf("a newly shared room: changed %v, want aiko", got)
	}
	if got := users(dig(aiko.sync(t), "device_lists", "changed")); !slices.Contains(got, string(lin.user)) {
		t.Errorf("a newly shared room: changed %v, want lin", got)
	}
	d, d2, p := lin.keys(), second.keys(), devicetest.NewPerson(lin.user)
	k := p.Keys()
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"device keys", func() { lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys()}) }},
		{"another device's keys", func() { second.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d2.Keys()}) }},
		{"cross-signing keys", func() {
			lin.ok(t, "POST", v3+"/keys/device_signing/upload", object{"master_key": k.Master, "self_signing_key": k.SelfSigning, "user_signing_key": k.UserSigning})
		}},
		{"a signature", func() {
			signed := devicetest.Sign(d.Bare(), lin.user, "ed25519:"+devicetest.Public(p.SelfSigning), p.SelfSigning)
			lin.ok(t, "POST", v3+"/keys/signatures/upload", object{string(lin.user): object{string(lin.device): signed}})
		}},
		{"a device with another name", func() {
			lin.ok(t, "PUT", v3+"/devices/"+string(second.device), object{"display_name": "The duty desk"})
		}},
		{"a device that goes", func() { second.ok(t, "POST", v3+"/logout", object{}) }},
	} {
		step.do()
		for _, who := range []*synced{lin, aiko} {
			got := who.sync(t)
			if changed := users(dig(got, "device_lists", "changed")); !slices.Equal(changed, []string{string(lin.user)}) {
				t.Errorf("%s: %s is told changed %v, want lin", step.what, who.user, changed)
			}
			if again := dig(who.sync(t), "device_lists"); len(users(dig(again, "changed"))) != 0 {
				t.Errorf("%s: %s is told twice", step.what, who.user)
			}
		}
	}
	aiko.ok(t, "POST", in(room, "leave"), object{})
	if got := users(dig(lin.sync(t), "device_lists", "left")); !slices.Equal(got, []string{string(aiko.user)}) {
		t.Errorf("nothing is shared any more: left %v, want aiko", got)
	}
	if got := users(dig(aiko.sync(t), "device_lists", "left")); !slices.Equal(got, []string{string(lin.user)}) {
		t.Errorf("nothing is shared any more: left %v, want lin", got)
	}
}

func TestAQueryAfterChangedReadsTheNewState(t *testing.T) {
	s := newServer(t)
	lin, aiko := s.newPerson(t, "lin"), &synced{person: s.newPerson(t, "aiko")}
	room := lin.newRoom(t, object{})
	lin.invite(t, room, aiko.person)
	aiko.join(t, room)
	aiko.sync(t)
	for range 10 {
		d := lin.keys()
		told := make(chan string)
		go func() {
			for len(users(dig(aiko.syncFor(t, time.Minute), "device_lists", "changed"))) == 0 {
			}
			got := aiko.ok(t, "POST", v3+"/keys/query", object{"device_keys": object{string(lin.user): []string{}}})
			told <- text(dig(got, "device_keys", string(lin.user), string(lin.device), "keys", d.KeyID()))
		}()
		lin.ok(t, "POST", v3+"/keys/upload", object{"device_keys": d.Keys()})
		if got := <-told; got != devicetest.Public(d.Key) {
			t.Fatalf("the query after changed gave %s, want the new key %s", got, devicetest.Public(d.Key))
		}
	}
}

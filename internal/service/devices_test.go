package service_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mxid"
	"wardroom/internal/service"
	"wardroom/internal/stream"
)

// equipped is a device of the bridge's account.
func (o *office) equipped(t testing.TB) account.Session {
	t.Helper()
	_, err := o.accounts.PutDevice(t.Context(), o.bot, "BRIDGE", "")
	must(t, err)
	s, err := o.accounts.ActAs(t.Context(), o.accounts.Services[0], string(o.bot.User), "BRIDGE")
	must(t, err)
	return s
}

// whisper sends a message to a device of who.
func (o *office) whisper(t testing.TB, who mxid.User, text string) {
	t.Helper()
	must(t, o.devices.Send(t.Context(), o.lin, "m.room.encrypted", text, map[mxid.User]map[mxid.Device]json.RawMessage{
		who: {device.Everyone: json.RawMessage(`{"ciphertext":"` + text + `"}`)}}))
}

// whispered is the texts of a transaction's messages to devices.
func (tx *transaction) whispered() (all []string) {
	for _, m := range tx.ToDevice {
		all = append(all, m.Content["ciphertext"])
	}
	return all
}

// waiting is how much of what lin sent to devices waits.
func (o *office) waiting(t testing.TB) (n int64) {
	t.Helper()
	must(t, o.db.View(t.Context(), func(v stream.View) (err error) { n, _, err = o.db.Undelivered(v, o.lin.User); return err }))
	return n
}

func TestMessagesToAServicesDevicesAreToldInOrderAndOnce(t *testing.T) {
	o := open(t)
	o.asks = "org.matrix.msc3202: true,"
	s := o.services(t, "")
	in := o.shared(t)
	o.equipped(t)
	var want []string
	for i := range service.InOne + 20 {
		want = append(want, strconv.Itoa(i))
		o.whisper(t, o.bot.User, strconv.Itoa(i))
	}
	o.whisper(t, o.lin.User, "to a person")
	said := o.say(t, in, "what the keys are for")
	run(t, s)
	var got []string
	for range 100 {
		tx := o.bridge.next(t)
		if len(tx.ToDevice) > service.InOne || len(tx.ToDevice) != len(tx.Old.ToDevice) {
			t.Errorf("%d messages in one transaction, %d by the name of before", len(tx.ToDevice), len(tx.Old.ToDevice))
		}
		for _, m := range tx.ToDevice {
			if m.User != o.bot.User || m.Device != "BRIDGE" || m.Sender != o.lin.User || m.Type != "m.room.encrypted" {
				t.Errorf("told was %+v", m)
			}
		}
		got = append(got, tx.whispered()...)
		if slices.Contains(tx.ids, said) {
			break
		}
	}
	if !slices.Equal(got, want) { // when the event is told, the keys ahead of it have been
		t.Errorf("told was %v", got)
	}
	if ids := o.bridge.upto(t, o.say(t, in, "and then")); len(ids) != 1 || o.waiting(t) != 1 { // the person's
		t.Errorf("told again was %v, and %d messages wait", ids, o.waiting(t))
	}
}

func TestAStopLosesAndRepeatsNoMessageToADevice(t *testing.T) {
	o := open(t)
	o.asks = "org.matrix.msc3202: true,"
	s := o.services(t, "")
	o.shared(t)
	o.equipped(t)
	o.bridge.answers(func(w http.ResponseWriter, try int) { w.WriteHeader(http.StatusBadGateway) })
	o.whisper(t, o.bot.User, "1")
	stop := run(t, s)
	first := o.bridge.next(t)
	o.whisper(t, o.bot.User, "2") // goes into the next one
	if again := o.bridge.next(t); !reflect.DeepEqual(again, first) {
		t.Errorf("told again was %+v, before %+v", again, first)
	}
	stop()
	for len(o.bridge.got) > 0 {
		o.bridge.next(t)
	}
	if !slices.Equal(first.whispered(), []string{"1"}) || o.waiting(t) != 2 {
		t.Errorf("told was %+v; %d wait", first, o.waiting(t))
	}
	o.bridge.answers(nil)
	stop = run(t, o.services(t, ""))
	if again := o.bridge.next(t); !reflect.DeepEqual(again, first) {
		t.Errorf("after a stop it was told %+v, before %+v", again, first)
	}
	if then := o.bridge.next(t); then.txn == first.txn || !slices.Equal(then.whispered(), []string{"2"}) {
		t.Errorf("then it was told %+v", then)
	}
	stop()
	run(t, o.services(t, ""))
	o.whisper(t, o.bot.User, "3")
	if last := o.bridge.next(t); !slices.Equal(last.whispered(), []string{"3"}) {
		t.Errorf("told again was %+v", last)
	}
}

// A service that fetched its messages by sync is told by transactions from when its registration says so: with what it has not fetched.
func TestMessagesThatWaitedAreToldWhenAServiceAsksForThem(t *testing.T) {
	o := open(t)
	stop := run(t, o.services(t, ""))
	in := o.shared(t)
	o.equipped(t)
	o.whisper(t, o.bot.User, "1")
	o.whisper(t, o.bot.User, "2")
	for said, seen := o.say(t, in, "x"), false; !seen; {
		tx := o.bridge.next(t)
		if seen = slices.Contains(tx.ids, said); len(tx.ToDevice) > 0 || tx.Lists != nil {
			t.Errorf("it did not ask for %+v", tx)
		}
	}
	stop()
	o.asks = "org.matrix.msc3202: true,"
	run(t, o.services(t, ""))
	if tx := o.bridge.next(t); !slices.Equal(tx.whispered(), []string{"1", "2"}) {
		t.Errorf("told was %+v", tx)
	}
}

func TestAServiceIsToldWhoseKeysChanged(t *testing.T) {
	o := open(t)
	o.asks = "org.matrix.msc3202: true,"
	s := o.services(t, "")
	in, other := o.shared(t), o.room(t)
	people := map[string]*devicetest.Device{}
	for _, name := range []string{"may", "ben", "far"} {
		d := &devicetest.Device{Session: account.Session{User: mxid.User("@" + name + ":office.test"), Device: "D"}, Key: devicetest.NewKey()}
		must(t, o.db.Do(t.Context(), func(u stream.Unit) (err error) {
			if d.Account, err = o.db.AddPerson(u, d.User, "x"); err == nil {
				d.DeviceNo, err = o.db.PutDevice(u, d.Account, d.Session.Device, "")
			}
			return err
		}))
		people[name] = d
	}
	publish := func(d *devicetest.Device, up device.Upload) {
		t.Helper()
		_, err := o.devices.Upload(t.Context(), d.Session, up)
		must(t, err)
	}
	// told gives the lists that come up to an event, one after another.
	told := func(last mxid.Event) (all []string) {
		t.Helper()
		for {
			tx := o.bridge.next(t)
			if !reflect.DeepEqual(tx.keys, tx.OldKeys) {
				t.Errorf("by the names of before it was told %+v, otherwise %+v", tx.OldKeys, tx.keys)
			}
			if tx.Lists != nil {
				if tx.Lists.Changed == nil || tx.Lists.Left == nil {
					t.Error("a list is missing")
				}
				all = append(all, fmt.Sprint(tx.Lists.Changed, tx.Lists.Left))
			}
			if slices.Contains(tx.ids, last) {
				return all
			}
		}
	}
	n := 0
	expect := func(what string, want ...string) {
		t.Helper()
		n++
		if got := told(o.say(t, in, "n"+strconv.Itoa(n))); !slices.Equal(got, want) {
			t.Errorf("%s: told was %v, want %v", what, got, want)
		}
	}
	join := func(name string, room mxid.Room) {
		t.Helper()
		must(t, o.rooms.Join(t.Context(), people[name].Session, room, ""))
	}
	run(t, s)
	expect("it came into a room", "[@lin:office.test] []")
	join("far", other)
	publish(people["far"], device.Upload{DeviceKeys: people["far"].Keys()})
	expect("of a room that it is not in")
	join("may", in)
	expect("somebody came", "[@may:office.test] []")
	publish(people["may"], device.Upload{DeviceKeys: people["may"].Keys()})
	expect("somebody has another device", "[@may:office.test] []")
	join("ben", other)
	join("may", other)
	must(t, o.rooms.Join(t.Context(), o.bot, other, ""))
	expect("it came to two more", "[@ben:office.test @far:office.test] []")
	must(t, o.rooms.Leave(t.Context(), people["may"].Session, in, ""))
	expect("one left, and is in the other room")
	must(t, o.rooms.Kick(t.Context(), o.lin, other, o.bot.User, ""))
	expect("it was removed", "[] [@ben:office.test @far:office.test @may:office.test]")

	// Its own device, of which a key is claimed.
	own := &devicetest.Device{Session: o.equipped(t), Key: devicetest.NewKey()}
	publish(own, device.Upload{DeviceKeys: own.Keys(), OneTimeKeys: own.OneTimeKeys(0, 2)})
	expect("its own", "[@telegraphbot:office.test] []")
	claim := func() transaction {
		t.Helper()
		_, err := o.devices.Claim(t.Context(), map[mxid.User]map[mxid.Device]string{o.bot.User: {"BRIDGE": "signed_curve25519"}}, func(mxid.User, mxid.Device) bool { return false })
		must(t, err)
		return o.bridge.next(t)
	}
	for _, left := range []int{1, 0} {
		tx := claim()
		if got := tx.OneTime[o.bot.User]["BRIDGE"]["signed_curve25519"]; len(tx.OneTime) != 1 || got != left || !reflect.DeepEqual(tx.keys, tx.OldKeys) || tx.Unused[o.bot.User]["BRIDGE"] == nil {
			t.Errorf("%d keys are left, and it was told %+v", left, tx)
		}
	}
}

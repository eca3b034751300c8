package device_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

func send(t *testing.T, w *devicetest.World, from *devicetest.Device, txn string, user mxid.User, id mxid.Device, content string) {
	t.Helper()
	err := w.Send(t.Context(), from.Session, "m.test", txn, map[mxid.User]map[mxid.Device]json.RawMessage{user: {id: json.RawMessage(content)}})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, w *devicetest.World, d *devicetest.Device, after stream.Position) (all []device.Message) {
	t.Helper()
	w.View(func(v stream.View) (err error) {
		all, _, err = w.ToDevice(v, d.DeviceNo, after, v.Upto().At(""), 1000)
		return err
	})
	return all
}

func TestToDeviceMessagesComeFirstInFirstOut(t *testing.T) {
	w := devicetest.New(t)
	to := w.Device(lin, "PHONE")
	const senders, each = 8, 10
	var wg sync.WaitGroup
	for i := range senders {
		from := w.Device(aiko, mxid.Device(fmt.Sprint("D", i)))
		wg.Go(func() {
			for n := range each {
				send(t, w, from, fmt.Sprint(n), lin, "PHONE", fmt.Sprintf(`{"from":%d,"n":%d}`, i, n))
			}
		})
	}
	wg.Wait()
	all := waiting(t, w, to, 0)
	if len(all) != senders*each {
		t.Fatalf("%d messages, want %d", len(all), senders*each)
	}
	next := map[int]int{}
	last := stream.Position(0)
	for _, m := range all {
		var c struct{ From, N int }
		if err := json.Unmarshal(m.Content, &c); err != nil {
			t.Fatal(err)
		}
		if c.N != next[c.From] || m.Pos <= last {
			t.Fatalf("message %d of sender %d came at %d, want number %d", c.N, c.From, m.Pos, next[c.From])
		}
		next[c.From]++
		last = m.Pos
	}
}

func TestAToDeviceMessageAndItsTransactionAreOnDiskBeforeTheAnswer(t *testing.T) {
	w := devicetest.New(t)
	to, from := w.Device(lin, "PHONE"), w.Device(aiko, "PHONE")
	send(t, w, from, "txn", lin, "PHONE", `{}`)
	w = w.AfterCrash()
	send(t, w, from, "txn", lin, "PHONE", `{}`) // the answer was lost
	if n := len(waiting(t, w, to, 0)); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestAToDeviceTransactionIsCarriedOutOnce(t *testing.T) {
	w := devicetest.New(t)
	to, from, other := w.Device(lin, "PHONE"), w.Device(aiko, "PHONE"), w.Device(aiko, "LAPTOP")
	for range 3 {
		send(t, w, from, "txn", lin, "PHONE", `{}`)
	}
	if n := len(waiting(t, w, to, 0)); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
	send(t, w, other, "txn", lin, "PHONE", `{}`) // another device's transaction is another one
	if n := len(waiting(t, w, to, 0)); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
}

func TestTheStarGoesToEveryDevice(t *testing.T) {
	w := devicetest.New(t)
	from := w.Device(aiko, "PHONE")
	var all []*devicetest.Device
	for i := range 3 {
		all = append(all, w.Device(lin, mxid.Device(fmt.Sprint("D", i))))
	}
	send(t, w, from, "txn", lin, "*", `{"a":1}`)
	for _, d := range all {
		got := waiting(t, w, d, 0)
		if len(got) != 1 || string(got[0].Content) != `{"a":1}` || got[0].Sender != aiko || got[0].Type != "m.test" {
			t.Errorf("device %s got %+v", d.Device, got)
		}
	}
}

func TestToDeviceMessagesToNobodyAreLeftOut(t *testing.T) {
	w := devicetest.New(t)
	from, to := w.Device(aiko, "PHONE"), w.Device(lin, "PHONE")
	err := w.Send(t.Context(), from.Session, "m.test", "txn", map[mxid.User]map[mxid.Device]json.RawMessage{
		"@nobody:localhost": {"*": json.RawMessage(`{}`), "X": json.RawMessage(`{}`)},
		"no user":           {"*": json.RawMessage(`{}`)},
		lin:                 {"GONE": json.RawMessage(`{}`), "PHONE": json.RawMessage(`{}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(waiting(t, w, to, 0)); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestTheSameTokenTwiceGivesTheMessagesTwiceAndTheNextOneDeletesThem(t *testing.T) {
	w := devicetest.New(t)
	to, from := w.Device(lin, "PHONE"), w.Device(aiko, "PHONE")
	for i := range 5 {
		send(t, w, from, fmt.Sprint(i), lin, "PHONE", `{}`)
	}
	var first, again []device.Message
	var more bool
	w.View(func(v stream.View) (err error) {
		first, more, err = w.ToDevice(v, to.DeviceNo, 0, v.Upto().At(""), 3)
		return err
	})
	if len(first) != 3 || !more {
		t.Fatalf("got %d messages, more %v; want 3 and more", len(first), more)
	}
	w.View(func(v stream.View) (err error) {
		again, _, err = w.ToDevice(v, to.DeviceNo, 0, v.Upto().At(""), 3)
		return err
	})
	if len(again) != 3 || again[0].Pos != first[0].Pos {
		t.Fatal("the same token gave other messages the second time")
	}
	token := first[2].Pos
	w.Do(func(u stream.Unit) error { return w.AckToDevice(u, to.DeviceNo, token) })
	rest := waiting(t, w, to, token)
	if len(rest) != 2 || rest[0].Pos <= token {
		t.Fatalf("got %d messages after the token, want 2", len(rest))
	}
	if n := len(waiting(t, w, to, 0)); n != 2 {
		t.Errorf("%d messages are stored, want the 2 that were not fetched", n)
	}
	w.View(func(v stream.View) error {
		unacked, err := w.Unacked(v, to.DeviceNo, token)
		if unacked {
			t.Error("messages up to the token are still there")
		}
		return err
	})
}

func TestAToDeviceMessageWakesItsReceiver(t *testing.T) {
	w := devicetest.New(t)
	w.Device(lin, "PHONE")
	from := w.Device(aiko, "PHONE")
	waiting := w.Hub.Subscribe(stream.Topic(lin))
	defer waiting.Close()
	send(t, w, from, "txn", lin, "PHONE", `{}`)
	woken(t, waiting)
}

func TestTooLargeToDeviceMessagesAreRefusedAsAWhole(t *testing.T) {
	w := devicetest.New(t)
	from, to := w.Device(aiko, "PHONE"), w.Device(lin, "PHONE")
	many := map[mxid.Device]json.RawMessage{}
	for i := range 5001 {
		many[mxid.Device(fmt.Sprint("D", i))] = json.RawMessage(`{}`)
	}
	for name, test := range map[string]struct {
		devices map[mxid.Device]json.RawMessage
		want    fault.Code
	}{
		"long":      {map[mxid.Device]json.RawMessage{"PHONE": json.RawMessage(`{"a":"` + strings.Repeat("x", 65<<10) + `"}`)}, fault.TooLarge},
		"many":      {many, fault.TooLarge},
		"no object": {map[mxid.Device]json.RawMessage{"PHONE": json.RawMessage(`"text"`)}, fault.BadJSON},
		"null":      {map[mxid.Device]json.RawMessage{"PHONE": nil}, fault.BadJSON},
	} {
		err := w.Send(t.Context(), from.Session, "m.test", name, map[mxid.User]map[mxid.Device]json.RawMessage{lin: test.devices})
		if !test.want.In(err) {
			t.Errorf("%s: got %v, want %s", name, err, test.want.Name)
		}
	}
	if n := len(waiting(t, w, to, 0)); n != 0 {
		t.Errorf("%d messages arrived, want none", n)
	}
}

func TestOldTransactionsAreForgotten(t *testing.T) {
	w := devicetest.New(t)
	from := w.Device(aiko, "PHONE")
	w.Device(lin, "PHONE")
	send(t, w, from, "new", lin, "PHONE", `{}`)
	for i := range 1200 {
		w.Exec(`INSERT INTO to_device_txn (device, txn, sent_ms) VALUES ($1, $2, 1)`, from.DeviceNo, fmt.Sprint("old", i))
	}
	if err := w.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	w.Row(`SELECT COUNT(*) FROM to_device_txn`, nil, &n)
	if n != 1 {
		t.Errorf("%d transactions are remembered, want the new one", n)
	}
}

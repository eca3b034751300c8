package device_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/device/devicetest"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// BenchmarkUpload is a device that signs in: its keys and 50 one-time keys.
func BenchmarkUpload(b *testing.B) {
	w := devicetest.New(b)
	var ups []device.Upload
	var whos []*devicetest.Device
	for i := range b.N {
		d := w.Device(mxid.User(fmt.Sprintf("@u%d:localhost", i)), "PHONE")
		whos, ups = append(whos, d), append(ups, device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, 50)})
	}
	b.ResetTimer()
	for i := range b.N {
		w.Upload(whos[i], ups[i])
	}
}

// BenchmarkClaim is many senders, each claiming one key of one device that has 50.
func BenchmarkClaim(b *testing.B) {
	w := devicetest.New(b)
	devices := int64(b.N/50 + 1)
	for i := range devices {
		w.Published(mxid.User(fmt.Sprintf("@u%d:localhost", i)), "PHONE", 50)
	}
	var next atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			user := mxid.User(fmt.Sprintf("@u%d:localhost", next.Add(1)%devices))
			got, err := w.Claim(b.Context(), map[mxid.User]map[mxid.Device]string{user: {"PHONE": "signed_curve25519"}}, freely)
			if err != nil || len(got) != 1 {
				b.Errorf("got %d keys: %v", len(got), err)
			}
		}
	})
}

// BenchmarkClaimRoom is one sender who claims a key of each of 1,000 devices in one call.
func BenchmarkClaimRoom(b *testing.B) {
	w := devicetest.New(b)
	want := map[mxid.User]map[mxid.Device]string{}
	for i := range 1000 {
		user := mxid.User(fmt.Sprintf("@u%d:localhost", i))
		d := w.Device(user, "PHONE")
		w.Upload(d, device.Upload{DeviceKeys: d.Keys(), OneTimeKeys: d.OneTimeKeys(0, 2), FallbackKeys: d.Fallback("FB")})
		want[user] = map[mxid.Device]string{"PHONE": "signed_curve25519"}
	}
	b.ResetTimer()
	for range b.N {
		if _, err := w.Claim(b.Context(), want, freely); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuery is one person asking for the keys of 250 others, each with two devices and cross-signing keys.
func BenchmarkQuery(b *testing.B) {
	w := devicetest.New(b)
	want := map[mxid.User][]mxid.Device{}
	for i := range 250 {
		user := mxid.User(fmt.Sprintf("@u%d:localhost", i))
		d, p := w.Published(user, "PHONE", 0), devicetest.NewPerson(user)
		w.Published(user, "LAPTOP", 0)
		if err := w.UploadCrossSigning(b.Context(), d.Session, p.Keys(), false); err != nil {
			b.Fatal(err)
		}
		object := devicetest.Sign(d.Bare(), user, "ed25519:"+devicetest.Public(p.SelfSigning), p.SelfSigning)
		if _, err := w.UploadSignatures(b.Context(), d.Session, map[mxid.User]map[string]json.RawMessage{user: {"PHONE": object}}); err != nil {
			b.Fatal(err)
		}
		want[user] = nil
	}
	b.ResetTimer()
	for range b.N {
		if _, err := w.Query(b.Context(), lin, want); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSend is one room key for 250 devices.
func BenchmarkSend(b *testing.B) {
	w := devicetest.New(b)
	from := w.Device(lin, "PHONE")
	messages := map[mxid.User]map[mxid.Device]json.RawMessage{}
	content := json.RawMessage(fmt.Sprintf(`{"ciphertext":%q}`, make([]byte, 300)))
	content, _ = json.Marshal(string(content))
	content = json.RawMessage(`{"ciphertext":` + string(content) + `}`)
	for i := range 250 {
		user := mxid.User(fmt.Sprintf("@u%d:localhost", i))
		w.Device(user, "PHONE")
		messages[user] = map[mxid.Device]json.RawMessage{"PHONE": content}
	}
	b.ResetTimer()
	for i := range b.N {
		if err := w.Send(b.Context(), from.Session, "m.room.encrypted", fmt.Sprint(i), messages); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCounts is what every sync asks of a device with 50 keys.
func BenchmarkCounts(b *testing.B) {
	w := devicetest.New(b)
	d := w.Published(lin, "PHONE", 50)
	b.ResetTimer()
	w.View(func(v stream.View) error {
		for range b.N {
			if _, err := w.Counts(v, d.DeviceNo); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkLists is what every sync asks of somebody in 500 rooms of 20 people each, when nothing happened.
func BenchmarkLists(b *testing.B) {
	w := devicetest.New(b)
	w.Published(lin, "PHONE", 0)
	var room int64
	w.Do(func(u stream.Unit) error {
		for range 500 * 21 {
			u.Next("!all")
		}
		return nil
	})
	pos := stream.Position(0)
	for r := range 500 {
		w.Exec(`INSERT INTO room (id, version, head, depth, listed) VALUES ($1, '12', $2, 0, FALSE)`, fmt.Sprintf("!r%d", r), []byte{})
		w.Row(`SELECT MAX(no) FROM room`, nil, &room)
		for p := range 21 {
			pos++
			user := string(lin)
			if p > 0 {
				user = fmt.Sprintf("@u%d:localhost", (r+p*7)%300)
			}
			w.Exec(`INSERT INTO state (room, type, state_key, pos, until, membership) VALUES ($1, 'm.room.member', $2, $3, 9223372036854775807, 'join')`, room, user, pos)
		}
	}
	end := w.Upto()
	b.ResetTimer()
	w.View(func(v stream.View) error {
		for range b.N {
			if _, _, err := w.Lists(v, lin, end, end); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkBackUp is a client that backs up 200 new keys.
func BenchmarkBackUp(b *testing.B) {
	w := devicetest.New(b)
	bs, d := &device.Backups{Disk: w.DB}, w.Device(lin, "PHONE")
	version, err := bs.Create(b.Context(), d.Session, "a", json.RawMessage(`{}`))
	if err != nil {
		b.Fatal(err)
	}
	data, _ := json.Marshal(map[string]string{"ciphertext": string(make([]byte, 100))})
	backUp := func(who account.Session, n int) {
		var keys []device.BackedUp
		for i := range 200 {
			keys = append(keys, device.BackedUp{Room: mxid.Room(fmt.Sprintf("!r%d", i%20)), Session: fmt.Sprintf("%d-%d", n, i), Data: data})
		}
		if _, err := bs.Put(b.Context(), who, version, keys); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for n := range b.N {
		backUp(d.Session, n)
	}
}

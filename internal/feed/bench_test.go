package feed_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/device"
	"wardroom/internal/feed"
	"wardroom/internal/mxid"
	"wardroom/internal/room"
	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// office is people who share some rooms.
type office struct {
	*feed.Feed
	people []account.Session
	rooms  []mxid.Room
}

func open(t testing.TB, people, rooms int) *office {
	t.Helper()
	db, hub := storetest.Open(t)
	return openOn(t, db, hub, people, rooms)
}

// feedOn is what a server has over db and hub.
func feedOn(db *store.DB, hub *stream.Hub) *feed.Feed {
	return &feed.Feed{Disk: db, Hub: hub, Rooms: &room.Rooms{Disk: db, Server: "wardroom.test"},
		Devices: &device.Devices{Disk: db}, Typing: feed.NewTyping(hub)}
}

// openOn is open over a store that is open.
func openOn(t testing.TB, db *store.DB, hub *stream.Hub, people, rooms int) *office {
	t.Helper()
	o := &office{Feed: feedOn(db, hub)}
	for i := range people {
		o.people = append(o.people, person(t, db, i))
	}
	for range rooms {
		id, err := o.Rooms.Create(t.Context(), o.people[0], room.Wanted{Preset: "public_chat"})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range o.people[1:] {
			if err := o.Rooms.Join(t.Context(), p, id, ""); err != nil {
				t.Fatal(err)
			}
		}
		o.rooms = append(o.rooms, id)
	}
	return o
}

// person makes an account with one device.
func person(t testing.TB, db *store.DB, i int) account.Session {
	t.Helper()
	s := account.Session{User: mxid.User("@p" + strconv.Itoa(i) + ":wardroom.test"), Device: "D"}
	err := db.Do(t.Context(), func(u stream.Unit) (err error) {
		if s.Account, err = db.AddPerson(u, s.User, "x"); err == nil {
			s.DeviceNo, err = db.PutDevice(u, s.Account, s.Device, "")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// BenchmarkAMessageToFiftyPeople sends a message and waits until everybody who syncs was told, and says what that costs the
// processor for each of them. Nobody reads, so there is much unread after a while.
func BenchmarkAMessageToFiftyPeople(b *testing.B) {
	var slides feed.SlideRequest
	if err := json.Unmarshal([]byte(firstScreen), &slides); err != nil {
		b.Fatal(err)
	}
	slides.Timeout = time.Minute
	ways := map[string]func(ctx context.Context, o *office, who account.Session, since string) (next string, events int, err error){
		"sync": func(ctx context.Context, o *office, who account.Session, since string) (string, int, error) {
			answer, err := o.Sync(ctx, who, feed.Request{Since: since, Timeout: time.Minute})
			if err != nil {
				return "", 0, err
			}
			n := 0
			for _, joined := range answer.Rooms.Join {
				n += len(joined.Timeline.Events)
			}
			return answer.Next, n, nil
		},
		"sliding-sync": func(ctx context.Context, o *office, who account.Session, since string) (string, int, error) {
			req := slides
			req.Pos = since
			answer, err := o.Slide(ctx, who, req)
			if err != nil {
				return "", 0, err
			}
			n := 0
			for _, one := range answer.Rooms {
				n += len(one.Timeline)
			}
			return answer.Pos, n, nil
		},
	}
	for name, next := range ways {
		for _, rooms := range []int{1, 20} {
			b.Run(name+"/each-in-"+strconv.Itoa(rooms)+"-rooms", func(b *testing.B) { tells(b, rooms, next) })
		}
	}
}

func tells(b *testing.B, rooms int, next func(ctx context.Context, o *office, who account.Session, since string) (string, int, error)) {
	const people = 50
	o := open(b, people, rooms)
	content := []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"` + strings.Repeat("AwgAEnAbcd", 35) + `"}`)
	var told, all sync.WaitGroup
	ctx, end := context.WithCancel(b.Context())
	defer all.Wait()
	defer end()
	told.Add(people)
	for _, p := range o.people {
		all.Go(func() {
			for since := ""; ; {
				then, events, err := next(ctx, o, p, since)
				switch {
				case err != nil:
					return // the benchmark is over
				case since == "":
					told.Done()
				default:
					told.Add(-events)
				}
				since = then
			}
		})
	}
	told.Wait()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	for n := range b.N {
		told.Add(people)
		if _, err := o.Rooms.Send(b.Context(), o.people[n%people], o.rooms[n%rooms], "m.room.encrypted", strconv.Itoa(n), content); err != nil {
			b.Fatal(err)
		}
		told.Wait()
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N*people), "cpu-µs/delivery")
}

// cpu is what this process has used of the processor.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAFirstSync is of somebody who is in 200 rooms with 20 messages each, members given where they speak.
func BenchmarkAFirstSync(b *testing.B) {
	o := open(b, 3, 200)
	content := []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"` + strings.Repeat("AwgAEnAbcd", 35) + `"}`)
	for i, in := range o.rooms {
		for n := range 20 {
			if _, err := o.Rooms.Send(b.Context(), o.people[1+n%2], in, "m.room.encrypted", strconv.Itoa(i)+"."+strconv.Itoa(n), content); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, limit := range []int{20, 1} {
		b.Run("events-"+strconv.Itoa(limit), func(b *testing.B) {
			filter, err := feed.ParseFilter([]byte(`{"room":{"timeline":{"limit":` + strconv.Itoa(limit) + `},"state":{"lazy_load_members":true}}}`))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				answer, err := o.Sync(b.Context(), o.people[0], feed.Request{Filter: filter})
				if err != nil || len(answer.Rooms.Join) != len(o.rooms) {
					b.Fatal(err)
				}
				_ = answer.AppendJSON(nil)
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N*len(o.rooms)), "cpu-µs/room")
		})
	}
}

// BenchmarkAFirstSlide is the first screen of somebody who is in 1,000 rooms: the first twenty of them, as clients ask for it.
func BenchmarkAFirstSlide(b *testing.B) {
	o := open(b, 3, 1000)
	content := []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"` + strings.Repeat("AwgAEnAbcd", 35) + `"}`)
	for i, in := range o.rooms {
		for n := range 3 {
			if _, err := o.Rooms.Send(b.Context(), o.people[1+n%2], in, "m.room.encrypted", strconv.Itoa(i)+"."+strconv.Itoa(n), content); err != nil {
				b.Fatal(err)
			}
		}
	}
	var req feed.SlideRequest
	if err := json.Unmarshal([]byte(firstScreen), &req); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		answer, err := o.Slide(b.Context(), o.people[0], req)
		if err != nil {
			b.Fatal(err)
		}
		if text, err := json.Marshal(answer); err != nil || len(answer.Rooms) != 20 {
			b.Fatal(err, len(text))
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/screen")
}

// firstScreen is what a client asks for that shows its first screen.
const firstScreen = `{
	"Lists":{"all":{"ranges":[[0,19]],"timeline_limit":1,"required_state":[["m.room.name",""],["m.room.encryption",""],["m.room.member","$LAZY"],["m.room.member","$ME"],
		["m.room.topic",""],["m.room.avatar",""],["m.room.canonical_alias",""],["m.room.power_levels",""],["m.room.create",""]]}},
	"Extensions":{"account_data":{"enabled":true},"receipts":{"enabled":true},"typing":{"enabled":true}}}`

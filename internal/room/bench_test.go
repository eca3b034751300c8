package room_test

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wardroom/internal/mxid"
	"wardroom/internal/room"
)

// BenchmarkSend sends encrypted messages of about 700 bytes, durable each, and says what one costs the processor.
func BenchmarkSend(b *testing.B) {
	for _, c := range []struct{ senders, rooms int }{{1, 1}, {8, 1}, {64, 1}, {64, 64}} {
		b.Run(strconv.Itoa(c.senders)+"senders-"+strconv.Itoa(c.rooms)+"rooms", func(b *testing.B) {
			rooms, db := open(b, b.TempDir())
			who := people(b, db, c.senders)
			places := []mxid.Room{}
			for range c.rooms {
				places = append(places, meet(b, rooms, who))
			}
			content := []byte(`{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"` + strings.Repeat("AwgAEpABm6", 50) + `","device_id":"ABCDEFGHIJ","sender_key":"` + strings.Repeat("k", 43) + `","session_id":"` + strings.Repeat("s", 43) + `"}`)
			var next atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu()
			var wg sync.WaitGroup
			for i, p := range who {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if _, err := rooms.Send(b.Context(), p, places[i%len(places)], "m.room.encrypted", "m"+strconv.FormatInt(n, 10), content); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// cpu is what this process has used of the processor.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMessages reads the newest 50 messages of a room.
func BenchmarkMessages(b *testing.B) {
	rooms, db := open(b, b.TempDir())
	who := people(b, db, 20)
	id := meet(b, rooms, who)
	for n := range 1000 {
		if _, err := rooms.Send(b.Context(), who[n%len(who)], id, "m.room.encrypted", strconv.Itoa(n), secret); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		got, err := rooms.Messages(b.Context(), who[0], id, room.Page{Backwards: true, Limit: 50, Filter: room.Filter{LazyMembers: true}})
		if err != nil || len(got.Chunk) != 50 {
			b.Fatalf("%d messages, %v", len(got.Chunk), err)
		}
	}
}

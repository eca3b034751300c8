package store_test

import (
	"syscall"
	"testing"
	"time"

	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

// BenchmarkView is what a look into the store costs the processor at least, and with one small statement in it.
func BenchmarkView(b *testing.B) {
	db, _ := storetest.Open(b)
	for name, fn := range map[string]func(stream.View) error{
		"empty": func(stream.View) error { return nil },
		"meta": func(v stream.View) error {
			_, _, err := db.Meta(v, store.ServerName)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				if err := db.View(b.Context(), fn); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is what this process has used of the processor.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

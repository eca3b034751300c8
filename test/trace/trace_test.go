package trace_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wardroom/test/rig"
	"wardroom/test/trace"
)

// How much the traced server has to do.
const (
	senders = 4
	each    = 25
)

// Where the server is changed.
const (
	store  = "internal/store/store.go"
	sqlite = "internal/store/sqlite.go"
)

func TestEveryAnswerFollowsTheSyncOfItsBytes(t *testing.T) {
	for name, c := range map[string]struct {
		changes []rig.Change
		cuts    int
	}{
		// A server that stops in order copies its log into the database and removes it.
		"as it is": {nil, 1},
		// The log is begun anew when it has 10,000 pages. Here it is after a few, so that it happens while people wait.
		"a short log": {[]rig.Change{{File: sqlite, Old: "wal_autocheckpoint(10000)", New: "wal_autocheckpoint(20)"}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := watched(t, c.changes...)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range v.Wrong {
				t.Error(w)
			}
			if v.Cuts < c.cuts {
				t.Errorf("the log was begun anew or removed %d times, expected at least %d", v.Cuts, c.cuts)
			}
			t.Logf("%d answers and %d syncs that told of a message each followed the sync of its bytes; %d syncs of the log, which was begun anew or removed %d times",
				v.Answers, v.Shown, v.Syncs, v.Cuts)
		})
	}
}

// TestAServerThatDoesNotWaitForTheDiskIsFoundOut builds servers that break the promise in one place each.
func TestAServerThatDoesNotWaitForTheDiskIsFoundOut(t *testing.T) {
	for name, change := range map[string]rig.Change{
		"synchronous=OFF":    {File: sqlite, Old: "synchronous(FULL)", New: "synchronous(OFF)"},
		"synchronous=NORMAL": {File: sqlite, Old: "synchronous(FULL)", New: "synchronous(NORMAL)"},
		"answers before the commit": {File: store, Old: "err = t.end()\n", New: `for i, u := range batch[:len(refused)] {
			u.done <- refused[i]
			batch[i] = &unit{done: make(chan error, 1)} // the answer that comes too late
		}
		err = t.end()
`},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := watched(t, change)
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Wrong) == 0 {
				t.Errorf("%d answers were found, and nothing was wrong with them", v.Answers)
			}
			t.Logf("%d of %d answers were found to be too early or too much", len(v.Wrong), v.Answers)
		})
	}
}

// watched lets people work on a server built with changes, under strace, and judges what it did.
func watched(t *testing.T, changes ...rig.Change) (trace.Verdict, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "calls")
	wrap, err := trace.Command(file)
	if errors.Is(err, trace.ErrNoStrace) {
		t.Skip(err)
	}
	program, err := rig.Build(t.Context(), dir, changes...)
	if err != nil {
		t.Fatal(err)
	}
	site := rig.NewSite(program, filepath.Join(dir, "data"), wrap...)
	if err := site.Start(t.Context()); err != nil {
		t.Fatalf("under strace, which needs the right to trace (ptrace): %v", err)
	}
	defer site.Kill()
	sent := work(t, site)
	if log, err := site.Stop(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls, err := trace.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	db, err := filepath.EvalSymlinks(filepath.Join(site.Data, "wardroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	return trace.Judge(calls, db, sent)
}

// work is several people sending to one room while one more syncs.
func work(t *testing.T, site *rig.Site) (sent []trace.Sent) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	people, err := site.People(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	room, err := people[0].Room(ctx, "Watched", people[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	reading, stop := context.WithCancel(ctx)
	var readers, writers sync.WaitGroup
	readers.Go(func() {
		for since := ""; reading.Err() == nil; {
			if answer, err := people[2].Sync(reading, since, rig.Raw, 30*time.Second); err == nil {
				since = answer.Next
			} else if reading.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	var mu sync.Mutex
	for s := range senders {
		writers.Go(func() {
			for i := range each {
				marker := random()
				text := strings.Repeat(marker+strings.Repeat("-", 150), 4) // no base64, so that it stands in the file as it was sent
				id, err := people[s%2].Send(ctx, room, fmt.Sprint(s, ".", i), text)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sent = append(sent, trace.Sent{Event: id, Marker: marker})
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
	if len(sent) != senders*each {
		t.Fatalf("%d messages were answered", len(sent))
	}
	return sent
}

func random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

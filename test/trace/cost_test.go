package trace_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wardroom/test/rig"
	"wardroom/test/trace"
)

const (
	alone   = 20   // messages, one after another
	atOnce  = 64   // senders
	inTurn  = 8    // messages of each
	ofEach  = 4    // people, who are several senders each
	synched = 1.05 // wanted of a message alone
	// At once there are two commits at a time: one that is being synced, and one that gathers whoever sends meanwhile. So each sender's
	// message takes half a commit with all others.
	shared = 2. / atOnce
)

// TestCostInSyncsOfTheDisk counts how often the disk is synced for a message, in the system calls themselves. Each sync is made to take as long as
// that of a slow disk, so that it is not the machine's speed that says how many wait for the next one.
func TestCostInSyncsOfTheDisk(t *testing.T) {
	s := newSynced(t)
	defer s.site.Kill()
	var one, many float64
	// On a machine that has something else to do a sender may come too late for the next commit: there are more of them then, and never
	// fewer.
	for range 3 {
		s.start(t, 60*time.Millisecond)
		one, many = s.count(t, alone, inTurn)
		t.Logf("syncs of the disk for a message: %.2f alone, %.4f with %d senders", one, many, atOnce)
		if many <= shared*1.2 {
			break
		}
	}
	if one > synched || one < 1 {
		t.Errorf("a message alone takes %.2f syncs of the disk; it is to be one, which is its own", one)
	}
	if many > shared*1.2 || many < 1./atOnce {
		t.Errorf("with %d senders a message takes %.4f syncs of the disk, and it was %.4f", atOnce, many, shared)
	}
}

// A server that syncs more often than it has to is found out.
func TestCostInSyncsOfTheDiskIsFoundOut(t *testing.T) {
	s := newSynced(t, rig.Change{File: sqlite, Old: "wal_autocheckpoint(10000)", New: "wal_autocheckpoint(1)"}, // the log is copied after each commit
		rig.Change{File: store, Old: "len(batch) < maxBatch", New: "len(batch) < 1"})
	defer s.site.Kill()
	s.start(t, 0)
	one, many := s.count(t, alone, 1)
	if one <= synched*1.2 || many < 1 {
		t.Errorf("nothing was said of a server with %.2f syncs for a message alone and %.4f with %d senders", one, many, atOnce)
	}
	t.Logf("it takes %.2f syncs alone, %.4f with %d senders", one, many, atOnce)
}

// synced is a server of which the syncs are counted.
type synced struct {
	site   *rig.Site
	file   string // what strace writes
	people []*rig.Person
	room   string
	lives  int
}

// newSynced builds the program with changes and fills a server, which then stops.
func newSynced(t *testing.T, changes ...rig.Change) *synced {
	t.Helper()
	dir := t.TempDir()
	s := &synced{file: filepath.Join(dir, "syncs")}
	if _, err := trace.CommandForSyncs(s.file, 0); errors.Is(err, trace.ErrNoStrace) {
		t.Skip(err)
	}
	program, err := rig.Build(t.Context(), dir, changes...)
	if err != nil {
		t.Fatal(err)
	}
	s.site = rig.NewSite(program, filepath.Join(dir, "data"))
	err = s.site.Start(t.Context())
	if err == nil {
		s.people, err = s.site.People(t.Context(), ofEach)
	}
	if err == nil {
		s.room, err = s.people[0].Room(t.Context(), "Counted", s.people[1:]...)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	return s
}

// start begins a life under strace, in which each sync takes longer by delay.
func (s *synced) start(t *testing.T, delay time.Duration) {
	t.Helper()
	s.stop(t)
	s.lives++
	var err error
	if s.site.Wrap, err = trace.CommandForSyncs(s.file, delay); err == nil {
		err = s.site.Start(t.Context())
	}
	if err != nil {
		t.Fatalf("under strace, which needs the right to trace (ptrace): %v", err)
	}
}

func (s *synced) stop(t *testing.T) {
	t.Helper()
	if log, err := s.site.Stop(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
}

// count lets one person send so many messages, one after another, and then many at once so many each, and ends the server's life.
func (s *synced) count(t *testing.T, one, each int) (alone, together float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s.send(ctx, t, "warm", atOnce, 1) // so that all are connected
	begun := time.Now()
	s.send(ctx, t, "alone", 1, one)
	between := time.Now()
	s.send(ctx, t, "together", atOnce, each)
	ended := time.Now()
	s.stop(t)
	f, err := os.Open(s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ends, err := trace.Syncs(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range ends {
		switch {
		case at.After(begun) && at.Before(between):
			alone++
		case at.After(between) && at.Before(ended):
			together++
		}
	}
	return alone / float64(one), together / float64(each*atOnce)
}

// send lets senders send so many messages each, one after another.
func (s *synced) send(ctx context.Context, t *testing.T, name string, senders, each int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for n := range each {
				if _, err := s.people[i%ofEach].Send(ctx, s.room, fmt.Sprint(s.lives, name, i, ".", n), "synced"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

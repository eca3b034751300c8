package store_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wardroom/internal/store"
	"wardroom/internal/store/storetest"
	"wardroom/internal/stream"
)

func upto(t *testing.T, d stream.Disk) (p stream.Position) {
	t.Helper()
	if err := d.View(t.Context(), func(v stream.View) error { p = v.Upto()[0]; return nil }); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAFolderMayBeCalledAnything(t *testing.T) {
	for _, name := range []string{"data 100%", "data?mode=memory", "data#1", "資料"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(t.Context(), dir, stream.NewHub(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, store.File)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestConcurrentUnitsTakeEachPositionOnce(t *testing.T) {
	dir := t.TempDir()
	one, _ := storetest.OpenDir(t, dir)
	other, _ := storetest.JoinDir(t, dir) // as another process has it
	const workers, each = 32, 20
	var mu sync.Mutex
	taken := map[stream.Position]bool{}
	var wg sync.WaitGroup
	for n := range workers {
		db := []*store.DB{one, other}[n%2]
		wg.Go(func() {
			for range each {
				var p stream.Position
				if err := db.Do(t.Context(), func(u stream.Unit) error { p = u.Next("!room"); return nil }); err != nil {
					t.Error(err)
				}
				mu.Lock()
				if taken[p] {
					t.Errorf("position %d was given twice", p)
				}
				taken[p] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, db := range []*store.DB{one, other} {
		if got := upto(t, db); got != workers*each {
			t.Errorf("the stream ends at %d, want %d", got, workers*each)
		}
	}
}

func TestARefusedUnitTakesNoPosition(t *testing.T) {
	db, _ := storetest.Open(t)
	refusal := errors.New("refused")
	if err := db.Do(t.Context(), func(u stream.Unit) error { u.Next("!room"); return refusal }); !errors.Is(err, refusal) {
		t.Fatalf("got %v, want the unit's own error", err)
	}
	if got := upto(t, db); got != 0 {
		t.Errorf("the stream ends at %d, want 0", got)
	}
}

func TestAPanickingUnitIsAnErrorAndTheWriterGoesOn(t *testing.T) {
	db, _ := storetest.Open(t)
	if err := db.Do(t.Context(), func(stream.Unit) error { panic("broken") }); err == nil {
		t.Fatal("a panic was answered with success")
	}
	if err := db.Do(t.Context(), func(u stream.Unit) error { u.Next("!room"); return nil }); err != nil {
		t.Fatal(err)
	}
}

// What another process wrote is there, or a commit of one's own whose answer was lost: who asks again finds it and writes nothing. Whoever waits is told
// before that is answered.
func TestWhatIsFoundToBeThereIsToldOf(t *testing.T) {
	dir := t.TempDir()
	db, hub := storetest.OpenDir(t, dir)
	if err := db.Do(t.Context(), func(u stream.Unit) error { u.Next("!room", "@lin"); return nil }); err != nil {
		t.Fatal(err)
	}
	beside, _ := storetest.JoinDir(t, dir)
	if err := beside.Do(t.Context(), func(u stream.Unit) error { u.Next("!room", "@mei"); return nil }); err != nil {
		t.Fatal(err)
	}
	waits := hub.Subscribe("@mei")
	defer waits.Close()
	var upto stream.Position
	if err := db.Do(t.Context(), func(u stream.Unit) error { upto = u.Upto().At("!room"); return nil }); err != nil {
		t.Fatal(err)
	}
	if hub.Upto() != upto {
		t.Fatalf("the hub is at %d, the database at %d", hub.Upto(), upto)
	}
	<-waits.C
	if _, _, known := waits.News(); known {
		t.Error("nobody is told to look into the database")
	}
}

func TestACommitWakesWhoWaits(t *testing.T) {
	db, hub := storetest.Open(t)
	room, other := hub.Subscribe("!room"), hub.Subscribe("!other")
	defer room.Close()
	defer other.Close()
	if err := db.Do(t.Context(), func(u stream.Unit) error { u.Next("!room"); return nil }); err != nil {
		t.Fatal(err)
	}
	<-room.C
	select {
	case <-other.C:
		t.Error("a device that waits for another room was woken")
	default:
	}
}

package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

// TestMain lets this test's binary be the bare server too.
func TestMain(m *testing.M) {
	if folder := os.Getenv(envFloor); folder != "" {
		if err := serveFloor(context.Background(), folder); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// TestEverythingCanBeMeasured runs all of it with small numbers, so that it works on the day it is wanted.
func TestEverythingCanBeMeasured(t *testing.T) {
	r, err := measure(t.Context(), t.TempDir(), small, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(r.sendings, r.calm, r.durable.pair, r.half.pair, r.crowd.pair) {
		for name, one := range map[string]*sending{"wardroom": s.wardroom, "the bare server": s.floor} {
			if one.Messages == 0 || one.Sent.p50 <= 0 || one.Delivered.p50 <= 0 && one != r.durable.wardroom && one != r.durable.floor {
				t.Errorf("%s with %d senders: %+v", name, one.Senders, one)
			}
		}
	}
	for _, c := range r.synced {
		if c.syncs == 0 || c.messages == 0 {
			t.Errorf("syncs of the disk: %+v", c)
		}
	}
	for _, f := range r.first {
		if f.bytes < min(f.rooms, 20)*500 {
			t.Errorf("a first sync: %+v", f)
		}
	}
	for _, e := range r.empty {
		if e.requests == 0 || e.bytes == 0 || e.took.p50 <= 0 {
			t.Errorf("syncs with nothing in them: %+v", e)
		}
	}
	for _, s := range r.stores {
		if s.events == 0 {
			t.Errorf("the store alone: %+v", s)
		}
	}
	if r.durable.plain.Messages == 0 {
		t.Error("nothing was sent to a plain log")
	}
	if r.crowd.early.took.p50 <= 0 || r.crowd.late.took.p50 <= 0 || r.whole.peak == 0 || r.whole.backup.file == 0 || r.whole.backup.sent == 0 || len(r.stores) != 6 || len(r.idle) != 4 {
		t.Errorf("%+v, %+v, %d stores, %d rows of idle connections", r.crowd, r.whole, len(r.stores), len(r.idle))
	}
	text := r.document()
	for _, heading := range []string{"# Performance", "## A message", "## A sync", "## Sending", "## Durable", "## The store", "## Half", "## Syncs", "## Idle", "## First sync", "## A room", "## The whole"} {
		if !strings.Contains(text, heading) {
			t.Errorf("the report lacks %q", heading)
		}
	}
}

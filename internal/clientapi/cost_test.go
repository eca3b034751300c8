package clientapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardroom/internal/stream"
)

// What things cost is counted here, in allocations, rows read and commits, and not timed: so a busy machine changes nothing. Where a
// figure has grown by more than a fifth, something became slower that happens with each message; where it has shrunk as much, write the new
// one down. Allocations are those of the handlers and of the recorder that calls them, without a connection.
//
// The race detector allocates too: .ci/test.go runs these without it.

func costs(t *testing.T, what string, got, was float64) {
	t.Helper()
	t.Logf("%s: %.1f", what, got)
	if got > was*1.2 || got < was*0.8 {
		t.Errorf("%s: %.1f, and it was %.1f", what, got, was)
	}
}

// calling calls the handler itself.
type calling struct {
	handler http.Handler
	t       *testing.T
}

func (c calling) call(p *person, method, path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+p.token)
	rec := httptest.NewRecorder()
	c.handler.ServeHTTP(rec, req)
	return rec
}

// next is the token in an answer of sync.
func next(t *testing.T, rec *httptest.ResponseRecorder) string {
	var answer struct {
		Next string `json:"next_batch"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != http.StatusOK {
		t.Errorf("a sync was answered %d %s", rec.Code, rec.Body.Bytes())
	}
	return answer.Next
}

const syncFilter = "&filter=%7B%22room%22:%7B%22state%22:%7B%22lazy_load_members%22:true%7D%7D%7D"

// told is what one message costs in allocations while listeners wait, how many commits it takes, and how many instructions if counted is not nil.
func told(t *testing.T, listeners int, counted func() int64) (allocations, commits, instructions float64) {
	const messages = 60
	s := newServer(t)
	c := calling{s.api.Handler(), t}
	all := make([]*person, listeners+1)
	for i := range all {
		all[i] = s.newPerson(t, fmt.Sprint("p", i))
	}
	room := all[0].newRoom(t, object{"preset": "public_chat"})
	for _, p := range all[1:] {
		p.join(t, room)
	}
	var heard, over sync.WaitGroup
	var ends atomic.Bool
	for _, p := range all[1:] {
		since := next(t, c.call(p, "GET", "/_matrix/client/v3/sync?timeout=0"+syncFilter, ""))
		heard.Add(1)
		over.Go(func() {
			heard.Done()
			for !ends.Load() {
				rec := c.call(p, "GET", "/_matrix/client/v3/sync?timeout=60000&since="+since+syncFilter, "")
				since = next(t, rec)
				heard.Add(-strings.Count(rec.Body.String(), `"m.room.encrypted"`))
			}
		})
	}
	heard.Wait()
	var committed atomic.Int64
	say := func(txn string) {
		heard.Add(listeners)
		body := `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"` + strings.Repeat("AwgAEnAbcd", 35) + `"}`
		if rec := c.call(all[0], "PUT", in(room, "send")+"/m.room.encrypted/"+txn, body); rec.Code != http.StatusOK {
			t.Fatalf("sending: %d %s", rec.Code, rec.Body.Bytes())
		}
		heard.Wait()
	}
	for n := range 10 { // until everything is as it is all day
		say(fmt.Sprint("warm", n))
	}
	s.db.Committed = func(int, time.Duration) { committed.Add(1) }
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if counted != nil {
		instructions = -float64(counted())
	}
	for n := range messages {
		say(fmt.Sprint(n))
	}
	if counted != nil {
		instructions += float64(counted())
	}
	runtime.ReadMemStats(&after)
	ends.Store(true)
	heard.Add(listeners)
	c.call(all[0], "PUT", in(room, "send")+"/m.room.encrypted/last", `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x"}`)
	over.Wait()
	return float64(after.Mallocs-before.Mallocs) / messages, float64(committed.Load()) / messages, instructions / messages
}

func TestCostOfAMessage(t *testing.T) {
	counted, err := instructions(t)
	if err != nil {
		t.Logf("instructions are not counted: %v", err)
	}
	alone, commits, executed := told(t, 0, counted)
	costs(t, "allocations to send a message", alone, 228)
	costs(t, "commits for a message", commits, 1)
	many, _, all := told(t, 40, counted)
	costs(t, "allocations to tell one more person", (many-alone)/40, 80)
	if err == nil { // shown and not judged: how many there were was never seen where this was written
		t.Logf("instructions to send a message: %.0f, to tell one more person: %.0f", executed, (all-executed)/40)
	}
}

func TestCostOfHavingNothingToTell(t *testing.T) {
	s := newServer(t)
	c := calling{s.api.Handler(), t}
	lin := s.newPerson(t, "lin")
	lin.newRoom(t, object{})
	since := next(t, c.call(lin, "GET", "/_matrix/client/v3/sync?timeout=0", ""))
	since = next(t, c.call(lin, "GET", "/_matrix/client/v3/sync?timeout=0&since="+since, ""))
	var rows atomic.Int64
	ctx := stream.Metered(t.Context(), stream.NewTurns(1), func(n int) { rows.Add(int64(n) + 1) })
	sync := func() {
		req := httptest.NewRequestWithContext(ctx, "GET", "/_matrix/client/v3/sync?timeout=0&since="+since, nil)
		req.Header.Set("Authorization", "Bearer "+lin.token)
		rec := httptest.NewRecorder()
		c.handler.ServeHTTP(rec, req)
		since = next(t, rec)
	}
	costs(t, "allocations of a sync with nothing in it", testing.AllocsPerRun(100, sync), 42)
	if n := rows.Load(); n != 0 {
		t.Errorf("a sync with nothing in it asked the store (%d)", n)
	}
}

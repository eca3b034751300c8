package cluster

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/test/rig"
)

// database is a store of which nothing is known but how far its stream reaches, and what was heard.
type database struct {
	at    stream.Position
	heard chan []stream.Position
}

func (d *database) Position(context.Context) (stream.Position, error) { return d.at, nil }

func (d *database) Heard(_ context.Context, after, upto stream.Position, entries []*stream.Entry) error {
	all := []stream.Position{after, upto}
	for _, e := range entries {
		all = append(all, e.Pos)
	}
	d.heard <- all
	return nil
}

// join starts a member and waits until it hears.
func join(t *testing.T, at string, key [32]byte, typing func(mxid.User)) (*Member, *database) {
	t.Helper()
	d := &database{heard: make(chan []stream.Position, 100)}
	said := &lines{make(chan string, 100)}
	m, err := New(at, stream.NewHub(), d, slog.New(slog.NewTextHandler(said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	m.Hub.Elsewhere = m.Wake
	m.Typing = func(_ context.Context, who mxid.User, _ mxid.Room, _ time.Duration) error {
		typing(who)
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, key) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	said.until("heard through Redis")
	return m, d
}

type lines struct{ said chan string }

func (l *lines) Write(b []byte) (int, error) {
	l.said <- string(b)
	return len(b), nil
}

func (l *lines) until(what string) {
	for !strings.Contains(<-l.said, what) {
	}
}

func TestServersHearOfEachOtherAndOfNobodyElse(t *testing.T) {
	server := rig.RedisFor(t)
	at, key := "unix://"+server.Socket, [32]byte{1}
	typed := make(chan mxid.User, 100)
	note := func(who mxid.User) { typed <- who }
	a, ofA := join(t, at, key, note)
	b, ofB := join(t, at, key, note)
	stranger, ofStranger := join(t, at, [32]byte{2}, note)

	wait := b.Hub.Subscribe("@lin:x")
	defer wait.Close()
	stranger.Committed(0, 9, nil)
	a.Committed(4, 6, []*stream.Entry{{Pos: 5, Topics: []stream.Topic{"!r"}}, {Pos: 6, Topics: []stream.Topic{"@lin:x"}}})
	if got := <-ofB.heard; !slices.Equal(got, []stream.Position{4, 6, 5, 6}) {
		t.Errorf("heard %v", got)
	}
	a.Hub.Wake("@lin:x")
	<-wait.C
	a.Types("!r:x", "@mei:x", time.Second)
	if err := Ping(t.Context(), at); err != nil {
		t.Error(err)
	}
	if who := <-typed; who != "@mei:x" {
		t.Errorf("%s types", who)
	}

	// What was not signed by one of them, was changed, or is too old, is not heard.
	own := redis.NewClient(a.redis.Options())
	defer own.Close()
	channels, err := own.PubSubChannels(t.Context(), "wardroom:*").Result()
	if err != nil || len(channels) != 2 {
		t.Fatalf("there are %v, %v", channels, err)
	}
	old := seal(&message{From: "elsewhere", At: time.Now().Add(-time.Hour).UnixMilli(), Typing: &typing{"!r:x", "@old:x", time.Second}}, key)
	right := seal(&message{From: "elsewhere", At: time.Now().UnixMilli(), Commit: &commit{After: 6, Upto: 7}}, key)
	for _, text := range []string{"", "x", strings.Repeat("0", 64) + `{"commit":{"After":6,"Upto":100}}`, strings.Replace(right, `"Upto":7`, `"Upto":8`, 1), old, right} {
		for _, c := range channels {
			if err := own.Publish(t.Context(), c, text).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range []*database{ofA, ofB} {
		if got := <-d.heard; !slices.Equal(got, []stream.Position{6, 7}) {
			t.Errorf("heard %v", got)
		}
	}
	if len(typed) > 0 || len(ofStranger.heard) > 0 {
		t.Errorf("heard %d that was said an hour ago, and %d of other servers", len(typed), len(ofStranger.heard))
	}
}

// What Redis has lost is found in the database.
func TestWhatWasNotHeardIsFound(t *testing.T) {
	d := &database{at: 42}
	m, err := New("unix:///nowhere", stream.NewHub(), d, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := m.Hub.Subscribe("@lin:x")
	defer w.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, [32]byte{}) }()
	<-w.C
	if _, upto, known := w.News(); known || upto != 42 {
		t.Errorf("known up to %d, all of it %v", upto, known)
	}
	for range backlog + 1 {
		m.Wake(nil) // does not wait
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatIsNoneIsNotRepeated(t *testing.T) {
	if _, err := New("redis://u:geheim@h:x", stream.NewHub(), nil, nil); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	key := [32]byte{1}
	f.Add(seal(&message{Wake: []stream.Topic{"@a"}}, key))
	f.Add(strings.Repeat("0", 64) + "{}")
	f.Fuzz(func(t *testing.T, text string) {
		if what := open(text, [32]byte{2}); what != nil {
			t.Errorf("%q is taken for signed", text)
		}
	})
}

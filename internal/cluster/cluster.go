// Package cluster lets several servers with one PostgreSQL database be one: what one of them has committed, the others hear of at once,
// through Redis.
//
// Redis carries wake-ups and keeps nothing. What is lost there is in the database: each server looks once a second how far the stream
// reaches, and goes on from there. Nobody but the servers can say anything: each message is signed with a key out of the database.
package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

const (
	patience = 250 * time.Millisecond // for a commit that is in the database and was not heard of
	between  = time.Second            // looks at how far the stream reaches
	silence  = 5 * time.Second        // of Redis, before it is asked whether it is there
	backlog  = 4096                   // messages that wait to be sent
	fresh    = time.Minute            // for how long what is in no stream may be said
)

// Store is the database that the servers share.
type Store interface {
	// Position is how far the stream reaches now.
	Position(ctx context.Context) (stream.Position, error)
	// Heard takes in what another server has committed behind after and up to upto. It may wait for what was committed before.
	Heard(ctx context.Context, after, upto stream.Position, entries []*stream.Entry) error
}

// Member is one of the servers.
type Member struct {
	Hub   *stream.Hub
	Store Store
	Log   *slog.Logger
	// Typing takes in that somebody writes, as another server was told.
	Typing func(ctx context.Context, who mxid.User, in mxid.Room, d time.Duration) error

	redis *redis.Client
	name  string
	out   chan *message
	early chan struct{} // holds an element for each commit that waits for those it follows
	full  atomic.Bool   // messages were dropped
}

// message is what a server says to the others. Each field but From and At may be left out.
type message struct {
	From   string         `json:"from"` // a server in one of its runs
	At     int64          `json:"at"`   // when it was said, in milliseconds since 1970
	Commit *commit        `json:"commit,omitempty"`
	Wake   []stream.Topic `json:"wake,omitempty"`
	Typing *typing        `json:"typing,omitempty"`
}

// commit is what was committed behind After and up to Upto.
type commit struct {
	After, Upto stream.Position
	Facts       []fact
}

type fact struct {
	Pos    stream.Position
	Topics []stream.Topic
}

type typing struct {
	In  mxid.Room
	Who mxid.User
	For time.Duration
}

// Ping asks whether the Redis server at address answers.
func Ping(ctx context.Context, address string) error {
	m, err := New(address, nil, nil, nil)
	if err != nil {
		return err
	}
	defer m.redis.Close()
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return m.redis.Ping(ctx).Err()
}

// New returns a member that talks through the Redis server at address, redis://, rediss:// or unix://. It does not connect yet.
func New(address string, hub *stream.Hub, store Store, log *slog.Logger) (*Member, error) {
	o, err := redis.ParseURL(address)
	if err != nil {
		return nil, errors.New(`"redis" in the configuration is no address that can be used`) // the library's words have the password in them
	}
	o.ClientName, o.DisableIdentity = "wardroom", true
	return &Member{Hub: hub, Store: store, Log: log, redis: redis.NewClient(o), name: rand.Text(), out: make(chan *message, backlog), early: make(chan struct{}, 64)}, nil
}

// Committed tells the others of a commit. See store.DB.Elsewhere.
func (m *Member) Committed(after, upto stream.Position, entries []*stream.Entry) {
	c := &commit{After: after, Upto: upto, Facts: make([]fact, len(entries))}
	for i, e := range entries {
		c.Facts[i] = fact{e.Pos, e.Topics}
	}
	m.say(&message{Commit: c})
}

// Wake wakes those who wait for topics at the others. See stream.Hub.Elsewhere.
func (m *Member) Wake(topics []stream.Topic) { m.say(&message{Wake: topics}) }

// Types tells the others that somebody writes for so long, or has stopped. See feed.Typing.Elsewhere.
func (m *Member) Types(in mxid.Room, who mxid.User, d time.Duration) {
	m.say(&message{Typing: &typing{in, who, d}})
}

func (m *Member) say(what *message) {
	what.From, what.At = m.name, time.Now().UnixMilli()
	select {
	case m.out <- what:
	default: // the others find what was committed in the database
		m.full.Store(true)
	}
}

// Run talks and listens until ctx ends. key is that of all the servers.
func (m *Member) Run(ctx context.Context, key [32]byte) error {
	defer m.redis.Close()
	defer m.Hub.Patience(0)
	own := hmac.New(sha256.New, key[:])
	own.Write([]byte("channel"))
	channel := "wardroom:" + hex.EncodeToString(own.Sum(nil)[:16]) // other organisations may use the same Redis
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.talk(ctx, channel, key) })
	group.Go(func() error { return m.listen(ctx, channel, key) })
	group.Go(func() error { return m.look(ctx) })
	return group.Wait()
}

// talk sends what is to be said, all that waits at once.
func (m *Member) talk(ctx context.Context, channel string, key [32]byte) error {
	for {
		var next *message
		select {
		case next = <-m.out:
		case <-ctx.Done():
			return nil
		}
		pipe := m.redis.Pipeline()
		for more := true; more; {
			pipe.Publish(ctx, channel, seal(next, key))
			select {
			case next = <-m.out:
			default:
				more = false
			}
		}
		_, _ = pipe.Exec(ctx) // whoever listens notices that it is away
		if m.full.Swap(false) {
			m.Log.Warn("the other servers were not told of everything, and find the rest in the database: Redis is slow or away")
		}
	}
}

// listen hears what the others say. While Redis is away it goes on trying.
func (m *Member) listen(ctx context.Context, channel string, key [32]byte) error {
	for away := false; ctx.Err() == nil; {
		heard, err := m.hear(ctx, channel, key)
		m.Hub.Patience(0) // what is not known must be looked for in the database
		if ctx.Err() != nil {
			return nil
		}
		if heard || !away {
			m.Log.Warn("Redis is away: what happens at the other servers is noticed up to a second later", "error", err)
		}
		away = true
		select {
		case <-time.After(between):
		case <-ctx.Done():
		}
	}
	return nil
}

// hear listens until Redis is away. ok is true where it was there.
func (m *Member) hear(ctx context.Context, channel string, key [32]byte) (ok bool, err error) {
	sub := m.redis.Subscribe(ctx, channel)
	defer sub.Close()
	if _, err := sub.ReceiveTimeout(ctx, silence); err != nil {
		return false, err
	}
	m.Hub.Patience(patience)
	m.Log.Info("the other servers are heard through Redis")
	m.catchUp(ctx) // with what was said before
	for asked := false; ; {
		got, err := sub.ReceiveTimeout(ctx, silence)
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout() && !asked && ctx.Err() == nil:
			if err := sub.Ping(ctx); err != nil {
				return true, err
			}
			asked = true
			continue
		case err != nil:
			return true, err
		}
		asked = false
		if said, ok := got.(*redis.Message); ok {
			m.take(ctx, open(said.Payload, key))
		}
	}
}

// take does what a message says; nil is none.
func (m *Member) take(ctx context.Context, said *message) {
	if said == nil || said.From == m.name {
		return
	}
	var err error
	if c := said.Commit; c != nil && c.After <= c.Upto {
		entries := make([]*stream.Entry, len(c.Facts))
		for i, f := range c.Facts {
			entries[i] = &stream.Entry{Pos: f.Pos, Topics: f.Topics}
		}
		if c.After > m.Hub.Upto() { // it follows one that another server has yet to tell: that must be heard meanwhile
			select {
			case m.early <- struct{}{}:
				go func() {
					defer func() { <-m.early }()
					m.complain(ctx, m.Store.Heard(ctx, c.After, c.Upto, entries))
				}()
			default: // it is found in the database
			}
		} else {
			err = m.Store.Heard(ctx, c.After, c.Upto, entries)
		}
	}
	if time.Since(time.UnixMilli(said.At)).Abs() < fresh { // whoever is in between could say it again later
		m.Hub.WakeHere(said.Wake...)
		if t := said.Typing; t != nil {
			err = errors.Join(err, m.Typing(ctx, t.Who, t.In, t.For))
		}
	}
	m.complain(ctx, err)
}

func (m *Member) complain(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		m.Log.Warn("what another server said was not taken in", "error", err)
	}
}

// look looks once in a while how far the stream reaches, for what was not heard of.
func (m *Member) look(ctx context.Context) error {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.catchUp(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// catchUp sees to it that the hub has not stayed behind the database.
func (m *Member) catchUp(ctx context.Context) {
	if p, err := m.Store.Position(ctx); err == nil { // where the database is away, requests say so
		m.Hub.Reach(ctx, p)
	}
}

// seal gives a message's text with its signature before it.
func seal(what *message, key [32]byte) string {
	text, _ := json.Marshal(what) // of strings and numbers alone
	return sign(text, key) + string(text)
}

// open gives the message that seal made with the same key; nil where there is none.
func open(sealed string, key [32]byte) *message {
	const n = 2 * sha256.Size
	if len(sealed) < n || !hmac.Equal([]byte(sealed[:n]), []byte(sign([]byte(sealed[n:]), key))) {
		return nil
	}
	var what message
	if json.Unmarshal([]byte(sealed[n:]), &what) != nil {
		return nil
	}
	return &what
}

func sign(text []byte, key [32]byte) string {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

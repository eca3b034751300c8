// Package stream is the one order in which every fact that a device must learn is written down.
//
// An event, a receipt, account data, a to-device message, a change of somebody's keys: each is a row in its own table
// and carries a Position that no other fact has. Whoever changes anything does so in one Unit, handed to the writer,
// which commits many units at once; whoever reads does so in one View. A sync token is a Token: how far a device has read.
package stream

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Position is the place of one fact in the stream. Positions grow; a reader that has read up to p has missed nothing at
// or below p.
type Position int64

// Token says how far a reader has read: one position for each shard of the stream. The embedded store has one shard.
type Token []Position

// ErrToken is returned for text that is not a token.
var ErrToken = errors.New("not a stream token")

// maxShards bounds what a client can make us parse.
const maxShards = 64

// String gives the text a client keeps, such as "s42" or "s42_7_19". It is opaque to clients.
func (t Token) String() string {
	var room [64]byte
	return string(t.Append(room[:0]))
}

// Append appends what String gives.
func (t Token) Append(b []byte) []byte {
	b = append(b, 's')
	for i, p := range t {
		if i > 0 {
			b = append(b, '_')
		}
		b = strconv.AppendInt(b, int64(p), 10)
	}
	return b
}

// ParseToken reads what String wrote. It returns ErrToken for anything else.
func ParseToken(s string) (Token, error) {
	rest, ok := strings.CutPrefix(s, "s")
	if !ok || len(s) > 20*maxShards {
		return nil, ErrToken
	}
	var t Token
	for part := range strings.SplitSeq(rest, "_") {
		p, err := strconv.ParseInt(part, 10, 64)
		if err != nil || p < 0 || part[0] == '+' || len(t) == maxShards {
			return nil, ErrToken
		}
		t = append(t, Position(p))
	}
	return t, nil
}

// At is the position for the shard that holds topic.
func (t Token) At(Topic) Position { return t[0] }

// Topic is what something concerns: a user ID for one person, a room ID for whoever is in the room. A waiting device listens to
// its person.
type Topic string

// View is one consistent look at the store: everything read through it belongs to the same moment.
type View interface {
	// Upto is how far this view sees: everything at or below it is visible, nothing above it.
	Upto() Token
}

// Unit is one unit of work: all of it is committed, or none.
type Unit interface {
	View
	// Now is the unit's one fixed time.
	Now() time.Time
	// Next takes the next position of the stream, for a fact about topic. After the commit, whoever waits for topic
	// or for one of also is woken, and whoever waits for somebody who is joined to a room among them.
	Next(topic Topic, also ...Topic) Position
	// Tell gives what is at the position that Next took last to those who are woken, so that they need not read it from the
	// store. It must not change any more.
	Tell(what any)
}

// Disk commits units and opens views.
type Disk interface {
	// Do runs fn in a unit of work and returns when the unit is on disk, or with fn's error and nothing written.
	// Units run one after another. fn may be run again after a neighbour in the same commit failed, so it must set
	// what it returns afresh each time, and it must neither wait nor call Do or View.
	Do(ctx context.Context, fn func(Unit) error) error
	// View runs fn with one snapshot. fn must not call Do or View.
	View(ctx context.Context, fn func(View) error) error
}

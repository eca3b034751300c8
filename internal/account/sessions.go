package account

import (
	"sync"

	"wardroom/internal/stream"
)

// sessions are tokens that were found on disk a moment ago, so that a device that asks often is not looked for each time. Whatever ends a
// token takes a position of the stream for its person: what is remembered holds as long as the hub knows of no such entry
// since. The zero value is ready.
type sessions struct {
	mu     sync.Mutex // guards byHash and what is in it
	byHash map[[32]byte]*remembered
}

type remembered struct {
	Holder
	at stream.Position // up to where it is known to hold
}

// maxSessions is how many are remembered.
const maxSessions = 20_000

// find gives the holder of the token with this hash, if that is remembered and still so.
func (s *sessions) find(hub *stream.Hub, hash [32]byte) (h Holder, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byHash[hash]
	if r == nil {
		return Holder{}, false
	}
	entries, upto, known := hub.After(r.at)
	for _, e := range entries {
		known = known && !e.Names(stream.Topic(r.User))
	}
	if !known {
		delete(s.byHash, hash)
		return Holder{}, false
	}
	r.at = max(r.at, upto)
	return r.Holder, true
}

// put remembers what was found in a view that reached to at. Where there are too many, some are forgotten, whichever come first.
func (s *sessions) put(hash [32]byte, h Holder, at stream.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byHash == nil {
		s.byHash = map[[32]byte]*remembered{}
	}
	for old := range s.byHash {
		if len(s.byHash) < maxSessions {
			break
		}
		delete(s.byHash, old)
	}
	s.byHash[hash] = &remembered{h, at}
}

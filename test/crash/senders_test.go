package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"wardroom/test/rig"
)

// sender sends one message after the other to random rooms.
type sender struct {
	office  *office
	by      *rig.Person
	name    string
	random  *rand.Rand
	n       int
	pending *message
	done    []*message // answered in this round
	last    *message
}

// run sends until ctx ends or the server goes.
func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.n++
		m := &message{by: s.by, room: s.office.rooms[s.random.IntN(roomCount)], txn: fmt.Sprintf("%s.%d", s.name, s.n), began: time.Now()}
		m.text = m.txn + strings.Repeat(" lorem ipsum", s.random.IntN(60))
		s.pending = m
		if err := s.send(ctx, m); err != nil {
			m.unanswered = true
			s.office.refused("sending "+m.txn, err)
			return
		}
	}
}

func (s *sender) send(ctx context.Context, m *message) error {
	id, err := s.by.Send(ctx, m.room, m.txn, m.text)
	if err != nil {
		return err
	}
	m.id, m.answered = id, time.Now()
	s.done, s.last, s.pending = append(s.done, m), m, nil
	return nil
}

// settle repeats the message that was not answered, and twice what was answered last.
func (s *sender) settle(ctx context.Context) {
	if m := s.pending; m != nil {
		s.office.counted.unanswered++
		if err := s.send(ctx, m); err != nil {
			s.office.t.Errorf("repeating %s: %v", m.txn, err)
		}
	}
	for range 2 {
		if s.last == nil {
			break
		}
		id, err := s.by.Send(ctx, s.last.room, s.last.txn, s.last.text)
		if err != nil || id != s.last.id {
			s.office.t.Errorf("repeating %s, which was answered %s: %s, %v", s.last.txn, s.last.id, id, err)
		}
	}
}

// carrier sends numbered to-device messages to random others.
type carrier struct {
	office *office
	by     *rig.Person
	random *rand.Rand
	n      int
	to     *rig.Person      // who gets number n, if that was not answered; nil if it was
	sent   map[string][]int // by receiver: the numbers, in order
}

// run sends until ctx ends or the server goes.
func (c *carrier) run(ctx context.Context) {
	for ctx.Err() == nil {
		c.n++
		c.to = c.office.people[c.random.IntN(people)]
		if err := c.send(ctx); err != nil {
			c.office.refused("sending to a device", err)
			return
		}
	}
}

func (c *carrier) send(ctx context.Context) error {
	if err := c.by.SendToDevice(ctx, c.to, fmt.Sprint("carry", c.n), map[string]int{"n": c.n}); err != nil {
		return err
	}
	c.sent[c.to.User] = append(c.sent[c.to.User], c.n)
	c.to = nil
	return nil
}

func (c *carrier) settle(ctx context.Context) {
	if c.to == nil {
		return
	}
	to := c.to
	if err := c.send(ctx); err != nil {
		c.office.t.Errorf("repeating a message to a device: %v", err)
	}
	if err := c.by.SendToDevice(ctx, to, fmt.Sprint("carry", c.n), map[string]int{"n": c.n}); err != nil {
		c.office.t.Errorf("repeating a message to a device: %v", err)
	}
}

// toDevice checks that a device was given everything that was sent to it, once, and what one sender sent in order.
func (o *office) toDevice(ctx context.Context, r *reader, p *rig.Person) {
	want := map[string][]int{}
	for _, c := range o.carriers {
		want[c.by.User] = c.sent[p.User]
	}
	complete := r.until(ctx, func() bool {
		for by, numbers := range want {
			if len(r.arrived[by]) < len(numbers) {
				return false
			}
		}
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for by, numbers := range want {
		if !complete || !slices.Equal(r.arrived[by], numbers) {
			o.t.Errorf("%s was given %v by %s, and was sent %v", p.User, r.arrived[by], by, numbers)
		}
	}
}

// stock is one device's one-time keys: it uploads more when others have claimed them all.
type stock struct {
	office *office
	owner  *rig.Person
	keys   *rig.Keys
	empty  chan struct{}

	mu       sync.Mutex // guards everything below
	n        int
	pending  map[string]any // an upload that was not answered
	uploaded map[string]bool
	given    map[string]bool
	lost     int // claims that were not answered: each may have used up a key
}

func newStock(o *office) (*stock, error) {
	s := &stock{office: o, owner: o.people[0], empty: make(chan struct{}, 1), uploaded: map[string]bool{}, given: map[string]bool{}}
	var err error
	s.keys, err = s.owner.Publish(o.t.Context())
	return s, err
}

// work uploads and claims until ctx ends or the server goes.
func (s *stock) work(ctx context.Context, all *sync.WaitGroup) {
	all.Go(func() {
		for {
			s.upload(ctx)
			select {
			case <-s.empty:
			case <-ctx.Done():
				return
			}
		}
	})
	for i := range claimers {
		all.Go(func() {
			for ctx.Err() == nil {
				if !s.claim(ctx, s.office.people[1+i]) {
					return
				}
			}
		})
	}
}

// upload publishes ten more keys, or those of the last upload again if that was not answered.
func (s *stock) upload(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		var ids []string
		for range 10 {
			s.n++
			ids = append(ids, fmt.Sprintf("key%08d", s.n))
		}
		keys, err := s.keys.OneTime(ids...)
		if err != nil {
			s.office.t.Error(err)
			return
		}
		s.pending = keys
		for name := range keys {
			s.uploaded[name] = true
		}
	}
	keys := s.pending
	s.mu.Unlock()
	err := s.keys.Upload(ctx, keys)
	s.mu.Lock()
	if err != nil {
		s.office.refused("uploading keys", err)
		return
	}
	s.pending = nil
}

// claim takes one key. It returns false if no answer came.
func (s *stock) claim(ctx context.Context, by *rig.Person) bool {
	name, err := by.Claim(ctx, s.owner)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.lost++
		s.office.refused("claiming a key", err)
		return false
	case name == "":
		select {
		case s.empty <- struct{}{}:
		default:
		}
	case s.given[name]:
		s.office.t.Errorf("the one-time key %s was handed out twice", name)
	case !s.uploaded[name]:
		s.office.t.Errorf("the one-time key %s was never uploaded", name)
	default:
		s.given[name] = true
	}
	return true
}

// settle repeats an upload that was not answered.
func (s *stock) settle(ctx context.Context) {
	s.mu.Lock()
	again := s.pending != nil
	s.mu.Unlock()
	if again {
		s.upload(ctx)
	}
}

// leftKeys claims every key that is left and checks that none is missing beyond those that an unanswered claim may have taken.
func (o *office) leftKeys(ctx context.Context) {
	s := o.stock
	for {
		before := len(s.given)
		if !s.claim(ctx, o.people[1]) || len(s.given) == before {
			break
		}
	}
	if missing := len(s.uploaded) - len(s.given); missing > s.lost {
		o.t.Errorf("%d one-time keys are gone, and only %d claims were not answered", missing, s.lost)
	}
}

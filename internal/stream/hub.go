package stream

import "sync"

// Hub wakes waiting devices. A wake-up carries nothing: the woken device reads the stream. A wake-up that is lost costs
// latency, never a message.
type Hub struct {
	mu      sync.Mutex                     // guards waiting
	waiting map[Topic]map[*Waiter]struct{} // every open Waiter under each of its topics
}

// NewHub returns a hub with nobody waiting.
func NewHub() *Hub { return &Hub{waiting: make(map[Topic]map[*Waiter]struct{})} }

// Waiter is one device's wait. Close it when done.
type Waiter struct {
	// C receives once after any of the topics was woken, however often.
	C      <-chan struct{}
	wake   chan struct{}
	hub    *Hub
	topics []Topic
}

// Subscribe starts to listen to topics. Whatever is woken from now on is noticed, so subscribe first and read the
// stream afterwards.
func (h *Hub) Subscribe(topics ...Topic) *Waiter {
	c := make(chan struct{}, 1)
	w := &Waiter{C: c, wake: c, hub: h, topics: topics}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		set := h.waiting[t]
		if set == nil {
			set = make(map[*Waiter]struct{})
			h.waiting[t] = set
		}
		set[w] = struct{}{}
	}
	return w
}

// Close ends the wait.
func (w *Waiter) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range w.topics {
		delete(h.waiting[t], w)
		if len(h.waiting[t]) == 0 {
			delete(h.waiting, t)
		}
	}
}

// Awaited reports whether anybody listens to anything.
func (h *Hub) Awaited() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting) > 0
}

// Wake wakes everybody who listens to one of topics.
func (h *Hub) Wake(topics ...Topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range topics {
		for w := range h.waiting[t] {
			select {
			case w.wake <- struct{}{}:
			default:
			}
		}
	}
}

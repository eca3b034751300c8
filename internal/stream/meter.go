package stream

import "context"

// Turns lets a few views of one reader be open at once, however many requests the reader makes: the others wait their turn, so
// that nobody keeps all others waiting.
type Turns chan struct{}

// NewTurns lets n views be open at once.
func NewTurns(n int) Turns { return make(Turns, n) }

// meter is what the views of one request are measured with.
type meter struct {
	turns Turns
	spent func(rows int)
}

type meterKey struct{}

// Metered is ctx for a request whose views take turns. spent, which must not wait, is told after each how many rows were read.
func Metered(ctx context.Context, turns Turns, spent func(rows int)) context.Context {
	return context.WithValue(ctx, meterKey{}, meter{turns, spent})
}

// Turn is for a Disk to call before it opens a view: it waits for the reader's turn, if ctx is metered, and returns what is to be
// called behind the view.
func Turn(ctx context.Context) (end func(rows int), err error) {
	m, ok := ctx.Value(meterKey{}).(meter)
	if !ok {
		return func(int) {}, nil
	}
	select {
	case m.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func(rows int) {
		<-m.turns
		m.spent(rows)
	}, nil
}

package push

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"wardroom/internal/stream"
)

// turnName is where it is kept which of several servers pushes, and until when.
const turnName = "pushing"

// aTurn is for how long a server says that it is the one. It says so again after a third of that, and where it does not, because it has ended or
// can not reach the database, another one takes over.
const aTurn = 30 * time.Second

// takeTurns pushes whenever it is this server's turn, until ctx ends.
func (p *Pushers) takeTurns(ctx context.Context) error {
	if p.turn == 0 {
		p.turn = aTurn
	}
	me := rand.Text()
	again := time.NewTicker(p.turn / 3)
	defer again.Stop()
	for {
		if mine, err := p.claim(ctx, me); err != nil && ctx.Err() == nil {
			p.Log.ErrorContext(ctx, "pushing", "err", err)
		} else if mine {
			if err := p.takeTurn(ctx, me); err != nil && ctx.Err() == nil {
				p.Log.ErrorContext(ctx, "pushing", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// takeTurn pushes for as long as the turn is this server's, and gives it back when ctx ends.
func (p *Pushers) takeTurn(ctx context.Context, me string) error {
	turn, end := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		defer end()
		again := time.NewTicker(p.turn / 3)
		defer again.Stop()
		for until := time.Now().Add(p.turn); ; {
			select {
			case <-turn.Done():
				return
			case <-again.C:
			}
			limit, cancel := context.WithDeadline(turn, until)
			mine, err := p.claim(limit, me)
			cancel()
			if err == nil && mine {
				until = time.Now().Add(p.turn)
			} else if err == nil || time.Now().After(until) {
				return
			}
		}
	}()
	err := p.push(turn)
	end()
	<-kept
	if ctx.Err() != nil {
		_ = p.Disk.Do(context.WithoutCancel(ctx), func(u stream.Unit) error { // where that fails, the turn ends by itself
			if who, _, err := p.whose(u); err != nil || who != me {
				return err
			}
			return p.Disk.SetMeta(u, turnName, "nobody 0")
		})
	}
	return err
}

// claim makes the turn this server's for a while, unless it is another one's.
func (p *Pushers) claim(ctx context.Context, me string) (mine bool, err error) {
	err = p.Disk.Do(ctx, func(u stream.Unit) error {
		who, until, err := p.whose(u)
		if err != nil {
			return err
		}
		if mine = who == me || !u.Now().Before(until); !mine {
			return nil
		}
		return p.Disk.SetMeta(u, turnName, fmt.Sprint(me, " ", u.Now().Add(p.turn).UnixMilli()))
	})
	if err != nil {
		return false, fmt.Errorf("agreeing with the other servers on who pushes: %w", err)
	}
	return mine, nil
}

// whose gives whose turn it is, and until when.
func (p *Pushers) whose(v stream.View) (who string, until time.Time, err error) {
	text, ok, err := p.Disk.Meta(v, turnName)
	if err != nil || !ok {
		return "", time.Time{}, err
	}
	var ms int64
	if _, err := fmt.Sscan(text, &who, &ms); err != nil {
		return "", time.Time{}, fmt.Errorf("reading whose turn it is: %w", err)
	}
	return who, time.UnixMilli(ms), nil
}

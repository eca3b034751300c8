package desk

import (
	"context"

	"wardroom/internal/stream"
)

// SingleStep does one step of what an entry authorised.
func (d *Desk) SingleStep(ctx context.Context, number int64) (more bool, err error) {
	err = d.Disk.Do(ctx, func(u stream.Unit) (err error) {
		more, err = d.next(u, number, func(int64) {})
		return err
	})
	return more, err
}

package main

import (
	"context"
	"log/slog"
	"time"
)

// tidy runs the steps now and then once an hour, until ctx ends. What they remove is out of use already, so one that fails is
// logged and tried again an hour later.
func tidy(ctx context.Context, log *slog.Logger, steps ...func(context.Context) error) error {
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		for _, step := range steps {
			if err := step(ctx); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "tidying up", "err", err)
			}
		}
		select {
		case <-hour.C:
		case <-ctx.Done():
			return nil
		}
	}
}

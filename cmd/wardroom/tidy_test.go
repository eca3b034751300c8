package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

func TestTidyingGoesOnAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 150*time.Minute)
		defer stop()
		n := 0
		fails := func(context.Context) error { return errors.New("the disk is full") }
		counts := func(context.Context) error { n++; return nil }
		if err := tidy(ctx, slog.New(slog.DiscardHandler), fails, counts); err != nil {
			t.Fatal(err)
		}
		if n != 3 {
			t.Errorf("tidied %d times in two and a half hours, want 3", n)
		}
	})
}

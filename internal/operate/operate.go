// Package operate is what the person who runs the machine sees: health, metrics, the operator's page and the doctor's
// findings. Nothing in it is about people.
package operate

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"wardroom/internal/stream"
)

// lowSpace is how much free space, in bytes, the server needs to go on safely.
const lowSpace = 128 << 20

// Health answers whoever watches over the server from outside: a load balancer, an orchestrator, a monitor.
type Health struct {
	Disk     stream.Disk
	Writable func(context.Context) error // whether the database's disk takes what is written
	Folder   string                      // where the data is
	Log      *slog.Logger
}

// Handler serves /healthz, which says that the program runs, and /readyz, which says that it can keep what it accepts.
// They say nothing else, because everybody may ask.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := h.Ready(r.Context()); err != nil {
			h.Log.WarnContext(r.Context(), "not ready", "err", err)
			say(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		say(w, http.StatusOK, "ready")
	})
	return mux
}

// Ready returns nil if a unit of work can be committed within five seconds, what was written last was taken, and there is space to
// write more.
func (h *Health) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := h.Disk.Do(ctx, func(stream.Unit) error { return nil }); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	if err := h.Writable(ctx); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	free, _, err := space(h.Folder)
	if err != nil {
		return fmt.Errorf("asking for the space in %s: %w", h.Folder, err)
	}
	if free < lowSpace {
		return fmt.Errorf("%s are free in %s, fewer than %s", bytesText(free), h.Folder, bytesText(lowSpace))
	}
	return nil
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // a client that has gone misses its answer
}

// bytesText is n for people, such as "12.5 GiB".
func bytesText(n uint64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for ; f >= 1024 && unit < 4; unit++ {
		f /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", f, " KMGT"[unit])
}

package front

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// requestID is the context's key for the request's id.
type requestID struct{}

// Log returns a logger that writes to next and adds the request's id to what is logged within a request. The id is
// also in the answer's X-Request-Id, so that a person can name what went wrong without saying who they are. Whatever
// has the form of a person's, a room's or an event's identifier, or of a network address, is left out.
func Log(next slog.Handler) *slog.Logger { return slog.New(discreet{next}) }

type discreet struct{ slog.Handler }

func (h discreet) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, conceal(rec.Message), rec.PC)
	if id, ok := ctx.Value(requestID{}).(string); ok {
		out.AddAttrs(slog.String("request", id))
	}
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(concealed(a))
		return true
	})
	return h.Handler.Handle(ctx, out)
}

func (h discreet) WithAttrs(as []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(as))
	for i, a := range as {
		hidden[i] = concealed(a)
	}
	return discreet{h.Handler.WithAttrs(hidden)}
}

func (h discreet) WithGroup(name string) slog.Handler { return discreet{h.Handler.WithGroup(name)} }

func concealed(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, conceal(v.String()))
	case slog.KindAny:
		return slog.String(a.Key, conceal(fmt.Sprint(v.Any())))
	case slog.KindGroup:
		var in []any
		for _, part := range v.Group() {
			in = append(in, concealed(part))
		}
		return slog.Group(a.Key, in...)
	default:
		return a
	}
}

var (
	identifier = regexp.MustCompile(`[@#!][^\s:"']+:[^\s"',;()]+|[$!][A-Za-z0-9_-]{43}`)
	address    = regexp.MustCompile(`\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\w+)?\](:\d+)?|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b|\b[0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4}){4,7}\b|[0-9A-Fa-f:]*::[0-9A-Fa-f:]*`)
)

func conceal(s string) string {
	return address.ReplaceAllString(identifier.ReplaceAllString(s, "(id)"), "(address)")
}

// serverLog takes what net/http has to say.
func serverLog(to *slog.Logger) *log.Logger { return log.New(complaints{to}, "", 0) }

type complaints struct{ to *slog.Logger }

func (c complaints) Write(p []byte) (int, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(string(p)), "\n")
	if !strings.Contains(first, "TLS handshake error") { // scanners make those all day
		c.to.Warn("http", "says", first)
	}
	return len(p), nil
}

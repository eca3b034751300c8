package front

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"
)

// Server returns a server for handler. Headers must come soon and be small; bodies and answers have the deadlines of
// Door. certificates may be nil: then nothing is encrypted.
func Server(handler http.Handler, certificates *tls.Config, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         certificates,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          serverLog(log),
	}
}

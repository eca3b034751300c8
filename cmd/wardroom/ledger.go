package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"wardroom/internal/clientapi"
	"wardroom/internal/config"
	"wardroom/internal/desk"
	"wardroom/internal/ledger"
	"wardroom/internal/mxid"
	"wardroom/internal/store"
	"wardroom/internal/stream"
	"wardroom/internal/turn"
	"wardroom/web"
)

// askWitness is how long a witness may take to sign.
const askWitness = 10 * time.Second

// recorded is the server's ledger.
func recorded(conf *config.Config, db *store.DB, api *clientapi.API, hub *stream.Hub, log *slog.Logger) (*ledger.Ledger, error) {
	policy, err := conf.ReadWitnesses()
	if err != nil {
		return nil, err
	}
	api.Ledger = &ledger.Ledger{
		Disk: db, Hub: hub, Log: log, Server: mxid.Server(conf.Name), Policy: policy, Client: &http.Client{Timeout: askWitness},
	}
	api.Devices.Ledger = api.Ledger
	api.Desk = &desk.Desk{Disk: db, Ledger: api.Ledger, Hub: hub, Log: log, Acts: desk.Powers(api.Accounts), Audits: []desk.Compare{api.Devices.Audit}}
	api.Cases.Desk = api.Desk
	return api.Ledger, nil
}

// recordClient has the ledger name the web client that this program carries.
func recordClient(ctx context.Context, l *ledger.Ledger) error {
	build, err := web.Build(web.Client())
	if err != nil {
		return err
	}
	return l.Serves(ctx, build, version)
}

// publishing publishes the ledger until ctx ends. Of several servers with one database one does it at a time.
func publishing(ctx context.Context, l *ledger.Ledger, beside bool, log *slog.Logger) error {
	if !beside {
		return l.Run(ctx)
	}
	return turn.Turn{Disk: l.Disk, Name: "publishing the ledger", Doing: "publishing the ledger", Log: log}.Take(ctx, l.Run)
}

// carrying carries warrants out until ctx ends. Of several servers with one database one does it at a time.
func carrying(ctx context.Context, d *desk.Desk, beside bool, log *slog.Logger) error {
	if !beside {
		return d.Run(ctx)
	}
	return turn.Turn{Disk: d.Ledger.Disk, Name: "carrying out warrants", Doing: "carrying out warrants", Log: log}.Take(ctx, d.Run)
}

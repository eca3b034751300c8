package operate

import (
	"context"
	"crypto/x509"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"wardroom/internal/desk"
	"wardroom/internal/ledger"
	"wardroom/internal/service"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageCSS []byte

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Page is the operator's page: how the machine and the program are. It shows nothing about people, not even how many
// there are.
type Page struct {
	Name     string // the server's name
	Version  string
	Tables   int    // the version of the tables
	Folder   string // the data folder
	Files    string // where the people's files are
	Database string // the database's file name in it, where it is SQLite's
	Address  string // of the PostgreSQL database otherwise, without what is secret in it
	Started  time.Time
	Health   *Health
	Metrics  http.Handler
	Services func() []service.State // how it stands with the application services
	Ledger   *ledger.Ledger
	Desk     *desk.Desk
	// BackedUp gives when the last backup was made, RFC 3339, or nothing for never.
	BackedUp func(context.Context) (string, error)
	// Certificate gives the certificate in use; nil where connections are not encrypted here.
	Certificate func(context.Context) (*x509.Certificate, error)
}

// Handler serves /operator, /operator/page.css and /metrics.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", p.Metrics)
	mux.HandleFunc("GET /operator/page.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(pageCSS) // a client that has gone misses its answer
	})
	mux.HandleFunc("GET /operator", p.show)
	return mux
}

// fact is one line of the page.
type fact struct{ Name, Value string }

func (p *Page) show(w http.ResponseWriter, r *http.Request) {
	view := struct {
		Name     string
		Findings []Finding
		Facts    []fact
		Now      string
	}{Name: p.Name, Findings: p.findings(r.Context()), Facts: p.facts(), Now: time.Now().UTC().Format(time.DateTime)}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Cache-Control", "no-store")
	if err := pageTemplate.Execute(w, view); err != nil {
		p.Health.Log.ErrorContext(r.Context(), "showing the operator's page", "err", err)
	}
}

func (p *Page) findings(ctx context.Context) []Finding {
	ready := fine("server", "It takes and keeps what people write.")
	if err := p.Health.Ready(ctx); err != nil {
		ready = Finding{"server", Wrong, "It cannot keep what people write: " + err.Error() + ".", "Run wardroom doctor as the user who runs the server."}
	}
	found := []Finding{ready}
	if free, total, err := space(p.Folder); err == nil {
		found = append(found, Space(free, total))
	}
	at, err := p.BackedUp(ctx)
	if err != nil {
		found = append(found, Finding{"backup", Look, "When the last one was made cannot be read: " + err.Error() + ".", ""})
	} else {
		found = append(found, LastBackup(at))
	}
	if p.Services != nil {
		for _, s := range p.Services() {
			found = append(found, ServiceFinding(s))
		}
	}
	if p.Ledger != nil {
		found = append(found, LedgerFinding(p.Ledger.State(ctx)))
	}
	if p.Desk != nil {
		found = append(found, AuditFinding(p.Desk.Audited()))
	}
	if p.Certificate != nil {
		c, err := p.Certificate(ctx)
		if err != nil {
			found = append(found, Finding{"certificate", Wrong, "There is none: " + err.Error() + ".", "Look into the server's log for \"certificate\", and run wardroom doctor."})
		} else {
			found = append(found, judge("certificate", c, "", "It should have been renewed by now: look into the server's log for \"certificate\"."))
		}
	}
	return found
}

func (p *Page) facts() []fact {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	database := []fact{{"Database", p.size(p.Database)}, {"Write-ahead log", p.size(p.Database + "-wal")}}
	if p.Address != "" {
		database = []fact{{"Database", p.Address}}
	}
	var record []fact
	if p.Ledger != nil {
		record = []fact{{"Key of the ledger", p.Ledger.Key()}}
	}
	return slices.Concat([]fact{
		{"Version", p.Version},
		{"Built with", fmt.Sprintf("%s for %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		{"Version of the tables", fmt.Sprint(p.Tables)},
		{"Running since", p.Started.UTC().Format(time.DateTime) + " (UTC)"},
		{"Data folder", p.Folder},
		{"Files", p.Files},
	}, record, database, []fact{
		{"Memory", bytesText(mem.Sys)},
		{"Tasks at work", fmt.Sprint(runtime.NumGoroutine())},
	})
}

func (p *Page) size(name string) string {
	info, err := os.Stat(filepath.Join(p.Folder, name))
	if err != nil {
		return "none"
	}
	return bytesText(uint64(info.Size()))
}

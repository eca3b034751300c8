package operate

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wardroom/internal/desk"
	"wardroom/internal/ledger"
)

// stale is after how long without the witnesses' signatures something is wrong: they sign each minute.
const stale = 5 * time.Minute

// LedgerFinding says how the ledger stands.
func LedgerFinding(s ledger.State, err error) Finding {
	if err != nil {
		return Finding{"ledger", Wrong, "It cannot be read: " + err.Error() + ".", "Run wardroom doctor as the user who runs the server."}
	}
	f := fine("ledger", "It has %d entries", s.Size)
	if !s.Witnessed.IsZero() {
		f.Says += fmt.Sprintf(", witnessed up to %d at %s (UTC)", s.Published, s.Witnessed.UTC().Format(time.DateTime))
	}
	f.Says += "."
	switch {
	case s.Halted != nil:
		f.State = Wrong
		f.Says += " NOTHING IS PUBLISHED ANY MORE: " + s.Halted.Error() + "."
		f.Do = "Put the newest database in place again. Where it is lost, docs/decisions/ledger.md says what a succession is."
	case s.Witnesses == 0:
		f.State = Look
		f.Says += " Nobody outside witnesses it: who keeps no copy would not notice that it was rewritten."
		f.Do = "Ask others to run wardroom witness, and name them (ledger.witnesses in the configuration)."
	case s.Published < s.Size || time.Since(s.Witnessed) > stale:
		f.State = Wrong
		f.Says += " Too few witnesses have signed since."
	case s.Missing != "":
		f.State = Look
	}
	if s.Halted == nil && s.Missing != "" {
		f.Says += " Not signed: " + s.Missing + "."
		f.Do = "Ask those who run these witnesses; nothing has to be done here when they are back."
	}
	return f
}

// AuditFinding says what the last comparison of the database with the ledger has found.
func AuditFinding(a desk.Audited) Finding {
	if a.At.IsZero() {
		return Finding{"power", Look, "The database was not compared with the ledger yet.", ""}
	}
	f := fine("power", "The ledger explains every act of power in the database; compared at %s (UTC).", a.At.UTC().Format(time.DateTime))
	if a.Differences > 0 {
		f.State = Wrong
		f.Says = fmt.Sprintf("THE DATABASE WAS CHANGED BY HAND, or by another program: the ledger does not explain %d things in it.", a.Differences)
		f.Do = "Run wardroom audit as the user who runs the server: it names each."
	}
	return f
}

// Audit adds what the last comparison of the database with the ledger has found.
func (m *Metrics) Audit(last func() desk.Audited) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardroom_audit_differences", Help: "Things in the database that the ledger does not explain, as of the last audit."},
			func() float64 { return float64(last().Differences) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wardroom_audit_time_seconds", Help: "When the database was last compared with the ledger, in seconds since 1970; 0 for never."},
			func() float64 { return float64(max(last().At.Unix(), 0)) }))
}

// Ledger adds how the ledger stands, which state is asked for whenever the metrics are.
func (m *Metrics) Ledger(state func() (ledger.State, error)) {
	m.registry.MustRegister(ledgerMetrics(state))
}

// ledgerMetrics are the numbers of a ledger. Where it cannot be read, they are left out.
type ledgerMetrics func() (ledger.State, error)

var (
	ledgerEntries   = prometheus.NewDesc("wardroom_ledger_entries", "Entries of the ledger.", nil, nil)
	ledgerPublished = prometheus.NewDesc("wardroom_ledger_published_entries", "Entries under its last checkpoint.", nil, nil)
	ledgerWitnessed = prometheus.NewDesc("wardroom_ledger_witnessed_time_seconds", "When a quorum of witnesses had last signed that checkpoint, in seconds since 1970; 0 for never.", nil, nil)
	ledgerHalted    = prometheus.NewDesc("wardroom_ledger_halted", "1 where a witness has seen another ledger under this name: it was rolled back or forked.", nil, nil)
)

// Describe implements prometheus.Collector.
func (ledgerMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ledgerEntries, ledgerPublished, ledgerWitnessed, ledgerHalted} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m ledgerMetrics) Collect(to chan<- prometheus.Metric) {
	s, err := m()
	if err != nil {
		return
	}
	witnessed, halted := 0.0, 0.0
	if !s.Witnessed.IsZero() {
		witnessed = float64(s.Witnessed.Unix())
	}
	if s.Halted != nil {
		halted = 1
	}
	for d, n := range map[*prometheus.Desc]float64{ledgerEntries: float64(s.Size), ledgerPublished: float64(s.Published), ledgerWitnessed: witnessed, ledgerHalted: halted} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n)
	}
}

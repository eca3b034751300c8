package operate

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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

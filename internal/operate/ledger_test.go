package operate_test

import (
	"errors"
	"testing"
	"time"

	"wardroom/internal/desk"
	"wardroom/internal/ledger"
	"wardroom/internal/operate"
)

func TestHowTheLedgerStandsIsSaid(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		is    ledger.State
		err   error
		state operate.State
		says  string
	}{
		{ledger.State{Size: 7, Published: 7, Witnesses: 3, Witnessed: now}, nil, operate.Fine, "witnessed up to 7 at " + now.UTC().Format(time.DateTime)},
		{ledger.State{Size: 7, Published: 7}, nil, operate.Look, "Nobody outside witnesses it"},
		{ledger.State{Size: 7, Published: 7, Witnesses: 3, Witnessed: now, Missing: "east: it answered 500"}, nil, operate.Look, "Not signed: east: it answered 500."},
		{ledger.State{Size: 7, Published: 6, Witnesses: 3, Witnessed: now}, nil, operate.Wrong, "Too few witnesses have signed since."},
		{ledger.State{Size: 7, Published: 7, Witnesses: 3, Witnessed: now.Add(-time.Hour)}, nil, operate.Wrong, "Too few witnesses have signed since."},
		{ledger.State{Size: 7, Published: 7, Witnesses: 3, Witnessed: now, Halted: &ledger.Diverged{Witness: "east", Ours: 7, Theirs: 9}}, nil, operate.Wrong, "has seen 9 entries, and there are 7 here"},
		{ledger.State{}, errors.New("no disk"), operate.Wrong, "It cannot be read: no disk."},
	} {
		expect(t, operate.LedgerFinding(c.is, c.err), c.state, c.says)
	}
	expect(t, operate.AuditFinding(desk.Audited{}), operate.Look, "was not compared")
	expect(t, operate.AuditFinding(desk.Audited{At: now}), operate.Fine, "explains every act of power")
	expect(t, operate.AuditFinding(desk.Audited{At: now, Differences: 2}), operate.Wrong, "does not explain 2 things")
}

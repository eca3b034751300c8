package ledger

import "time"

// SetSince has the ledger take at for the time at which its server was started.
func (l *Ledger) SetSince(at time.Time) { l.since = at }

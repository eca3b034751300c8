package operate

import (
	"fmt"
	"time"
)

// Postgres is what is known of the PostgreSQL server that has the database.
type Postgres struct {
	Version           string
	Fsync             string
	FullPageWrites    string
	SynchronousCommit string // in Wardroom's connections
	Connections       int    // that may be open at once, of those that are not kept for others
	Open              int    // that are open now
	Needed            int    // that a server of ours needs
	Limit             int    // what the user or the database may have; -1: no limit
	Ahead             time.Duration
	Size              int64 // bytes of the database
	Encrypted         bool
	Folder            string // of the server's data; empty where it is not known
	Local             bool   // it is reached without a network
	Serving           bool   // a server of ours has its connections already
}

// spare is how many connections commands need beside the server.
const spare = 6

// Examine judges it.
func (p *Postgres) Examine() []Finding {
	found := []Finding{fine("PostgreSQL", "Version %s answers, and its encoding and rights are as they must be.", p.Version)}
	for _, s := range []struct{ name, is, harm string }{
		{"fsync", p.Fsync, "what was answered to people is lost when that machine stops, and the database may be damaged"},
		{"full_page_writes", p.FullPageWrites, "the database may be damaged when that machine stops"},
		{"synchronous_commit", p.SynchronousCommit, "what was answered to people is lost when that machine stops"},
	} {
		if s.is == "off" || s.name == "synchronous_commit" && s.is == "local" {
			found = append(found, Finding{s.name, Wrong, fmt.Sprintf("It is %s in PostgreSQL: %s.", s.is, s.harm), fmt.Sprintf("Set %s = on in postgresql.conf and reload it.", s.name)})
		} else {
			found = append(found, fine(s.name, "It is %s.", s.is))
		}
	}
	found = append(found, p.connections(), p.clocks())
	if !p.Local && !p.Encrypted {
		found = append(found, Finding{"encryption", Wrong, "The connection to PostgreSQL goes to another machine and is not encrypted.",
			"Switch ssl on in postgresql.conf, and write sslmode=verify-full at the end of \"database\"."})
	}
	return append(found, p.space())
}

func (p *Postgres) connections() Finding {
	const about = "connections"
	free, want := p.Connections-p.Open, spare
	if !p.Serving {
		want += p.Needed
	}
	switch {
	case p.Limit >= 0 && p.Limit < p.Needed+spare:
		return Finding{about, Wrong, fmt.Sprintf("The user or the database may have %d; a server and its commands need %d.", p.Limit, p.Needed+spare), "Raise it: ALTER ROLE … CONNECTION LIMIT, ALTER DATABASE … CONNECTION LIMIT."}
	case free < want:
		return Finding{about, Wrong, fmt.Sprintf("Of %d that PostgreSQL allows %d are open; %d more are needed.", p.Connections, p.Open, want), "Raise max_connections in postgresql.conf and restart PostgreSQL, or look at who has them."}
	}
	return fine(about, "Of %d that PostgreSQL allows %d are open.", p.Connections, p.Open)
}

func (p *Postgres) clocks() Finding {
	const about = "clock of PostgreSQL"
	if off := p.Ahead.Abs(); off > 5*time.Second {
		where := "ahead of"
		if p.Ahead < 0 {
			where = "behind"
		}
		return Finding{about, Look, fmt.Sprintf("It is %s %s this machine's.", off.Round(time.Second), where), "Install and start a time service on both machines (on Debian: apt-get install systemd-timesyncd)."}
	}
	return fine(about, "It agrees with this machine's.")
}

// space judges the disk of a server on this machine; that of another one is not seen from here.
func (p *Postgres) space() Finding {
	const about = "space for PostgreSQL"
	if p.Local && p.Folder != "" {
		if free, total, err := space(p.Folder); err == nil {
			f := Space(free, total)
			f.About = about
			return f
		}
	}
	return fine(about, "The database has %s. How much is free on its disk cannot be seen from here: have that watched.", bytesText(uint64(p.Size)))
}

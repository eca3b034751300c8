package store

import (
	"context"
	"database/sql"
	"time"
)

// Facts is what a PostgreSQL server says of itself.
type Facts struct {
	Version           string
	Fsync             string
	FullPageWrites    string
	SynchronousCommit string // in our connections
	Connections       int    // that may be open at once, of those that are not kept for others
	Open              int    // that are open now
	Needed            int    // that a server of ours needs
	Limit             int    // what the user or the database may have; -1: no limit
	Ahead             time.Duration
	Size              int64 // bytes of the database
	Encrypted         bool
	Folder            string // of the server's data; empty where it does not tell
}

// Look asks the PostgreSQL server at address about itself. It returns an error that says what to do where the database cannot be used.
func Look(ctx context.Context, address string) (f Facts, err error) {
	err = aside(ctx, address, func(c *sql.Conn) error {
		asked := time.Now()
		var theirs time.Time
		if err := c.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
			return err
		}
		f.Ahead = theirs.Sub(asked.Add(time.Since(asked) / 2))
		f.Needed = readers + 1
		var folder sql.NullString
		if c.QueryRowContext(ctx, `SELECT current_setting('data_directory')`).Scan(&folder) == nil { // few may know it
			f.Folder = folder.String
		}
		return c.QueryRowContext(ctx, `
			SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
				current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
				(SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
				(SELECT CASE WHEN rolconnlimit < 0 THEN datconnlimit WHEN datconnlimit < 0 OR rolconnlimit < datconnlimit THEN rolconnlimit ELSE datconnlimit END
					FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()),
				pg_database_size(current_database()),
				COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE)`).
			Scan(&f.Version, &f.Fsync, &f.FullPageWrites, &f.SynchronousCommit, &f.Connections, &f.Open, &f.Limit, &f.Size, &f.Encrypted)
	})
	return f, err
}

package store

import "wardroom/internal/stream"

// Names of what is kept once for the whole installation.
const (
	ServerName    = "server_name"    // the name in every account and room, fixed when the server first started
	ServedAt      = "served_at"      // the URL the server was last opened at, for links that are printed while it does not run
	BackedUpAt    = "backed_up_at"   // when the last backup was complete, RFC 3339
	ClusterSecret = "cluster_secret" // what the keys of several servers with this database are made of
	ClusterFiles  = "cluster_files"  // that the folder of files has been marked as theirs
	FilesIn       = "files_in"       // the bucket that files are in; none: they are in a folder
	gapsName      = "gaps"           // the gaps that restores from backups have left in the stream; see Gaps
	ranName       = "ran"            // the day on which the server ran last, and since when it has not stood still for long; see account.Ran

	// A move from SQLite to PostgreSQL puts the same number, which no other move has, into both: into SQLite before the commit
	// of PostgreSQL.
	movingName    = "moving"     // in SQLite
	movedFromName = "moved_from" // in PostgreSQL
)

// Meta gives what is kept under name; ok is false where there is nothing.
func (db *DB) Meta(v stream.View, name string) (value string, ok bool, err error) {
	err = in(v).row(`SELECT value FROM meta WHERE name = $1`, name).Scan(&value)
	ok, err = found(err)
	return value, ok, err
}

// SetMeta keeps value under name.
func (db *DB) SetMeta(u stream.Unit, name, value string) error {
	_, err := in(u).exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2`, name, value)
	return err
}

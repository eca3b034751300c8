package store

import (
	"wardroom/internal/account"
	"wardroom/internal/media"
	"wardroom/internal/stream"
)

// AddFile implements media.Disk.
func (db *DB) AddFile(u stream.Unit, f media.File) error {
	_, err := in(u).exec(`
		INSERT INTO media (id, account, type, name, size, label, created_day, complete)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		f.ID, f.Account, f.Type, f.Name, f.Size, f.Label, f.CreatedDay, f.Complete)
	return err
}

// FillFile implements media.Disk.
func (db *DB) FillFile(u stream.Unit, f media.File) error {
	_, err := in(u).exec(`
		UPDATE media SET type = $1, name = $2, size = $3, label = $4, created_day = $5, complete = $6
		WHERE id = $7`,
		f.Type, f.Name, f.Size, f.Label, f.CreatedDay, true, f.ID)
	return err
}

// File implements media.Disk.
func (db *DB) File(v stream.View, id string) (f media.File, ok bool, err error) {
	err = in(v).row(`
		SELECT id, account, type, name, size, label, created_day, complete
		FROM media WHERE id = $1`, id).
		Scan(&f.ID, &f.Account, &f.Type, &f.Name, &f.Size, &f.Label, &f.CreatedDay, &f.Complete)
	ok, err = found(err)
	return f, ok, err
}

// Uploaded implements media.Disk.
func (db *DB) Uploaded(v stream.View, who account.No, day int64) (bytes, announced int64, err error) {
	err = in(v).row(`SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM media WHERE account = $1 AND created_day = $2`, who, day).Scan(&bytes)
	if err != nil {
		return 0, 0, err
	}
	err = in(v).row(`SELECT count(*) FROM media WHERE account = $1 AND NOT complete`, who).Scan(&announced)
	return bytes, announced, err
}

// DropAnnounced implements media.Disk.
func (db *DB) DropAnnounced(u stream.Unit, day int64) error {
	_, err := in(u).exec(`DELETE FROM media WHERE NOT complete AND created_day < $1`, day)
	return err
}

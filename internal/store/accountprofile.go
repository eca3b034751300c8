package store

import (
	"encoding/json"
	"fmt"

	"wardroom/internal/account"
	"wardroom/internal/stream"
)

// Profile implements account.ProfileDisk.
func (db *DB) Profile(v stream.View, a account.No) (map[string]json.RawMessage, error) {
	rows, err := in(v).query(`SELECT field, value FROM profile WHERE account = $1`, int64(a))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fields := make(map[string]json.RawMessage)
	for rows.Next() {
		var field string
		var value []byte
		if err := rows.Scan(&field, &value); err != nil {
			return nil, err
		}
		fields[field] = value
	}
	return fields, rows.Err()
}

// SetProfile implements account.ProfileDisk.
func (db *DB) SetProfile(u stream.Unit, a account.No, field string, value json.RawMessage) error {
	_, err := in(u).exec(`
		INSERT INTO profile (account, field, value) VALUES ($1, $2, $3) ON CONFLICT (account, field) DO UPDATE SET value = $3`,
		int64(a), field, []byte(value))
	return err
}

// DropProfile implements account.ProfileDisk.
func (db *DB) DropProfile(u stream.Unit, a account.No, field string) error {
	_, err := in(u).exec(`DELETE FROM profile WHERE account = $1 AND field = $2`, int64(a), field)
	return err
}

// faces is the part of a query that reads a Face with face.
const faces = `
	SELECT account.id, name.value, avatar.value, account.service FROM account
	LEFT JOIN profile name ON name.account = account.no AND name.field = 'displayname'
	LEFT JOIN profile avatar ON avatar.account = account.no AND avatar.field = 'avatar_url' `

func face(r rower) (f account.Face, err error) {
	var name, avatar []byte
	if err := r.Scan(&f.User, &name, &avatar, &f.Service); err != nil {
		return f, err
	}
	if name != nil {
		err = json.Unmarshal(name, &f.Name)
	}
	if avatar != nil && err == nil {
		err = json.Unmarshal(avatar, &f.Avatar)
	}
	if err != nil {
		return f, fmt.Errorf("the profile of %s: %w", f.User, err)
	}
	return f, nil
}

// Faces implements account.FaceDisk.
func (db *DB) Faces(v stream.View, each func(account.Face) bool) error {
	rows, err := in(v).query(faces + `WHERE NOT account.closed ORDER BY account.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		f, err := face(rows)
		if err != nil {
			return err
		}
		if !each(f) {
			return nil
		}
	}
	return rows.Err()
}

// FaceOf implements account.FaceDisk.
func (db *DB) FaceOf(v stream.View, a account.No) (account.Face, error) {
	return face(in(v).row(faces+`WHERE account.no = $1`, int64(a)))
}

package desk

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"wardroom/internal/account"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
	"wardroom/internal/warrant"
)

// people are those who were ever officers: the ledger knows their keys alone, the texts of the appointments say whose they are.
type people struct {
	users      map[string]mxid.User       // by key
	officers   map[string]warrant.Officer // by key
	pseudonyms map[mxid.User]string
}

func (d *Desk) people(v stream.View, r *warrant.Record) (people, error) {
	p := people{map[string]mxid.User{}, map[string]warrant.Officer{}, map[mxid.User]string{}}
	for _, a := range r.Acts() {
		if a.Head.Kind != warrant.Appoint || a.Executed == 0 {
			continue
		}
		w, ok, err := d.Disk.WarrantOf(v, a.Number)
		if err != nil {
			return p, err
		}
		if !ok {
			return p, fmt.Errorf("the warrant that the entry %d of the ledger authorised is not there any more", a.Number)
		}
		t, err := a.Head.Agrees(w.Text)
		if err != nil {
			return p, fmt.Errorf("the warrant that the entry %d of the ledger authorised was changed: %w", a.Number, err)
		}
		for i, o := range a.Head.Appoint {
			p.users[o.Key], p.officers[o.Key], p.pseudonyms[t.Appoint[i].User] = t.Appoint[i].User, o, o.Person
		}
	}
	return p, nil
}

// inOffice is the office that somebody has at a time.
func (p people) inOffice(r *warrant.Record, user mxid.User, at int64) (warrant.Officer, bool) {
	for _, o := range r.InOffice(at) {
		if p.users[o.Key] == user {
			return o, true
		}
	}
	return warrant.Officer{}, false
}

// pseudonym is what the ledger calls somebody in all their appointments.
func (p people) pseudonym(user mxid.User) string {
	if is := p.pseudonyms[user]; is != "" {
		return is
	}
	var b [tagLength]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tag is the next tag of somebody: their own devices, which have the key, find by it what is about them, and nobody else knows whose it is.
func (d *Desk) tag(u stream.Unit, of account.No) (string, error) {
	key, used, ok, err := d.Disk.LogKey(u, of)
	if err != nil {
		return "", err
	}
	if !ok {
		key = newKey()
	}
	return Tag(key, used), d.Disk.SetLogKey(u, of, key, used+1)
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// Tag is somebody's tag number n, from 0 on.
func Tag(key []byte, n int64) string {
	h := hmac.New(sha256.New, key)
	h.Write(binary.BigEndian.AppendUint64([]byte("wardroom/tag/v1\x00"), uint64(n)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:tagLength])
}

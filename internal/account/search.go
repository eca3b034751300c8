package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// Face is how somebody appears to others.
type Face struct {
	User    mxid.User
	Name    string // empty if they gave none
	Avatar  string // an mxc:// address, or empty
	Service string // the application service that the account belongs to; empty: it is a person's
}

// FaceDisk shows people.
type FaceDisk interface {
	// Faces gives the face of every open account to each, by user ID, until each returns false.
	Faces(v stream.View, each func(Face) bool) error
	// FaceOf gives the face of one account.
	FaceOf(v stream.View, a No) (Face, error)
}

// Search finds other people by a part of their name or user ID, in any case; with several words, all must be found. Who
// begins with what is sought comes first. Everybody with an account here can be found: colleagues have to be able to reach each
// other. limited says that there are more than limit.
//
// Spec: client-server API, POST /user_directory/search.
func (a *Accounts) Search(ctx context.Context, s Session, term string, limit int) (found []Face, limited bool, err error) {
	words := strings.Fields(strings.ToLower(term))
	var first, rest []Face
	err = a.Disk.View(ctx, func(v stream.View) error {
		first, rest = nil, nil
		return a.Disk.Faces(v, func(f Face) bool {
			if f.User == s.User {
				return true
			}
			switch begins, has := f.matches(words); {
			case begins && len(first) <= limit:
				first = append(first, f)
			case has && len(rest) <= limit:
				rest = append(rest, f)
			}
			return len(first) <= limit
		})
	})
	if err != nil {
		return nil, false, fmt.Errorf("searching people: %w", err)
	}
	found = slices.Concat(first, rest)
	if len(found) > limit {
		return found[:limit], true, nil
	}
	return found, false, nil
}

// matches reports whether f has all words in its name or its ID, and whether one of these begins with the first of them.
func (f Face) matches(words []string) (begins, has bool) {
	name, id := strings.ToLower(f.Name), strings.ToLower(string(f.User))
	for i, w := range words {
		if !strings.Contains(name, w) && !strings.Contains(id, w) {
			return false, false
		}
		if i == 0 {
			begins = strings.HasPrefix(name, w) || strings.HasPrefix(id, w) || strings.HasPrefix(id, "@"+w)
		}
	}
	return begins, true
}

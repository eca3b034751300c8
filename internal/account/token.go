package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// A token is 256 random bits, a full stop, and the mark of the sign-in that it belongs to; all tokens of one sign-in have the
// same. Nobody gets in with a mark. It tells whether a device whose token is not known any more was signed out, or whether
// the server has lost the token in a restore, also after months. It is 80 random bits, and the position in the stream
// at which the device signed in.

const markText = 16 // how many characters of a mark are random

// newToken makes a token of the sign-in that mark is of.
func newToken(mark string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:]) + "." + mark
}

// mark begins a sign-in of device d, with an OAuth client or without, at pos.
func (a *Accounts) mark(u stream.Unit, d DeviceNo, client string, pos stream.Position) (string, error) {
	mark := rand.Text()[:markText] + strconv.FormatInt(int64(pos), 36)
	return mark, a.Disk.SetSignIn(u, d, sha256.Sum256([]byte(mark)), client)
}

// markOf is the mark in a token. ok is false for a token of before there were marks, and for what is none.
func markOf(token string) (mark string, ok bool) {
	_, mark, ok = strings.Cut(token, ".")
	return mark, ok && len(mark) > markText
}

// ended is the refusal of a token that is not known. Its device is told to forget its keys, unless it was not signed out: then
// to sign in again and go on with them ("soft_logout"). Not signed out is one that is still there, and one that signed in during a
// stretch that a restore has lost. Of a token without a mark it is not known where a restore has ever lost anything.
func (a *Accounts) ended(v stream.View, token string) error {
	mark, ok := markOf(token)
	if !ok {
		return endedError(len(a.Lost) > 0)
	}
	_, there, err := a.Disk.SignedIn(v, sha256.Sum256([]byte(mark)))
	if err != nil {
		return err
	}
	pos, err := strconv.ParseInt(mark[markText:], 36, 64)
	return endedError(there || err == nil && a.lost(stream.Position(pos)))
}

// lost reports whether pos lies in a stretch that a restore has lost.
func (a *Accounts) lost(pos stream.Position) bool {
	for i := 0; i+1 < len(a.Lost); i += 2 {
		if a.Lost[i] < pos && pos <= a.Lost[i+1] {
			return true
		}
	}
	return false
}

// restoredDay is the day of the last restore, in days since 1970; 0 where there was none. A lost stretch ends at the microsecond
// of its restore.
func (a *Accounts) restoredDay() int64 {
	if len(a.Lost) == 0 {
		return 0
	}
	return time.UnixMicro(int64(a.Lost[len(a.Lost)-1])).Unix() / 86400
}

func endedError(soft bool) error {
	f := fault.UnknownToken.New("This session has ended. Sign in again.")
	if soft {
		f.More = map[string]any{"soft_logout": true}
	}
	return f
}

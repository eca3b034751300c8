package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// The cost of one password hash: OWASP's first choice of small memory for argon2id. It is written into every hash, so that
// it can be raised without locking anybody out.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashLen     = 32
	saltLen     = 16
)

const (
	hashesAtOnce = 4                // 76 MiB at most, however many sign in
	hashPatience = 10 * time.Second // how long a sign-in waits for its turn
)

// minPassword is the shortest password, in characters.
const minPassword = 10

// strongEnough refuses a password that is too short.
func strongEnough(password string) error {
	if n := utf8.RuneCountInString(password); n < minPassword {
		return fault.WeakPassword.New("The password has %d characters. Use %d or more; a few words that you can remember are best.", n, minPassword)
	}
	return nil
}

// turn waits until one of hashesAtOnce places is free. done gives it back.
func (a *Accounts) turn(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(hashPatience)
	defer patience.Stop()
	select {
	case a.hashing <- struct{}{}:
		return func() { <-a.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-patience.C:
		f := fault.LimitExceeded.New("Very many people are signing in just now. Try again in a few seconds.")
		f.RetryAfter = 5 * time.Second
		return nil, f
	}
}

// hash makes a hash of password with a new salt, in PHC form: "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
func (a *Accounts) hash(ctx context.Context, password string) (string, error) {
	done, err := a.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails
	sum := argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashThreads, hashLen)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashThreads,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// noPassword is the hash of nothing anybody can type: tried where there is no account, so that the answer takes as long.
var noPassword = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashThreads,
	strings.Repeat("A", base64.RawStdEncoding.EncodedLen(saltLen)), strings.Repeat("A", base64.RawStdEncoding.EncodedLen(hashLen)))

// matches reports whether password is the one phc was made from.
func (a *Accounts) matches(ctx context.Context, phc, password string) (bool, error) {
	done, err := a.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, fmt.Errorf("a stored password hash is of an unknown form")
	}
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, fmt.Errorf("a stored password hash is of an unknown form: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a stored password hash is of an unknown form: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("a stored password hash is of an unknown form: %w", err)
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// person finds the open account called name and checks the password. It returns fault.Forbidden, with the same words and
// after the same work, where there is no such account and where the password is wrong.
func (a *Accounts) person(ctx context.Context, name, password string) (Person, error) {
	var p Person
	var ok bool
	user, known := a.userID(name)
	if known {
		err := a.Disk.View(ctx, func(v stream.View) (err error) {
			p, ok, err = a.Disk.PersonByID(v, user)
			return err
		})
		if err != nil {
			return Person{}, fmt.Errorf("looking for %s: %w", user, err)
		}
	}
	phc := noPassword
	if ok = ok && !p.Closed && p.Service == ""; ok { // a service's account has no password
		phc = p.Password
	}
	right, err := a.matches(ctx, phc, password)
	if err != nil {
		return Person{}, err
	}
	if !ok || !right {
		return Person{}, fault.Forbidden.New("The name or the password is not right.")
	}
	return p, nil
}

// CheckPassword returns nil if password is s's own, and fault.Forbidden if not.
func (a *Accounts) CheckPassword(ctx context.Context, s Session, password string) error {
	_, err := a.person(ctx, string(s.User), password)
	if fault.Forbidden.In(err) {
		return fault.Forbidden.New("The password is not right.")
	}
	return err
}

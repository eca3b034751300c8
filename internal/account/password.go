package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

const (
	hashLen = 32
	saltLen = 16
)

// cost is what one password hash costs. It is written into every hash, so that it can be raised without locking anybody out.
type cost struct {
	memory, passes uint32 // KiB
	threads        uint8
}

var (
	// usual is OWASP's first choice of small memory for argon2id.
	usual = cost{19 * 1024, 2, 1}
	// tested is next to nothing: thousands of people sign up in tests, and their passwords are not worth it.
	tested = cost{8, 1, 1}
)

// costHere is the usual cost but in a binary that go test built: that is decided when it is linked, and nothing that a program is told
// later can change it.
func costHere() cost {
	if testing.Testing() {
		return tested
	}
	return usual
}

// phc is the head of what a hash of this cost is written as: "$argon2id$v=19$m=…,t=…,p=…$".
func (c cost) phc() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, c.memory, c.passes, c.threads)
}

// nobodys is the hash of nothing anybody can type: tried where there is no account, so that the answer takes as long.
func (c cost) nobodys() string {
	b64 := base64.RawStdEncoding
	return c.phc() + strings.Repeat("A", b64.EncodedLen(saltLen)) + "$" + strings.Repeat("A", b64.EncodedLen(hashLen))
}

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
	sum := argon2.IDKey([]byte(password), salt, a.cost.passes, a.cost.memory, a.cost.threads, hashLen)
	b64 := base64.RawStdEncoding
	return a.cost.phc() + b64.EncodeToString(salt) + "$" + b64.EncodeToString(sum), nil
}

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
	phc := a.cost.nobodys()
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

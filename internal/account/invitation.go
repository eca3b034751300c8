package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// Invitation lets people sign up. Whoever holds its token, 130 random bits that can be typed from paper, may use it; the
// store has the hash alone.
type Invitation struct {
	By    No     // who invites; zero: whoever runs the machine, from its command line
	Note  string // shown to who opens it: a name or a sentence
	Uses  int    // how many accounts may still be made with it
	Until time.Time
	First bool // the link of a server that nobody has signed up to; it ends with the first account
}

// InvitationDisk keeps invitations.
type InvitationDisk interface {
	// AddInvitation keeps an invitation.
	AddInvitation(u stream.Unit, hash [32]byte, i Invitation) error
	// Invitation finds one by its token's hash, used up and ended ones too.
	Invitation(v stream.View, hash [32]byte) (i Invitation, ok bool, err error)
	// UseInvitation takes one use away.
	UseInvitation(u stream.Unit, hash [32]byte) error
	// InvitedToday counts the invitations that by has made since midnight (UTC).
	InvitedToday(u stream.Unit, by No) (int, error)
	// DropEndedInvitations drops those whose time is over, used up or not.
	DropEndedInvitations(u stream.Unit) error
	// DropFirstInvitations drops all that are First.
	DropFirstInvitations(u stream.Unit) error
	// InvitationsBy lists what by has made, used up and ended ones too; those that end first come first.
	InvitationsBy(v stream.View, by No) ([]KeptInvitation, error)
	// EndInvitation takes all uses of one away, and its note. Its row stays until its time is over: it counts as made that day.
	EndInvitation(u stream.Unit, hash [32]byte) error
}

// KeptInvitation is an invitation as it is kept: without its token.
type KeptInvitation struct {
	Hash [32]byte
	Invitation
}

// ID names the invitation to whoever made it. Nobody can sign up with it.
func (k KeptInvitation) ID() string { return hex.EncodeToString(k.Hash[:6]) }

// Invite keeps i and returns its token, which is written down nowhere. i.Uses must be positive and i.Until in the future.
func (a *Accounts) Invite(ctx context.Context, i Invitation) (token string, err error) {
	token = rand.Text()
	i.Note = clip(i.Note)
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		return a.Disk.AddInvitation(u, sha256.Sum256([]byte(token)), i)
	})
	if err != nil {
		return "", fmt.Errorf("keeping an invitation: %w", err)
	}
	return token, nil
}

// FirstInvitation returns the token of a new invitation for the first person, and drops those made for that before. It
// returns "" if there is an account already.
func (a *Accounts) FirstInvitation(ctx context.Context) (token string, err error) {
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		token = ""
		any, err := a.Disk.AnyPerson(u)
		if err != nil || any {
			return err
		}
		if err := a.Disk.DropFirstInvitations(u); err != nil {
			return err
		}
		token = rand.Text()
		return a.Disk.AddInvitation(u, sha256.Sum256([]byte(token)),
			Invitation{Uses: 1, Until: u.Now().Add(InvitationLasts), First: true})
	})
	if err != nil {
		return "", fmt.Errorf("making the first invitation: %w", err)
	}
	return token, nil
}

// invitationsADay is how many people one person may invite in a day.
const invitationsADay = 20

// InviteOne makes an invitation in s's name, for one person and InvitationLasts. Everybody may invite, up to 20 people a day:
// whoever signs up gets no power by it. Who signed up with whose invitation is not kept.
func (a *Accounts) InviteOne(ctx context.Context, s Session, note string) (token string, i KeptInvitation, err error) {
	if err := noPerson(s, "People are invited by people."); err != nil {
		return "", KeptInvitation{}, err
	}
	token = rand.Text()
	i.Hash = sha256.Sum256([]byte(token))
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		made, err := a.Disk.InvitedToday(u, s.Account)
		if err != nil {
			return err
		}
		if made >= invitationsADay {
			f := fault.LimitExceeded.New("You have invited %d people today. Go on tomorrow, or let a colleague help.", made)
			f.RetryAfter = u.Now().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(u.Now())
			return f
		}
		i.Invitation = Invitation{By: s.Account, Note: clip(note), Uses: 1, Until: u.Now().Add(InvitationLasts)}
		return a.Disk.AddInvitation(u, i.Hash, i.Invitation)
	})
	if err != nil {
		return "", KeptInvitation{}, fmt.Errorf("%s invites: %w", s.User, err)
	}
	return token, i, nil
}

// Invited shows an invitation that is still valid, and the one who made it (a zero Face: nobody's but the machine's own), to
// whoever holds its token. It returns fault.NotFound for any other.
func (a *Accounts) Invited(ctx context.Context, token string) (i Invitation, by Face, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		if i, err = a.validInvitation(v, token, time.Now()); err != nil || i.By == 0 {
			return err
		}
		by, err = a.Disk.FaceOf(v, i.By)
		return err
	})
	var f *fault.Fault
	if errors.As(err, &f) {
		err = fault.NotFound.New("%s", f.Says)
	}
	return i, by, err
}

// Invitations lists the invitations made at the machine's own command line that somebody could still sign up with. What
// people have made is theirs and is not told.
func (a *Accounts) Invitations(ctx context.Context) ([]KeptInvitation, error) {
	return a.invitationsBy(ctx, 0)
}

// OwnInvitations lists those that s's person has made and somebody could still sign up with, and nobody else's.
func (a *Accounts) OwnInvitations(ctx context.Context, s Session) ([]KeptInvitation, error) {
	list, err := a.invitationsBy(ctx, s.Account)
	if err != nil {
		return nil, fmt.Errorf("listing the invitations of %s: %w", s.User, err)
	}
	return list, nil
}

func (a *Accounts) invitationsBy(ctx context.Context, by No) (list []KeptInvitation, err error) {
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		list, err = a.validOnes(v, by, time.Now())
		return err
	})
	return list, err
}

func (a *Accounts) validOnes(v stream.View, by No, now time.Time) ([]KeptInvitation, error) {
	all, err := a.Disk.InvitationsBy(v, by)
	return slices.DeleteFunc(all, func(k KeptInvitation) bool { return k.Uses <= 0 || !now.Before(k.Until) }), err
}

// Revoke ends an invitation made at the machine's own command line, named by its ID or by its token: from now on nobody
// signs up with it; whoever has done so stays. It returns fault.NotFound where no such invitation is valid, one that somebody
// made in the client among them.
func (a *Accounts) Revoke(ctx context.Context, name string) (Invitation, error) {
	hash := sha256.Sum256([]byte(name))
	return a.revoke(ctx, 0, func(k KeptInvitation) bool { return k.Hash == hash || k.ID() == name })
}

// RevokeOwn ends an invitation that s's person has made, named by its ID; see Revoke. It returns fault.NotFound where they have
// made none that is called that and is valid. It counts as made today all the same.
func (a *Accounts) RevokeOwn(ctx context.Context, s Session, id string) error {
	if _, err := a.revoke(ctx, s.Account, func(k KeptInvitation) bool { return k.ID() == id }); err != nil {
		return fmt.Errorf("%s takes an invitation back: %w", s.User, err)
	}
	return nil
}

func (a *Accounts) revoke(ctx context.Context, by No, is func(KeptInvitation) bool) (ended Invitation, err error) {
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		all, err := a.validOnes(u, by, u.Now())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, is)
		if i < 0 {
			return fault.NotFound.New("No invitation that was made here and is still valid is called that.")
		}
		ended = all[i].Invitation
		return a.Disk.EndInvitation(u, all[i].Hash)
	})
	return ended, err
}

// InvitationLasts is how long an invitation is valid where nothing else is said.
const InvitationLasts = 7 * 24 * time.Hour

// CheckInvitation returns nil if token would let somebody sign up now, and fault.Unauthorized if not.
//
// Spec: client-server API, GET /register/m.login.registration_token/validity.
func (a *Accounts) CheckInvitation(ctx context.Context, token string) error {
	return a.Disk.View(ctx, func(v stream.View) error {
		_, err := a.validInvitation(v, token, time.Now())
		return err
	})
}

// Tidy drops invitations whose time is over: whom they were for need not be known any longer; and OAuth's codes and clients. It leaves the rooms that accounts are
// still in which were closed: see Close.
func (a *Accounts) Tidy(ctx context.Context) error {
	if err := a.Disk.Do(ctx, a.Disk.DropEndedInvitations); err != nil {
		return fmt.Errorf("dropping ended invitations: %w", err)
	}
	if err := a.Disk.Do(ctx, a.tidyOAuth); err != nil {
		return fmt.Errorf("dropping what OAuth has no more use for: %w", err)
	}
	if err := a.Disk.Do(ctx, a.Disk.DropEndedMailProofs); err != nil {
		return fmt.Errorf("dropping what was asked for by mail: %w", err)
	}
	return a.finish(ctx)
}

func (a *Accounts) validInvitation(v stream.View, token string, now time.Time) (Invitation, error) {
	i, ok, err := a.Disk.Invitation(v, sha256.Sum256([]byte(token)))
	switch {
	case err != nil:
		return i, err
	case !ok:
		return i, fault.Unauthorized.New("This invitation is not known here. Check the link, or ask for a new one.")
	case i.Uses <= 0:
		return i, fault.Unauthorized.New("This invitation has been used, or was taken back. Ask for a new one.")
	case !now.Before(i.Until):
		return i, fault.Unauthorized.New("This invitation ended on %s. Ask for a new one.", i.Until.UTC().Format(time.DateOnly))
	}
	return i, nil
}

func (a *Accounts) useInvitation(u stream.Unit, token string) error {
	if _, err := a.validInvitation(u, token, u.Now()); err != nil {
		return err
	}
	return a.Disk.UseInvitation(u, sha256.Sum256([]byte(token)))
}

package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// PeopleDisk keeps accounts.
type PeopleDisk interface {
	// PersonByID finds an account, open or closed; ok is false where there is none.
	PersonByID(v stream.View, user mxid.User) (p Person, ok bool, err error)
	// AnyPerson reports whether there is an account at all, beside those of application services.
	AnyPerson(v stream.View) (bool, error)
	// AddPerson makes an account. The name must be free.
	AddPerson(u stream.Unit, user mxid.User, password string) (No, error)
	// SetPassword replaces the account's password, in PHC form.
	SetPassword(u stream.Unit, a No, password string) error
	// ClosePerson marks the account closed and deletes what it kept for itself: password, profile, account data, filters,
	// pushers, key backups, cross-signing keys, receipts and invitations. Its devices must be gone.
	ClosePerson(u stream.Unit, a No) error
	// Lingering gives the people who have closed their account and are still in a room, invited to one or asking to be let in.
	Lingering(v stream.View) ([]Session, error)
}

// SignUp is what somebody who signs up chooses.
type SignUp struct {
	Invitation string // its token
	Name       string // the localpart; empty: one is made up
	Password   string
	Device     NewDevice
	NoDevice   bool // make the account alone and sign nothing in
}

// SignUp makes an account with one use of an invitation, and signs its first device in; both or neither. It returns
// fault.Unauthorized for an invitation that is not valid, fault.UserInUse, fault.Exclusive and fault.InvalidUsername for a name that cannot
// be had, and fault.WeakPassword.
//
// Spec: client-server API, POST /register.
func (a *Accounts) SignUp(ctx context.Context, s SignUp) (Grant, error) {
	if s.Name == "" {
		s.Name = newName()
	}
	user, err := a.newUser(s.Name)
	if err != nil {
		return Grant{}, err
	}
	if err := strongEnough(s.Password); err != nil {
		return Grant{}, err
	}
	if s.Device.ID != "" {
		if _, err := mxid.ParseDevice(string(s.Device.ID)); err != nil {
			return Grant{}, errDeviceID
		}
	}
	phc, err := a.hash(ctx, s.Password)
	if err != nil {
		return Grant{}, err
	}
	var g Grant
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := a.free(u, user); err != nil {
			return err
		}
		if err := a.useInvitation(u, s.Invitation); err != nil {
			return err
		}
		no, err := a.Disk.AddPerson(u, user, phc)
		if err != nil {
			return err
		}
		if err := a.Disk.DropFirstInvitations(u); err != nil {
			return err
		}
		g = Grant{Session: Session{User: user, Account: no}}
		if s.NoDevice {
			return nil
		}
		g, err = a.grant(u, Person{No: no, User: user}, s.Device)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("signing up %s: %w", user, err)
	}
	return g, nil
}

// NameCanBe returns fault.InvalidUsername for what cannot be anybody's name here, and fault.Exclusive for what cannot be a person's. Whether somebody has the name it does not look at.
//
// Spec: client-server API, GET /register/available.
func (a *Accounts) NameCanBe(name string) error {
	_, err := a.newUser(name)
	return err
}

func (a *Accounts) newUser(name string) (mxid.User, error) {
	user, err := mxid.NewUser(name, a.Server)
	if err != nil {
		return "", fault.InvalidUsername.New("Choose a name of small letters a–z, digits and . _ = - / + (people will see the name you go by, in any script).")
	}
	if a.Services.Keeps(user) {
		return "", fault.Exclusive.New("An application service keeps the name %s for itself. Choose another.", user.Local())
	}
	return user, nil
}

// free returns fault.UserInUse if there is, or was, an account of that name.
func (a *Accounts) free(v stream.View, user mxid.User) error {
	_, taken, err := a.Disk.PersonByID(v, user)
	if err == nil && taken {
		err = fault.UserInUse.New("Somebody has the name %s already. Choose another.", user.Local())
	}
	return err
}

// newName makes up a localpart.
func newName() string { return "p" + strings.ToLower(rand.Text()[:10]) }

package account

import (
	"context"
	"errors"
	"fmt"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// ChangePassword gives s's own account another password. With signOut every other device is signed out, passkeys end, and the mail address for a
// forgotten password is taken off: whoever knew the old password may have added them. It returns fault.WeakPassword.
//
// Spec: client-server API, POST /account/password.
func (a *Accounts) ChangePassword(ctx context.Context, s Session, password string, signOut bool) error {
	if err := noPerson(s, "It has no password."); err != nil {
		return err
	}
	if err := strongEnough(password); err != nil {
		return err
	}
	phc, err := a.hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		p, ok, err := a.Disk.PersonByID(u, s.User)
		if err != nil {
			return err
		}
		if !ok || p.Closed {
			return fault.UnknownToken.New("This account was closed meanwhile.")
		}
		if err := a.Disk.SetPassword(u, s.Account, phc); err != nil {
			return err
		}
		if err := a.dropMailProofs(u, s.Account); err != nil { // whoever has asked for a new password by mail has to ask again
			return err
		}
		if err := a.Disk.EndOAuthCodes(u, s.Account); err != nil || !signOut {
			return err
		}
		if err := a.Disk.DropPasskeys(u, s.Account); err != nil {
			return err
		}
		if is, has, err := a.Disk.OwnAddress(u, s.Account); err != nil || has {
			if err != nil {
				return err
			}
			if err := a.removeAddress(u, s.Account, is); err != nil {
				return err
			}
		}
		return a.dropDevices(u, s.Account, func(d Device) bool { return d.DeviceNo != s.DeviceNo })
	})
	if err != nil {
		return fmt.Errorf("changing the password of %s: %w", s.User, err)
	}
	return nil
}

// Close ends s's own account for good. At once its devices, keys, profile and private data are gone, and nobody signs in to it; then
// its rooms are left (Accounts.Leaving), a few at a time. What the server does not come to, because it stops or fails, Tidy does. The
// name is never given to anybody else. What the person wrote stays, encrypted, with those it was written to. There is no way to
// close somebody else's account here.
//
// Spec: client-server API, POST /account/deactivate.
func (a *Accounts) Close(ctx context.Context, s Session) error {
	if err := noPerson(s, "It ends with the service's registration."); err != nil {
		return err
	}
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := a.dropDevices(u, s.Account, func(Device) bool { return true }); err != nil {
			return err
		}
		return a.Disk.ClosePerson(u, s.Account)
	})
	if err != nil {
		return fmt.Errorf("closing %s: %w", s.User, err)
	}
	// The account is closed, whatever comes now. An error is not s's to hear, who has no way to try again: Tidy does, and its caller
	// hears of it.
	_ = a.leave(context.WithoutCancel(ctx), Session{User: s.User, Account: s.Account})
	return nil
}

func (a *Accounts) leave(ctx context.Context, s Session) error {
	if a.Leaving == nil {
		return nil
	}
	if err := a.Leaving(ctx, s); err != nil {
		return fmt.Errorf("leaving the rooms of %s, who has closed their account: %w", s.User, err)
	}
	return nil
}

// finish leaves the rooms that people with closed accounts are still in.
func (a *Accounts) finish(ctx context.Context) error {
	var all []Session
	err := a.Disk.View(ctx, func(v stream.View) (err error) { all, err = a.Disk.Lingering(v); return err })
	for _, s := range all {
		err = errors.Join(err, a.leave(ctx, s))
	}
	return err
}

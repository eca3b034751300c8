package account

import (
	"context"
	"fmt"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// ChangePassword gives s's own account another password. With signOut every other device is signed out. It returns
// fault.WeakPassword.
//
// Spec: client-server API, POST /account/password.
func (a *Accounts) ChangePassword(ctx context.Context, s Session, password string, signOut bool) error {
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
		if err := a.Disk.SetPassword(u, s.Account, phc); err != nil || !signOut {
			return err
		}
		return a.dropDevices(u, s.Account, func(d Device) bool { return d.DeviceNo != s.DeviceNo })
	})
	if err != nil {
		return fmt.Errorf("changing the password of %s: %w", s.User, err)
	}
	return nil
}

// Close ends s's own account for good, all at once: its rooms are left (Accounts.Leaving), its devices, keys, profile and
// private data are gone. The name is never given to anybody else. What the person wrote stays, encrypted, with those it was
// written to. There is no way to close somebody else's account here.
//
// Spec: client-server API, POST /account/deactivate.
func (a *Accounts) Close(ctx context.Context, s Session) error {
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		if a.Leaving != nil {
			if err := a.Leaving(u, s); err != nil {
				return err
			}
		}
		if err := a.dropDevices(u, s.Account, func(Device) bool { return true }); err != nil {
			return err
		}
		return a.Disk.ClosePerson(u, s.Account)
	})
	if err != nil {
		return fmt.Errorf("closing %s: %w", s.User, err)
	}
	return nil
}

package account

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// ServiceField is the profile field, and the field of a membership, that says whose account this is: the ID of an application service. Nobody
// sets it, and no service takes it off its accounts.
const ServiceField = "org.wardroom.bot"

// ServiceDisk keeps what only the accounts of application services have.
type ServiceDisk interface {
	// AddServiceAccount makes an account that belongs to a service. The name must be free.
	AddServiceAccount(u stream.Unit, user mxid.User, service string) (No, error)
	// SawDevice writes down that a device was seen today.
	SawDevice(u stream.Unit, d DeviceNo) error
}

// PrepareServices makes the account that each service is where it does not say as whom it acts. It returns an error in words for the
// operator where the name is a person's.
func (a *Accounts) PrepareServices(ctx context.Context) error {
	err := a.Disk.Do(ctx, func(u stream.Unit) error {
		for _, s := range a.Services {
			p, ok, err := a.Disk.PersonByID(u, s.Sender)
			switch {
			case err != nil:
				return err
			case ok && p.Service != s.ID:
				return fmt.Errorf("%s: sender_localpart: the name %s is somebody's already, and stays theirs. Choose another one, here and for the service", s.File, s.Sender.Local())
			case ok && p.Closed:
				return fmt.Errorf("%s: sender_localpart: the account %s was closed, and nobody gets its name. Choose another one, here and for the service", s.File, s.Sender.Local())
			case !ok:
				if _, err := a.Disk.AddServiceAccount(u, s.Sender, s.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("making the accounts of application services: %w", err)
	}
	return nil
}

// serviceAccount gives a service's own account. It returns fault.Forbidden for one that is not the service's, whatever its namespaces say:
// a service does not act as a person.
func (a *Accounts) serviceAccount(v stream.View, s *config.Service, user mxid.User) (Person, error) {
	if !s.Names(user) {
		return Person{}, fault.Forbidden.New("The registration of %s does not have %s in its namespace of users.", s.ID, user)
	}
	p, ok, err := a.Disk.PersonByID(v, user)
	if err == nil && (!ok || p.Closed || p.Service != s.ID) {
		err = fault.Forbidden.New("%s is no account of %s. A service acts as accounts that it has registered itself, and no others.", user, s.ID)
	}
	return p, err
}

// ActAs is the session of a service that acts as one of its accounts; where user is empty, as its sender. device is one of that account's, or
// empty: then there is none, and the account itself stands in its place where it is remembered what was sent.
//
// It returns fault.Forbidden for an account that is not the service's own, and fault.UnknownDevice.
//
// Spec: application service API, "Identity assertion".
func (a *Accounts) ActAs(ctx context.Context, s *config.Service, user, device string) (Session, error) {
	who := Session{User: s.Sender, Service: s.ID, Device: mxid.Device(device)}
	if user != "" {
		id, err := mxid.ParseUser(user)
		if err != nil {
			return Session{}, fault.Forbidden.New("%q is no account of %s.", user, s.ID)
		}
		who.User = id
	}
	if _, err := mxid.ParseDevice(device); err != nil && device != "" {
		return Session{}, fault.UnknownDevice.New("%q is no device's ID.", device)
	}
	var seen int64
	err := a.Disk.View(ctx, func(v stream.View) error {
		p, err := a.serviceAccount(v, s, who.User)
		if err != nil {
			return err
		}
		who.Account, who.DeviceNo = p.No, -DeviceNo(p.No)
		if device == "" {
			return nil
		}
		all, err := a.Disk.OwnDevices(v, p.No)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d Device) bool { return d.Device == who.Device })
		if i < 0 {
			return fault.UnknownDevice.New("%s has no device %s.", who.User, device)
		}
		who.DeviceNo, seen = all[i].DeviceNo, all[i].SeenDay
		return nil
	})
	if err == nil && device != "" && seen != time.Now().Unix()/86400 {
		err = a.Disk.Do(ctx, func(u stream.Unit) error { return a.Disk.SawDevice(u, who.DeviceNo) })
	}
	if err != nil {
		return Session{}, fmt.Errorf("application service %s: %w", s.ID, err)
	}
	return who, nil
}

// acts reports whether s is of ActAs: a service that acts without having signed in.
func (s Session) acts() bool { return s.Service != "" && s.Token == Token{} }

// actsStill is Alive for a session of ActAs.
func (a *Accounts) actsStill(v stream.View, s Session) error {
	p, ok, err := a.Disk.PersonByID(v, s.User)
	if err != nil {
		return err
	}
	there := s.DeviceNo < 0
	if !there {
		all, err := a.Disk.OwnDevices(v, s.Account)
		if err != nil {
			return err
		}
		there = slices.ContainsFunc(all, func(d Device) bool { return d.DeviceNo == s.DeviceNo })
	}
	if !ok || p.Closed || !there {
		return endedError(false)
	}
	return nil
}

// stillServed refuses the sessions of a service's account that are left over from when the service was registered.
func (a *Accounts) stillServed(s Session) error {
	if s.Service == "" {
		return nil
	}
	if of := a.Services.ByID(s.Service); of == nil || !of.Names(s.User) {
		return fault.UnknownToken.New("The application service that this account belongs to is not registered here any more.")
	}
	return nil
}

// ProveService is ProvePassword for one of a service's own accounts. It returns fault.Exclusive for a name outside of the service's
// namespaces.
//
// Spec: application service API, "Server admin style permissions".
func (a *Accounts) ProveService(ctx context.Context, s *config.Service, name string) (Proof, error) {
	user, err := a.serviceName(s, name)
	if err != nil {
		return Proof{}, err
	}
	var who Proof
	err = a.Disk.View(ctx, func(v stream.View) (err error) {
		who.person, err = a.serviceAccount(v, s, user)
		return err
	})
	if err != nil {
		return Proof{}, fmt.Errorf("application service %s: %w", s.ID, err)
	}
	return who, nil
}

func (a *Accounts) serviceName(s *config.Service, name string) (mxid.User, error) {
	user, ok := a.userID(name)
	if !ok {
		return "", fault.InvalidUsername.New("%q cannot be the name of an account here.", name)
	}
	if !s.Names(user) {
		return "", fault.Exclusive.New("The registration of %s does not have %s in its namespace of users.", s.ID, user)
	}
	return user, nil
}

// SignUpService makes an account that belongs to a service, for ever, and signs a device in to it unless want says that there is to be none. It
// returns fault.Exclusive for a name outside of the service's namespaces or in the part that another service keeps for itself, and fault.UserInUse.
//
// Spec: application service API, "Server admin style permissions".
func (a *Accounts) SignUpService(ctx context.Context, s *config.Service, want SignUp) (Grant, error) {
	if want.Name == "" {
		return Grant{}, fault.MissingParam.New("The name of the account (username) is missing.")
	}
	user, err := a.serviceName(s, want.Name)
	if err != nil {
		return Grant{}, err
	}
	others := slices.DeleteFunc(slices.Clone(a.Services), func(o *config.Service) bool { return o == s })
	if others.Keeps(user) {
		return Grant{}, fault.Exclusive.New("Another application service keeps the name %s for itself.", user)
	}
	if want.Device.ID != "" {
		if _, err := mxid.ParseDevice(string(want.Device.ID)); err != nil {
			return Grant{}, errDeviceID
		}
	}
	var g Grant
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		if err := a.free(u, user); err != nil {
			return err
		}
		no, err := a.Disk.AddServiceAccount(u, user, s.ID)
		if err != nil {
			return err
		}
		g = Grant{Session: Session{User: user, Account: no, Service: s.ID}}
		if want.NoDevice {
			return nil
		}
		g, err = a.grant(u, Person{No: no, User: user, Service: s.ID}, want.Device)
		return err
	})
	if err != nil {
		return Grant{}, fmt.Errorf("application service %s registers %s: %w", s.ID, user, err)
	}
	return g, nil
}

// PutDevice is NameDevice for a service that acts as s: where there is no such device it is made, without tokens.
//
// Spec: application service API, "Creating devices".
func (a *Accounts) PutDevice(ctx context.Context, s Session, id mxid.Device, name string) (made bool, err error) {
	if _, err := mxid.ParseDevice(string(id)); err != nil {
		return false, errDeviceID
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		made = false
		all, err := a.Disk.OwnDevices(u, s.Account)
		if err != nil || slices.ContainsFunc(all, func(d Device) bool { return d.Device == id }) {
			return err
		}
		if err := a.makeRoom(u, s.Account, id); err != nil {
			return err
		}
		made = true
		_, err = a.Disk.PutDevice(u, s.Account, id, clip(name))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("application service %s makes a device of %s: %w", s.Service, s.User, err)
	}
	return made, nil
}

// noPerson refuses what is for people: s is an account of an application service.
func noPerson(s Session, what string) error {
	if s.Service == "" {
		return nil
	}
	return fault.Forbidden.New("This account belongs to the application service %s. %s", s.Service, what)
}

// serviceMark is the value of ServiceField.
func serviceMark(service string) json.RawMessage {
	mark, _ := json.Marshal(service) // text always has a JSON form
	return mark
}

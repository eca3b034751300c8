package clientapi

import (
	"wardroom/internal/account"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) signInRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/login", open, general, a.loginFlows},
		{"POST", "/_matrix/client/v3/login", open, signingIn, a.login},
		{"POST", "/_matrix/client/v3/logout", signedIn, general, a.logout},
		{"POST", "/_matrix/client/v3/logout/all", signedIn, general, a.logoutAll},
		{"POST", "/_matrix/client/v3/refresh", open, general, a.refresh},
	}
}

// loginFlows says how one signs in.
//
// Spec: client-server API, GET /login.
func (a *API) loginFlows(*request) (any, error) {
	type flow struct {
		Type string `json:"type"`
	}
	flows := []flow{{stagePassword}}
	if len(a.Accounts.Services) > 0 {
		flows = append(flows, flow{stageService})
	}
	return map[string]any{"flows": flows}, nil
}

// granted is the answer to signing in, signing up and refreshing.
type granted struct {
	User        mxid.User   `json:"user_id,omitempty"`
	Device      mxid.Device `json:"device_id,omitempty"`
	Access      string      `json:"access_token,omitempty"`
	Refresh     string      `json:"refresh_token,omitempty"`
	ExpiresInMS int64       `json:"expires_in_ms,omitempty"`
}

func grantedBy(g account.Grant) granted {
	return granted{g.User, g.Device, g.Access, g.Refresh, g.Lasts.Milliseconds()}
}

// login signs a device in.
//
// Spec: client-server API, POST /login.
func (a *API) login(r *request) (any, error) {
	var in struct {
		Type       string      `json:"type"`
		Identifier *identifier `json:"identifier"`
		User       string      `json:"user"` // older clients
		Password   string      `json:"password"`
		newDevice
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Type == stageService {
		return a.loginService(r, in.Identifier, in.User, in.newDevice)
	}
	if in.Type != stagePassword {
		return nil, fault.Unsupported.New("Signing in works with %s here.", stagePassword)
	}
	name := in.User
	if in.Identifier != nil {
		if in.Identifier.Type != "m.id.user" {
			return nil, fault.Unsupported.New("Sign in with the name of your account: nobody is found by an address or a telephone number here.")
		}
		name = in.Identifier.User
	}
	if name == "" {
		return nil, fault.MissingParam.New("The name of the account is missing.")
	}
	var g account.Grant
	err := a.byPassword(r, name, in.Password, in.ID, func(who account.Proof) (err error) {
		g, err = a.Accounts.SignInAs(r.ctx(), who, in.device())
		return err
	})
	if err != nil {
		return nil, err
	}
	return grantedBy(g), nil
}

// loginService signs a device of one of an application service's own accounts in.
//
// Spec: application service API, "Server admin style permissions".
func (a *API) loginService(r *request, who *identifier, name string, device newDevice) (any, error) {
	s, err := a.mustBeService(r)
	if err != nil {
		return nil, err
	}
	if who != nil && who.Type == "m.id.user" {
		name = who.User
	}
	if name == "" {
		return nil, fault.MissingParam.New("The name of the account is missing.")
	}
	proof, err := a.Accounts.ProveService(r.ctx(), s, name)
	if err != nil {
		return nil, err
	}
	g, err := a.Accounts.SignInAs(r.ctx(), proof, device.device())
	if err != nil {
		return nil, err
	}
	a.giveBack(r, signingIn)
	return grantedBy(g), nil
}

// byPassword does what somebody who signs in wants done, once their name and password are found to belong together. What is tried
// is counted by address, by name, and, where the device is one of that person's, by the device.
func (a *API) byPassword(r *request, name, password string, device mxid.Device, do func(account.Proof) error) error {
	counted := "name\x00" + a.Accounts.Counted(name)
	among := counted
	if known, err := a.Accounts.Knows(r.ctx(), name, device); err != nil {
		return err
	} else if known { // whoever guesses knows the device's name, too, or is counted among those who do not
		among += "\x00" + string(device)
	}
	if err := a.count(signIns, counted, 1); err != nil {
		return err
	}
	a.uncount(signIns, counted) // until the password is known to be right: nobody else can use this up
	var who account.Proof
	err := a.guess("address\x00"+a.address(r), counted, among, func() (err error) {
		who, err = a.Accounts.ProvePassword(r.ctx(), name, password)
		return err
	})
	if err == nil {
		err = do(who)
	}
	if err != nil {
		return err
	}
	if !a.Unlimited {
		a.limits.spend(signIns, counted, 1)
	}
	a.giveBack(r, signingIn)
	return nil
}

// newDevice is what a client says about the device it signs in.
type newDevice struct {
	ID      mxid.Device `json:"device_id"`
	Name    string      `json:"initial_device_display_name"`
	Refresh bool        `json:"refresh_token"`
}

func (d newDevice) device() account.NewDevice {
	return account.NewDevice{ID: d.ID, Name: d.Name, Refresh: d.Refresh}
}

// logout ends the session.
//
// Spec: client-server API, POST /logout.
func (a *API) logout(r *request) (any, error) {
	return empty{}, a.Accounts.SignOut(r.ctx(), r.who)
}

// logoutAll ends all sessions of the person.
//
// Spec: client-server API, POST /logout/all.
func (a *API) logoutAll(r *request) (any, error) {
	return empty{}, a.Accounts.SignOutEverywhere(r.ctx(), r.who)
}

// refresh gives new tokens for a refresh token.
//
// Spec: client-server API, POST /refresh.
func (a *API) refresh(r *request) (any, error) {
	var in struct {
		Token string `json:"refresh_token"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, fault.MissingParam.New("The refresh token is missing.")
	}
	g, err := a.Accounts.Refresh(r.ctx(), in.Token)
	if err != nil {
		return nil, err
	}
	return granted{Access: g.Access, Refresh: g.Refresh, ExpiresInMS: g.Lasts.Milliseconds()}, nil
}

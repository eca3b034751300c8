package clientapi

import (
	"encoding/json"

	"wardroom/internal/account"
	"wardroom/internal/fault"
)

const passkeyPath = "/_matrix/client/unstable/org.wardroom/"

func (a *API) passkeyRoutes() []route {
	return []route{
		{"POST", passkeyPath + "passkey/challenge", open, signingIn, a.passkeyChallenge},
		{"POST", passkeyPath + "passkey/login", open, signingIn, a.passkeyLogin},
		{"GET", passkeyPath + "passkeys", signedIn, general, a.listPasskeys},
		{"POST", passkeyPath + "passkeys/begin", signedIn, general, a.beginPasskey},
		{"POST", passkeyPath + "passkeys", signedIn, writing, a.addPasskey},
		{"PUT", passkeyPath + "passkeys/{id}", signedIn, writing, a.namePasskey},
		{"DELETE", passkeyPath + "passkeys/{id}", signedIn, general, a.dropPasskey},
	}
}

// asksFor is a challenge as a browser takes it.
type asksFor struct {
	Challenge string `json:"challenge"`
	Options   any    `json:"options"`
}

// passkeyChallenge begins a sign-in with a passkey, or the confirmation of something. Whose it will be is not known yet.
func (a *API) passkeyChallenge(r *request) (any, error) {
	var in struct {
		Confirm bool `json:"confirm"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	purpose := account.ToSignIn
	if in.Confirm {
		purpose = account.ToConfirm
	}
	name, options, err := a.Accounts.PasskeyChallenge(a.base(r.Request), purpose, a.address(r))
	if err != nil {
		return nil, err
	}
	return asksFor{name, options}, nil
}

// shownPasskey is what a browser answers a challenge with.
type shownPasskey struct {
	Challenge  string          `json:"challenge"`
	Credential json.RawMessage `json:"credential"`
}

// byPasskey does what somebody who signs in wants done, once they have shown a passkey.
func (a *API) byPasskey(r *request, shown shownPasskey, do func(account.Proof) error) error {
	who, err := a.Accounts.ProvePasskey(r.ctx(), a.base(r.Request), shown.Challenge, account.ToSignIn, shown.Credential)
	if err != nil {
		return err
	}
	if err := a.count(signIns, "name\x00"+string(who.User()), 1); err != nil {
		return err
	}
	if err := do(who); err != nil {
		return err
	}
	a.giveBack(r, signingIn)
	a.giveBack(r, signingIn) // of the challenge
	return nil
}

// passkeyLogin signs a device in, as login does for a password.
func (a *API) passkeyLogin(r *request) (any, error) {
	var in struct {
		shownPasskey
		newDevice
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	var g account.Grant
	err := a.byPasskey(r, in.shownPasskey, func(who account.Proof) (err error) {
		g, err = a.Accounts.SignInAs(r.ctx(), who, in.device())
		return err
	})
	if err != nil {
		return nil, err
	}
	return grantedBy(g), nil
}

// passkey is one as its person sees it.
type passkey struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Made int64  `json:"made_day"`
	Used int64  `json:"used_day,omitempty"`
}

// listPasskeys lists one's own passkeys.
func (a *API) listPasskeys(r *request) (any, error) {
	all, err := a.Accounts.Passkeys(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	list := make([]passkey, len(all))
	for i, k := range all {
		list[i] = passkey{k.ID, k.Name, k.MadeDay, k.UsedDay}
	}
	return map[string]any{"passkeys": list}, nil
}

// beginPasskey begins adding a passkey, once its person has confirmed that with the password or a passkey they have: whoever finds a
// browser that is signed in does not stay in by a key of their own.
func (a *API) beginPasskey(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	if err := a.confirmOrPasskey(r, body); err != nil {
		return nil, err
	}
	name, options, err := a.Accounts.BeginPasskey(r.ctx(), r.who, a.base(r.Request))
	if err != nil {
		return nil, err
	}
	return asksFor{name, options}, nil
}

// addPasskey keeps the passkey that was made.
func (a *API) addPasskey(r *request) (any, error) {
	var in struct {
		shownPasskey
		Name string `json:"name"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	k, err := a.Accounts.AddPasskey(r.ctx(), r.who, a.base(r.Request), in.Challenge, in.Credential, in.Name)
	if err != nil {
		return nil, err
	}
	return passkey{ID: k.ID, Name: k.Name, Made: k.MadeDay}, nil
}

// namePasskey gives a passkey another name.
func (a *API) namePasskey(r *request) (any, error) {
	var in struct {
		Name *string `json:"name"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == nil {
		return nil, fault.MissingParam.New("The name is missing.")
	}
	return empty{}, a.Accounts.NamePasskey(r.ctx(), r.who, r.PathValue("id"), *in.Name)
}

// dropPasskey deletes a passkey, once its person has confirmed that.
func (a *API) dropPasskey(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	if err := a.confirmOrPasskey(r, body); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.DropPasskey(r.ctx(), r.who, r.PathValue("id"))
}

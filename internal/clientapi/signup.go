package clientapi

import (
	"wardroom/internal/account"
	"wardroom/internal/fault"
)

func (a *API) signUpRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/v3/register", open, signingUp, a.register},
		{"GET", "/_matrix/client/v3/register/available", open, signingUp, a.available},
		{"GET", "/_matrix/client/v1/register/m.login.registration_token/validity", open, signingUp, a.invitationValid},
	}
}

// register makes an account with an invitation, whose token is the stage m.login.registration_token. Whether the name is
// taken is said behind that stage alone; who passed it may choose another name in the same session. An application service needs none for
// accounts of its own.
//
// Spec: client-server API, POST /register; application service API, "Server admin style permissions".
func (a *API) register(r *request) (any, error) {
	if kind := r.URL.Query().Get("kind"); kind != "" && kind != "user" {
		return nil, fault.Forbidden.New("There are no accounts of kind %q here. Ask somebody for an invitation and sign up with it.", kind)
	}
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	var in struct {
		Type     string `json:"type"`
		Name     string `json:"username"`
		Password string `json:"password"`
		NoLogin  bool   `json:"inhibit_login"`
		newDevice
	}
	if err := decodeJSON(body, &in); err != nil {
		return nil, err
	}
	if in.Type == stageService {
		s, err := a.mustBeService(r)
		if err != nil {
			return nil, err
		}
		g, err := a.Accounts.SignUpService(r.ctx(), s, account.SignUp{Name: in.Name, Device: in.device(), NoDevice: in.NoLogin})
		if err != nil {
			return nil, err
		}
		a.giveBack(r, signingUp)
		return grantedBy(g), nil
	}
	if in.Name != "" { // whether it is taken is told to who has an invitation
		if err := a.Accounts.NameCanBe(in.Name); err != nil {
			return nil, err
		}
	}
	given, err := a.stage(r, body, []string{stageToken}, func(given auth) error {
		return a.Accounts.CheckInvitation(r.ctx(), given.Token)
	})
	if err != nil {
		return nil, err
	}
	g, err := a.Accounts.SignUp(r.ctx(), account.SignUp{
		Invitation: given.Token, Name: in.Name, Password: in.Password, Device: in.device(), NoDevice: in.NoLogin,
	})
	if err != nil {
		return nil, err
	}
	a.giveBack(r, signingUp)
	return grantedBy(g), nil
}

// available says whether something can be a name here. It does not say whether somebody has it: everybody may ask, and who
// works here is nobody else's business. That is told to who signs up with an invitation.
//
// Spec: client-server API, GET /register/available.
func (a *API) available(r *request) (any, error) {
	if err := a.Accounts.NameCanBe(r.URL.Query().Get("username")); err != nil {
		return nil, err
	}
	return map[string]bool{"available": true}, nil
}

// invitationValid says whether an invitation's token is valid.
//
// Spec: client-server API, GET /register/m.login.registration_token/validity.
func (a *API) invitationValid(r *request) (any, error) {
	err := a.Accounts.CheckInvitation(r.ctx(), r.URL.Query().Get("token"))
	if err != nil && !fault.Unauthorized.In(err) {
		return nil, err
	}
	if err == nil {
		a.giveBack(r, signingUp)
	}
	return map[string]bool{"valid": err == nil}, nil
}

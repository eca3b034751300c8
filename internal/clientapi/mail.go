package clientapi

import (
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
)

func (a *API) mailRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/account/3pid", signedIn, general, a.addresses},
		{"POST", "/_matrix/client/v3/account/3pid/email/requestToken", signedIn, mailing, a.askToAddAddress},
		{"POST", "/_matrix/client/v3/account/3pid/add", signedIn, general, a.addAddress},
		{"POST", "/_matrix/client/v3/account/3pid/delete", signedIn, writing, a.dropAddress},
		{"POST", "/_matrix/client/v3/account/password/email/requestToken", open, mailing, a.askToReset},
		{"POST", "/_matrix/client/unstable/org.wardroom/mail/confirm", open, mailing, a.confirmMail},
	}
}

// stageMail is the stage in which somebody shows that they read mail at the address of an account.
const stageMail = "m.login.email.identity"

// threepidCreds name a proof to the server and show that it is one's own.
//
// Spec: client-server API, "Email-based (identity / homeserver)".
type threepidCreds struct {
	SID    string `json:"sid"`
	Secret string `json:"client_secret"`
}

var (
	// lettersTo is how many links may be asked for to one mail address: so nobody fills another's mailbox.
	lettersTo = rate{3, 20 * time.Minute}
	// lettersAll is how many may be asked for by all who are not signed in, and lettersBy by one person who is.
	lettersAll = rate{300, 5 * time.Second}
	lettersBy  = rate{10, 10 * time.Minute}
)

// letterFor reads what a client asks for a letter with, and counts it: by the address, and as one of who asks. Whether anybody has the address is not
// looked at here.
func (a *API) letterFor(r *request) (in account.AskedByMail, err error) {
	var body struct {
		Secret  string `json:"client_secret"`
		Mail    string `json:"email"`
		Attempt int64  `json:"send_attempt"`
	}
	if err := r.decode(&body); err != nil {
		return in, err
	}
	if err := a.Accounts.SendsMail(); err != nil {
		return in, err
	}
	to, err := a.Accounts.MailIsAt(body.Mail)
	if err != nil {
		return in, err
	}
	of, who := lettersAll, "letters"
	if r.who.Account != 0 {
		of, who = lettersBy, "letters\x00"+string(r.who.User)
	}
	if err := a.count(of, who, 1); err != nil {
		return in, err
	}
	if err := a.count(lettersTo, "letters to\x00"+to, 1); err != nil {
		a.uncount(of, who)
		return in, err
	}
	return account.AskedByMail{Secret: body.Secret, Mail: to, Attempt: body.Attempt, Language: r.Header.Get("Accept-Language")}, nil
}

// askToAddAddress sends a link to an address that the person wants to give to their account. The specification asks for no token here; mail goes
// to any address on the word of somebody who is here alone.
//
// Spec: client-server API, POST /account/3pid/email/requestToken.
func (a *API) askToAddAddress(r *request) (any, error) {
	in, err := a.letterFor(r)
	if err != nil {
		return nil, err
	}
	sid, err := a.Accounts.AskToAddAddress(r.ctx(), r.who, in)
	if err != nil {
		return nil, err
	}
	return map[string]string{"sid": sid}, nil
}

// askToReset sends a link for a new password to an address, if it is somebody's, and answers the same if not.
//
// Spec: client-server API, POST /account/password/email/requestToken.
func (a *API) askToReset(r *request) (any, error) {
	in, err := a.letterFor(r)
	if err != nil {
		return nil, err
	}
	sid, err := a.Accounts.AskToReset(r.ctx(), in)
	if err != nil {
		return nil, err
	}
	return map[string]string{"sid": sid}, nil
}

// confirmMail takes what stands in the link of a letter, from the page that it leads to.
func (a *API) confirmMail(r *request) (any, error) {
	var in struct {
		SID   string `json:"sid"`
		Token string `json:"token"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	purpose, err := a.Accounts.ConfirmMail(r.ctx(), in.SID, in.Token)
	if err != nil {
		return nil, err
	}
	a.giveBack(r, mailing)
	return map[string]string{"for": purpose}, nil
}

// addAddress gives the person's own account the address whose mail they have shown that they read.
//
// Spec: client-server API, POST /account/3pid/add.
func (a *API) addAddress(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	var in threepidCreds
	if err := decodeJSON(body, &in); err != nil {
		return nil, err
	}
	if err := a.Accounts.SendsMail(); err != nil {
		return nil, err
	}
	if err := a.confirm(r, body); err != nil {
		return nil, err
	}
	return empty{}, a.Accounts.AddAddress(r.ctx(), r.who, in.SID, in.Secret)
}

// addresses lists the mail address of the person's own account, if it has one. When it was added is known by the day.
//
// Spec: client-server API, GET /account/3pid.
func (a *API) addresses(r *request) (any, error) {
	type threepid struct {
		Medium      string `json:"medium"`
		Address     string `json:"address"`
		ValidatedAt int64  `json:"validated_at"`
		AddedAt     int64  `json:"added_at"`
	}
	is, ok, err := a.Accounts.Address(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	all := []threepid{}
	if ok {
		at := time.Duration(is.AddedDay) * 24 * time.Hour
		all = append(all, threepid{"email", is.Mail, at.Milliseconds(), at.Milliseconds()})
	}
	return map[string]any{"threepids": all}, nil
}

// dropAddress takes the address off the person's own account.
//
// Spec: client-server API, POST /account/3pid/delete.
func (a *API) dropAddress(r *request) (any, error) {
	var in struct {
		Medium  string `json:"medium"`
		Address string `json:"address"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Medium != "email" {
		return nil, fault.InvalidParam.New("No addresses but mail addresses are kept here.")
	}
	if err := a.Accounts.DropAddress(r.ctx(), r.who, in.Address); err != nil {
		return nil, err
	}
	return map[string]string{"id_server_unbind_result": "no-support"}, nil
}

// resetPassword sets a new password for who is not signed in and reads mail at the address of their account.
func (a *API) resetPassword(r *request, body []byte, password string, signOut bool) (any, error) {
	if err := a.Accounts.SendsMail(); err != nil {
		return nil, fault.MissingToken.New("Sign in first: this needs an access token.")
	}
	given, err := a.stage(r, body, []string{stageMail}, func(given auth) error {
		return a.Accounts.ProvenByMail(r.ctx(), given.Creds.SID, given.Creds.Secret)
	})
	if err != nil {
		return nil, err
	}
	if password == "" {
		return nil, fault.MissingParam.New("The new password is missing.")
	}
	return empty{}, a.Accounts.ResetPassword(r.ctx(), given.Creds.SID, given.Creds.Secret, password, signOut)
}

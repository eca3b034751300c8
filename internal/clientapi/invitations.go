package clientapi

import (
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) invitationRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/unstable/org.wardroom/invitations", signedIn, sending, a.inviteOne},
		{"GET", "/_matrix/client/unstable/org.wardroom/invitations", signedIn, general, a.ownInvitations},
		{"DELETE", "/_matrix/client/unstable/org.wardroom/invitations/{invitationId}", signedIn, sending, a.revokeOwn},
		{"POST", "/_matrix/client/unstable/org.wardroom/invitation", open, signingUp, a.invited},
	}
}

// inviteOne makes an invitation for one person: {"note": "…", "uses": 1}, both of which may be missing. Its answer is the only
// place where the token appears. The link's path puts it behind "#", which browsers send to nobody.
func (a *API) inviteOne(r *request) (any, error) {
	var in struct {
		Note string `json:"note"`
		Uses *int   `json:"uses"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	if in.Uses != nil && *in.Uses != 1 {
		return nil, fault.InvalidParam.New("An invitation is for one person. Make one for each.")
	}
	token, i, err := a.Accounts.InviteOne(r.ctx(), r.who, in.Note)
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": i.ID(), "token": token, "path": "/#/invite/" + token, "expires_ts": i.Until.UnixMilli()}, nil
}

// ownInvitations lists what the person has made and nobody has used yet. Who used the others is not kept.
func (a *API) ownInvitations(r *request) (any, error) {
	list, err := a.Accounts.OwnInvitations(r.ctx(), r.who)
	if err != nil {
		return nil, err
	}
	type one struct {
		ID      string `json:"id"`
		Note    string `json:"note,omitempty"`
		Uses    int    `json:"uses_left"`
		Expires int64  `json:"expires_ts"`
	}
	out := struct {
		Invitations []one `json:"invitations"`
	}{[]one{}}
	for _, k := range list {
		out.Invitations = append(out.Invitations, one{k.ID(), k.Note, k.Uses, k.Until.UnixMilli()})
	}
	return out, nil
}

// revokeOwn takes back an invitation that the person has made.
func (a *API) revokeOwn(r *request) (any, error) {
	return empty{}, a.Accounts.RevokeOwn(r.ctx(), r.who, r.PathValue("invitationId"))
}

// invited shows an invitation to whoever holds its token, for the page on which they sign up. The token stands in the body, not
// in the address, because addresses are written into logs.
func (a *API) invited(r *request) (any, error) {
	var in struct {
		Token string `json:"token"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	i, by, err := a.Accounts.Invited(r.ctx(), in.Token)
	if err != nil {
		return nil, err
	}
	a.giveBack(r, signingUp)
	type inviter struct {
		User mxid.User `json:"user_id"`
		Name string    `json:"displayname,omitempty"`
	}
	out := struct {
		Server  mxid.Server `json:"server"`
		Name    string      `json:"organisation,omitempty"`
		Note    string      `json:"note,omitempty"`
		Uses    int         `json:"uses_left"`
		Expires int64       `json:"expires_ts"`
		By      *inviter    `json:"invited_by,omitempty"` // missing: the invitation came from the server's command line
	}{Server: a.Accounts.Server, Name: a.Organisation, Note: i.Note, Uses: i.Uses, Expires: i.Until.UnixMilli()}
	if by.User != "" {
		out.By = &inviter{by.User, by.Name}
	}
	return out, nil
}

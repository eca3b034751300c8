package clientapi

import (
	"encoding/json"
	"net/http"

	"wardroom/internal/event"
	"wardroom/internal/fault"
	"wardroom/internal/room"
)

func (a *API) accountRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/account/whoami", signedIn, general, a.whoami},
		{"POST", "/_matrix/client/v3/account/password", either, general, a.changePassword},
		{"POST", "/_matrix/client/v3/account/deactivate", signedIn, general, a.closeAccount},
		{"GET", "/_matrix/client/v3/capabilities", signedIn, general, a.capabilities},
		{"GET", "/_matrix/client/v3/voip/turnServer", signedIn, general, a.turnServer},
		{"POST", "/_matrix/client/v3/user/{user}/openid/request_token", signedIn, general, a.openID},
		{"GET", "/_matrix/federation/v1/openid/userinfo", open, general, a.openIDUser},
		{"GET", "/.well-known/matrix/client", open, general, a.wellKnown},
	}
}

// whoami says who holds the token.
//
// Spec: client-server API, GET /account/whoami.
func (a *API) whoami(r *request) (any, error) {
	is := map[string]any{"user_id": r.who.User, "is_guest": false}
	if r.who.Device != "" { // an application service may act without one
		is["device_id"] = r.who.Device
	}
	return is, nil
}

// changePassword replaces the person's own password; of who is not signed in, by mail, where mail is sent.
//
// Spec: client-server API, POST /account/password.
func (a *API) changePassword(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	in := struct {
		New     string `json:"new_password"`
		SignOut bool   `json:"logout_devices"`
	}{SignOut: true}
	if err := decodeJSON(body, &in); err != nil {
		return nil, err
	}
	if r.who.Account == 0 {
		return a.resetPassword(r, body, in.New, in.SignOut)
	}
	if err := a.confirm(r, body); err != nil {
		return nil, err
	}
	if in.New == "" {
		return nil, fault.MissingParam.New("The new password is missing.")
	}
	return empty{}, a.Accounts.ChangePassword(r.ctx(), r.who, in.New, in.SignOut)
}

// closeAccount closes the person's own account.
//
// Spec: client-server API, POST /account/deactivate.
func (a *API) closeAccount(r *request) (any, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	if err := a.confirm(r, body); err != nil {
		return nil, err
	}
	if err := a.Accounts.Close(r.ctx(), r.who); err != nil {
		return nil, err
	}
	return map[string]string{"id_server_unbind_result": "no-support"}, nil
}

// capabilities says what a client may offer its person.
//
// Spec: client-server API, GET /capabilities.
func (a *API) capabilities(*request) (any, error) {
	type enabled struct {
		Enabled bool `json:"enabled"`
	}
	versions := map[string]string{}
	for _, v := range event.Versions() {
		versions[v.String()] = "stable"
	}
	can := map[string]any{
		"m.change_password":                 enabled{true},
		"m.set_displayname":                 enabled{true},
		"m.set_avatar_url":                  enabled{true},
		"m.profile_fields":                  enabled{true},
		"m.3pid_changes":                    enabled{a.Accounts.SendsMail() == nil},
		"m.get_login_token":                 enabled{false},
		"org.matrix.msc4140.delayed_events": map[string]int64{"max_delay_ms": room.MaxDelay.Milliseconds(), "max_scheduled": room.MaxDelayed},
		"m.room_versions":                   map[string]any{"default": event.Default.String(), "available": versions},
	}
	if a.Vapid != nil {
		if key := a.Vapid(); key != "" { // MSC4174
			can["m.webpush"] = map[string]any{"enabled": true, "vapid": key}
		}
	}
	return map[string]any{"capabilities": can}, nil
}

// turnServer names no relay for old one-to-one calls: meetings bring their own.
//
// Spec: client-server API, GET /voip/turnServer.
func (a *API) turnServer(*request) (any, error) { return empty{}, nil }

// openID gives a token that shows to a third party who its person is.
//
// Spec: client-server API, POST /user/{userId}/openid/request_token.
func (a *API) openID(r *request) (any, error) {
	if r.PathValue("user") != string(r.who.User) {
		return nil, fault.Forbidden.New("You can only ask for a token of your own.")
	}
	data, err := r.body()
	if err == nil && len(data) > 0 { // it says nothing yet
		err = decodeJSON(data, new(map[string]json.RawMessage))
	}
	if err != nil {
		return nil, err
	}
	token, lasts := a.Accounts.OpenID(r.who)
	return map[string]any{
		"access_token": token, "token_type": "Bearer", "matrix_server_name": a.Accounts.Server, "expires_in": int(lasts.Seconds()),
	}, nil
}

// openIDUser tells a third party who made a token.
//
// Spec: server-server API, GET /_matrix/federation/v1/openid/userinfo.
func (a *API) openIDUser(r *request) (any, error) {
	user, err := a.Accounts.OpenIDUser(r.ctx(), r.URL.Query().Get("access_token"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"sub": user}, nil
}

// wellKnown tells clients where the API is, at the configured public URL, or else where they asked; and, under keys of our
// own, what the organisation calls itself and whether a forgotten password can be replaced by mail, for the page on which one signs in.
//
// Spec: client-server API, GET /.well-known/matrix/client.
func (a *API) wellKnown(r *request) (any, error) {
	says := map[string]any{"m.homeserver": map[string]string{"base_url": a.base(r.Request)}}
	if a.Organisation != "" {
		says["org.wardroom.organisation"] = map[string]string{"name": a.Organisation}
	}
	if a.Accounts.SendsMail() == nil {
		says["org.wardroom.reset"] = map[string]bool{"mail": true}
	}
	return says, nil
}

// base is the address of this server: the configured one, or else where r asked.
func (a *API) base(r *http.Request) string {
	switch {
	case a.PublicURL != "":
		return a.PublicURL
	case r.TLS != nil || a.Proxied: // a proxy that encrypts is in front
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

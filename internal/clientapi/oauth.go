package clientapi

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"wardroom/internal/account"
	"wardroom/internal/fault"
)

// oauthPath is where the endpoints are whose address clients learn from the metadata.
const oauthPath = "/_matrix/client/unstable/org.wardroom/oauth/"

func (a *API) oauthRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v1/auth_metadata", open, general, a.authMetadata},
		{"GET", "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata", open, general, a.authMetadata},
		{"POST", oauthPath + "register", open, registering, a.registerClient},
		{"POST", oauthPath + "token", open, general, a.token},
		{"POST", oauthPath + "revoke", open, general, a.revokeToken},
		{"POST", oauthPath + "asked", open, general, a.oauthAsked},
		{"POST", oauthPath + "approve", open, signingIn, a.approve},
	}
}

// authMetadata says where and how clients sign people in by OAuth.
//
// Spec: client-server API, GET /auth_metadata; RFC 8414, RFC 9207.
func (a *API) authMetadata(r *request) (any, error) {
	base := a.base(r.Request)
	return map[string]any{
		"issuer":                                         a.issuer(r),
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + oauthPath + "token",
		"revocation_endpoint":                            base + oauthPath + "revoke",
		"registration_endpoint":                          base + oauthPath + "register",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query", "fragment"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"account_management_uri":                         base + "/",
		"authorization_response_iss_parameter_supported": true,
	}, nil
}

// issuer is this server, as OAuth names it.
func (a *API) issuer(r *request) string { return a.base(r.Request) + "/" }

// registerClient makes a client known. One that is known already is not counted: a hundred colleagues behind one address may all
// begin with the same app.
//
// Spec: client-server API, "Client registration"; RFC 7591.
func (a *API) registerClient(r *request) (any, error) {
	var in account.ClientMetadata
	if err := r.decode(&in); err != nil {
		var f *fault.Fault
		if errors.As(err, &f) && f.Code.Status == http.StatusBadRequest {
			err = account.OAuthError("invalid_client_metadata", f.Says)
		}
		return nil, err
	}
	c, fresh, err := a.Accounts.RegisterClient(r.ctx(), in)
	if err != nil {
		return nil, err
	}
	if !fresh {
		a.giveBack(r, registering)
	}
	body, err := json.Marshal(struct {
		ID string `json:"client_id"`
		account.ClientMetadata
	}{c.ID, c.ClientMetadata})
	if err != nil {
		return nil, err
	}
	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set("Cache-Control", "no-store")
	r.w.WriteHeader(http.StatusCreated)
	_, _ = r.w.Write(body) // a client that has gone asks again
	return nil, nil
}

// form reads a body of OAuth's endpoints. No parameter may be there twice.
//
// Spec: RFC 6749 3.2.
func (r *request) form() (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, account.OAuthError("invalid_request", "The body has to be application/x-www-form-urlencoded.")
	}
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, account.OAuthError("invalid_request", "The body is no form.")
	}
	for _, values := range form {
		if len(values) != 1 {
			return nil, account.OAuthError("invalid_request", "A parameter is there twice.")
		}
	}
	return form, nil
}

// token gives a client tokens for a code or for a refresh token.
//
// Spec: client-server API, "Authorisation code grant", "Refresh token grant"; RFC 6749 3.2.
func (a *API) token(r *request) (any, error) {
	r.w.Header().Set("Cache-Control", "no-store")
	form, err := r.form()
	if err != nil {
		return nil, err
	}
	if r.Header.Get("Authorization") != "" && strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") || form.Get("client_secret") != "" {
		return nil, account.OAuthError("invalid_client", "Clients have no secrets here.")
	}
	var g account.Grant
	var scope string
	switch kind := form.Get("grant_type"); kind {
	case "authorization_code":
		g, scope, err = a.Accounts.Exchange(r.ctx(), form.Get("code"), form.Get("client_id"), form.Get("redirect_uri"), form.Get("code_verifier"))
	case "refresh_token":
		if form.Get("client_id") == "" {
			return nil, account.OAuthError("invalid_request", "The client_id is missing.")
		}
		g, err = a.Accounts.RefreshOAuth(r.ctx(), form.Get("refresh_token"), form.Get("client_id"))
	case "":
		err = account.OAuthError("invalid_request", "The grant_type is missing.")
	default:
		err = account.OAuthError("unsupported_grant_type", "grant_type has to be authorization_code or refresh_token.")
	}
	if err != nil {
		return nil, err
	}
	return struct {
		Access    string `json:"access_token"`
		Type      string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"`
		Refresh   string `json:"refresh_token"`
		Scope     string `json:"scope,omitempty"`
	}{g.Access, "Bearer", int64(g.Lasts.Seconds()), g.Refresh, scope}, nil
}

// revokeToken ends the session that a token is of.
//
// Spec: client-server API, "Token revocation"; RFC 7009.
func (a *API) revokeToken(r *request) (any, error) {
	form, err := r.form()
	if err != nil {
		return nil, err
	}
	if form.Get("token") == "" {
		return nil, account.OAuthError("invalid_request", "The token is missing.")
	}
	return empty{}, a.Accounts.RevokeToken(r.ctx(), form.Get("token"))
}

// oauthQuery is what the page sends: the query it was opened with, as it stands in its address.
type oauthQuery struct {
	Query string `json:"query"`
}

func (a *API) asked(r *request, in oauthQuery) (account.AuthRequest, error) {
	q, err := url.ParseQuery(strings.TrimPrefix(in.Query, "?"))
	if err != nil {
		return account.AuthRequest{}, fault.InvalidParam.New("The app has asked to sign in with a wrong address. Nobody was signed in.")
	}
	return a.Accounts.Asked(r.ctx(), a.issuer(r), q)
}

// oauthAsked tells the page which client wants to sign somebody in, and where the answer would go. A refusal that is for the client has
// "redirect", the address that takes it there.
func (a *API) oauthAsked(r *request) (any, error) {
	var in oauthQuery
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	asked, err := a.asked(r, in)
	if err != nil {
		return nil, err
	}
	refuse, err := asked.Refusal()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"client_name": asked.Client.Name, "client_uri": asked.Client.URI, "to": asked.To(), "device_id": asked.Device,
		"login_hint": asked.Hint, "create": asked.Create, "refuse": refuse,
	}, nil
}

// approve lets the client sign in somebody who has shown who they are in this very request: there is nothing that a browser would send along
// by itself, so no other page can approve in anybody's name.
func (a *API) approve(r *request) (any, error) {
	var in struct {
		oauthQuery
		User     string `json:"user"`
		Password string `json:"password"`
		shownPasskey
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	asked, err := a.asked(r, in.oauthQuery)
	if err != nil {
		return nil, err
	}
	var to string
	approve := func(who account.Proof) (err error) {
		to, err = a.Accounts.Approve(r.ctx(), who, asked)
		return err
	}
	if in.Challenge != "" {
		if err := a.byPasskey(r, in.shownPasskey, approve); err != nil {
			return nil, err
		}
		return map[string]string{"redirect": to}, nil
	}
	if in.User == "" {
		return nil, fault.MissingParam.New("The name of the account is missing.")
	}
	if err := a.byPassword(r, in.User, in.Password, asked.Device, approve); err != nil {
		return nil, err
	}
	return map[string]string{"redirect": to}, nil
}

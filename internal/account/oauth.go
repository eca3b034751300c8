package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"wardroom/internal/fault"
	"wardroom/internal/mxid"
	"wardroom/internal/stream"
)

// AuthRequest is a client's request to sign somebody in, which was found to be in order.
//
// Spec: client-server API, "Authorisation code grant".
type AuthRequest struct {
	Client      Client
	RedirectURI string
	Device      mxid.Device
	Hint        string // who is expected to sign in
	Create      bool   // somebody wants an account

	mode      oidc.ResponseMode
	issuer    string // who answers
	state     string
	challenge string
	scope     string
}

// Code is an authorisation code as it is kept: without itself.
type Code struct {
	Person      Person
	Client      string
	RedirectURI string
	Challenge   string // of PKCE, S256
	Scope       string
	UntilMS     int64
	Device      DeviceNo // what was signed in with it; 0: nothing yet
}

// CodeDisk keeps authorisation codes.
type CodeDisk interface {
	// OAuthCode finds a code by its hash.
	OAuthCode(v stream.View, hash [32]byte) (c Code, ok bool, err error)
	// AddOAuthCode keeps a code.
	AddOAuthCode(u stream.Unit, hash [32]byte, c Code) error
	// UseOAuthCode notes what was signed in with a code.
	UseOAuthCode(u stream.Unit, hash [32]byte, d DeviceNo) error
	// DropOAuthCode drops a code.
	DropOAuthCode(u stream.Unit, hash [32]byte) error
	// EndOAuthCodes drops an account's codes that nothing was signed in with yet.
	EndOAuthCodes(u stream.Unit, a No) error
	// DropOAuthCodes drops those whose time was over before.
	DropOAuthCodes(u stream.Unit, before time.Time) error
	// ClientOf gives the client that a device is signed in with; empty where it signed in without OAuth.
	ClientOf(v stream.View, d DeviceNo) (string, error)
}

const (
	// codesLast is how long a client may take to fetch its tokens.
	codesLast = time.Minute
	// codesKept is how much longer it is known what a code was used for, so that who comes second with it is noticed.
	codesKept = time.Hour

	maxParam = 2000 // bytes
)

// The scopes a client asks for: all of the API, and one device. Those of before the specification had them are taken as well.
const (
	scopeAPI       = "urn:matrix:client:api:*"
	scopeDevice    = "urn:matrix:client:device:"
	oldScopeAPI    = "urn:matrix:org.matrix.msc2967.client:api:*"
	oldScopeDevice = "urn:matrix:org.matrix.msc2967.client:device:"
)

var (
	challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`) // SHA-256 in base64url
	verifierPattern  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	deviceScope      = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,255}$`)
)

// Asked reads what a client asks for at the authorisation endpoint. A fault whose More has "redirect" is for the client, and
// goes there; any other is for the person: then it is not known who asks, or not sure that the answer would reach them. issuer is this
// server as its metadata has it: every answer names it, so that a client notices one that is not of the server it asked.
//
// Spec: client-server API, "Authorisation code grant"; RFC 6749 4.1.1, RFC 7636, RFC 9207.
func (a *Accounts) Asked(ctx context.Context, issuer string, q url.Values) (AuthRequest, error) {
	r := AuthRequest{issuer: issuer}
	for name, values := range q {
		if len(values) != 1 || len(values[0]) > maxParam {
			return r, fault.InvalidParam.New("The app has asked to sign in with a wrong address (%s). Nobody was signed in.", clip(name))
		}
	}
	var registered bool
	err := a.Disk.View(ctx, func(v stream.View) (err error) {
		r.Client, registered, err = a.client(v, q.Get("client_id"))
		return err
	})
	if err != nil {
		return r, fmt.Errorf("looking for a client: %w", err)
	}
	if !registered {
		return r, fault.NotFound.New("This server does not know the app that wants to sign you in. Go back to it and begin again.")
	}
	client := known{r.Client}
	r.RedirectURI, r.state = q.Get("redirect_uri"), q.Get("state")
	if err := op.ValidateAuthReqRedirectURI(client, r.RedirectURI, oidc.ResponseTypeCode); err != nil || !r.Client.mayAnswer(r.RedirectURI) {
		return r, fault.Forbidden.New("The answer would go to an address that the app has not registered. Nobody was signed in.")
	}
	switch r.mode = oidc.ResponseMode(q.Get("response_mode")); r.mode {
	case "", oidc.ResponseModeQuery, oidc.ResponseModeFragment:
	default:
		r.mode = ""
		return r, r.refused("invalid_request", "response_mode has to be query or fragment.")
	}
	if err := op.ValidateAuthReqResponseType(client, oidc.ResponseType(q.Get("response_type"))); err != nil {
		return r, r.refused("unsupported_response_type", "response_type has to be code.")
	}
	r.challenge = q.Get("code_challenge")
	if q.Get("code_challenge_method") != string(oidc.CodeChallengeMethodS256) || !challengePattern.MatchString(r.challenge) {
		return r, r.refused("invalid_request", "A code_challenge is needed, of the method S256.")
	}
	if q.Has("request") || q.Has("request_uri") {
		return r, r.refused("request_not_supported", "Requests in a request object are not read.")
	}
	prompt := strings.Fields(q.Get("prompt"))
	if slices.Contains(prompt, oidc.PromptNone) {
		return r, r.refused("interaction_required", "Nobody is signed in without being asked.")
	}
	r.Create, r.Hint = slices.Contains(prompt, "create"), clip(q.Get("login_hint"))
	return r, r.scopes(strings.Fields(q.Get("scope")))
}

// scopes reads what the client wants to do: all that the person may do, on one device. Less than that there is not, and a client that
// wants less is not given more.
func (r *AuthRequest) scopes(all []string) error {
	var api bool
	var kept []string
	for _, s := range all {
		id, device := strings.CutPrefix(s, scopeDevice)
		if !device {
			id, device = strings.CutPrefix(s, oldScopeDevice)
		}
		switch {
		case s == scopeAPI || s == oldScopeAPI:
			api = true
		case device && (r.Device == "" || r.Device == mxid.Device(id)) && deviceScope.MatchString(id):
			r.Device = mxid.Device(id)
		case device || strings.HasPrefix(s, "urn:matrix:"):
			return r.refused("invalid_scope", "The scope is the whole API and one device.")
		default:
			continue // "openid" and others that nothing here depends on
		}
		kept = append(kept, s)
	}
	if !api || r.Device == "" {
		return r.refused("invalid_scope", "The scope has to be %s and %s with a device ID.", scopeAPI, scopeDevice)
	}
	r.scope = strings.Join(kept, " ")
	return nil
}

// response is what goes back to the client by its redirect URI.
type response struct {
	Code        string `schema:"code,omitempty"`
	Error       string `schema:"error,omitempty"`
	Description string `schema:"error_description,omitempty"`
	State       string `schema:"state,omitempty"`
	Issuer      string `schema:"iss"`
}

// redirect is the address that takes resp to the client.
func (r *AuthRequest) redirect(resp response) (string, error) {
	resp.State, resp.Issuer = r.state, r.issuer
	return op.AuthResponseURL(r.RedirectURI, oidc.ResponseTypeCode, r.mode, resp, oidc.NewEncoder())
}

func (r *AuthRequest) refused(name, format string, args ...any) error {
	f := oauthError(400, name, format, args...)
	to, err := r.redirect(response{Error: name, Description: f.Says})
	if err != nil {
		return err
	}
	f.More["redirect"] = to
	return f
}

// To is where the answer goes, as a person can read it: a host, or the scheme of an app on their machine.
func (r *AuthRequest) To() string {
	to, err := url.Parse(r.RedirectURI)
	switch {
	case err != nil:
		return ""
	case to.Host == "":
		return to.Scheme
	}
	return to.Host
}

// Refusal is the address that tells the client that the person does not want to sign in.
func (r *AuthRequest) Refusal() (string, error) { return r.redirect(response{Error: "access_denied"}) }

// Approve gives the client a code with which it signs its device in as the person proven, and returns the address that takes it
// there. It returns fault.Exclusive where the device is one of the person's that signed in by another way: a client does not get
// what another one has.
//
// Spec: client-server API, "Authorisation code grant".
func (a *Accounts) Approve(ctx context.Context, who Proof, r AuthRequest) (to string, err error) {
	code := rand.Text() + rand.Text()
	if to, err = r.redirect(response{Code: code}); err != nil {
		return "", err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		p, err := a.still(u, who)
		if err != nil {
			return err
		}
		if err := a.mayHave(u, p, r.Client.ID, r.Device); err != nil {
			return err
		}
		return a.Disk.AddOAuthCode(u, sha256.Sum256([]byte(code)), Code{
			Person: p, Client: r.Client.ID, RedirectURI: r.RedirectURI, Challenge: r.challenge, Scope: r.scope, UntilMS: u.Now().Add(codesLast).UnixMilli(),
		})
	})
	if err != nil {
		return "", fmt.Errorf("approving a client for %s: %w", who.person.User, err)
	}
	return to, nil
}

// mayHave refuses a device that the person has from elsewhere.
func (a *Accounts) mayHave(v stream.View, p Person, client string, id mxid.Device) error {
	all, err := a.Disk.OwnDevices(v, p.No)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(d Device) bool { return d.Device == id })
	if i < 0 {
		return nil
	}
	has, err := a.Disk.ClientOf(v, all[i].DeviceNo)
	if err == nil && has != client {
		err = fault.Exclusive.New("You are signed in on a device of this name with another app. Go back to this one and begin again.")
	}
	return err
}

var errCode = oauthError(400, "invalid_grant", "The code is not valid, or not any more. Sign in again.")

// Exchange signs a device in with a code. A code is good for one try: wrong or right, it is spent. When it comes a second time,
// somebody else has had it, and what was signed in with it ends. It returns a fault in OAuth's words.
//
// Spec: client-server API, "Token request"; RFC 6749 4.1.3, 10.5, RFC 7636 4.6.
func (a *Accounts) Exchange(ctx context.Context, code, client, redirect, verifier string) (g Grant, scope string, err error) {
	hash := sha256.Sum256([]byte(code))
	err = a.Disk.View(ctx, func(v stream.View) error { // a guess must not cost the writer anything
		_, ok, err := a.Disk.OAuthCode(v, hash)
		if err == nil && !ok {
			err = errCode
		}
		return err
	})
	if err != nil {
		return Grant{}, "", fmt.Errorf("looking for a code: %w", err)
	}
	var refused error
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		refused = nil
		c, ok, err := a.Disk.OAuthCode(u, hash)
		if err != nil || !ok {
			refused = errCode
			return err
		}
		if c.Device != 0 {
			refused = errCode
			return a.dropDevices(u, c.Person.No, func(d Device) bool { return d.DeviceNo == c.Device })
		}
		switch {
		case c.UntilMS <= u.Now().UnixMilli(), c.Client != client, c.RedirectURI != redirect, c.Person.Closed,
			!verifierPattern.MatchString(verifier),
			!oidc.VerifyCodeChallenge(&oidc.CodeChallenge{Challenge: c.Challenge, Method: oidc.CodeChallengeMethodS256}, verifier):
			refused = errCode
			return a.Disk.DropOAuthCode(u, hash)
		}
		scope = c.Scope
		g, err = a.exchange(u, c)
		var f *fault.Fault
		if errors.As(err, &f) { // refused before it wrote anything
			refused = oauthError(400, "invalid_grant", "%s", f.Says)
			return a.Disk.DropOAuthCode(u, hash)
		}
		if err != nil {
			return err
		}
		return a.Disk.UseOAuthCode(u, hash, g.DeviceNo)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Grant{}, "", fmt.Errorf("exchanging a code: %w", err)
	}
	return g, scope, nil
}

// exchange signs in the device that c is for.
func (a *Accounts) exchange(u stream.Unit, c Code) (Grant, error) {
	client, ok, err := a.client(u, c.Client)
	if err != nil {
		return Grant{}, err
	}
	var asked AuthRequest
	if !ok || asked.scopes(strings.Fields(c.Scope)) != nil {
		return Grant{}, errCode
	}
	if err := a.mayHave(u, c.Person, c.Client, asked.Device); err != nil {
		return Grant{}, err
	}
	g, err := a.grant(u, c.Person, NewDevice{ID: asked.Device, Name: client.Name, Refresh: true, client: client.ID})
	if err != nil {
		return g, err
	}
	return g, a.Disk.ApproveOAuthClient(u, client.ID)
}

// RefreshOAuth is Refresh for a device that signed in with client. A token of another client's is refused in the same words
// as one that is not known. One that was replaced, and whose successor was used, ends the session when it comes again: two have had it,
// and it is not known which of them is the person's. A client that missed its answer has not used the successor.
//
// Spec: client-server API, "Token refresh"; RFC 6749 6, RFC 9700 4.14.2.
func (a *Accounts) RefreshOAuth(ctx context.Context, token, client string) (Grant, error) {
	g, err := a.refresh(ctx, token, client)
	if err == nil {
		a.renewals.note(g.DeviceNo)
	}
	if fault.UnknownToken.In(err) {
		if err := a.endReplayed(ctx, token, client); err != nil {
			return Grant{}, fmt.Errorf("ending a session whose refresh token came twice: %w", err)
		}
		err = oauthError(400, "invalid_grant", "This session has ended. Sign in again.")
	}
	return g, err
}

// RevokeToken ends the session that a token, of either kind, is of: its device is gone. A token that is not known is no failure.
// Whoever holds a token may end it: so somebody who finds one can.
//
// Spec: client-server API, "Token revocation"; RFC 7009.
func (a *Accounts) RevokeToken(ctx context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	var s Session
	err := a.Disk.View(ctx, func(v stream.View) error {
		h, ok, err := a.Disk.TokenSession(v, hash)
		if s = h.Session; err != nil || ok {
			return err
		}
		s, _, _, err = a.Disk.RefreshSession(v, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoking a token: %w", err)
	}
	if s.DeviceNo == 0 {
		return nil
	}
	return a.SignOut(ctx, s)
}

// tidyOAuth drops codes and clients whose time is over.
func (a *Accounts) tidyOAuth(u stream.Unit) error {
	if err := a.Disk.DropOAuthCodes(u, u.Now().Add(-codesKept)); err != nil {
		return err
	}
	return a.Disk.DropOAuthClients(u, u.Now().Add(-strangersLast), u.Now().Unix()/86400-clientsLast)
}

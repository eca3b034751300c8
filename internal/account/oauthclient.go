package account

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"wardroom/internal/fault"
	"wardroom/internal/stream"
)

// ClientMetadata is what a client says of itself when it registers. What else it says is not kept: its pictures and terms are
// fetched from nowhere and shown to nobody.
//
// Spec: client-server API, "Client registration".
type ClientMetadata struct {
	Name          string   `json:"client_name,omitempty"`
	URI           string   `json:"client_uri"`
	RedirectURIs  []string `json:"redirect_uris"`
	Type          string   `json:"application_type"`
	ResponseTypes []string `json:"response_types"`
	GrantTypes    []string `json:"grant_types"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
}

// Client is a registered client.
type Client struct {
	ID string
	ClientMetadata
}

// ClientDisk keeps registered clients.
type ClientDisk interface {
	// OAuthClient finds a client's metadata; ok is false where it is not registered, or not any more.
	OAuthClient(v stream.View, id string) (metadata []byte, ok bool, err error)
	// PutOAuthClient keeps a client, or notes that it has registered again.
	PutOAuthClient(u stream.Unit, id string, metadata []byte) error
	// ApproveOAuthClient notes that somebody signed in with the client today.
	ApproveOAuthClient(u stream.Unit, id string) error
	// TrimOAuthClients drops, of the clients that nobody has ever signed in with, all but the newest keep.
	TrimOAuthClients(u stream.Unit, keep int) error
	// DropOAuthClients drops clients that no device is signed in with: those nobody has ever signed in with and that registered last
	// before made, and the others that nobody has signed in with since the day approved.
	DropOAuthClients(u stream.Unit, made time.Time, approved int64) error
}

const (
	// maxStrangers is how many clients may wait for somebody to sign in with them.
	maxStrangers = 1000
	// strangersLast is how long they may wait.
	strangersLast = 30 * 24 * time.Hour
	// clientsLast is after how many days without a device a client is forgotten.
	clientsLast = 180

	maxRedirects = 10
	maxURI       = 1000 // bytes
)

// OAuth's names for what is wrong, with the status that carries them. The body has them as "error", in the place of Matrix's sentence.
//
// Spec: RFC 6749 5.2, RFC 7591 3.2.2, RFC 7009 2.2.1.
func oauthError(status int, name, format string, args ...any) *fault.Fault {
	says := fmt.Sprintf(format, args...)
	return &fault.Fault{Code: fault.Code{Status: status}, Says: says, More: map[string]any{"error": name, "error_description": says}}
}

// OAuthError is a refusal of a client's request, in OAuth's words.
func OAuthError(name, says string) error { return oauthError(400, name, "%s", says) }

func badMetadata(format string, args ...any) error {
	return oauthError(400, "invalid_client_metadata", format, args...)
}

// RegisterClient keeps a client and gives it an ID, always the same one for the same metadata: so nobody fills the database by
// registering again, and a client that was forgotten comes back as who it was. fresh is whether it was not registered.
// Of clients that nobody has signed in with so many wait, and the oldest go.
//
// Spec: client-server API, "Client registration"; RFC 7591.
func (a *Accounts) RegisterClient(ctx context.Context, m ClientMetadata) (c Client, fresh bool, err error) {
	if err := m.check(); err != nil {
		return Client{}, false, err
	}
	kept, err := json.Marshal(m)
	if err != nil {
		return Client{}, false, err
	}
	sum := sha256.Sum256(kept)
	c = Client{strings.ToLower(base32.StdEncoding.EncodeToString(sum[:20])), m}
	var there bool
	err = a.Disk.View(ctx, func(v stream.View) (err error) { // registering again costs the writer nothing
		_, there, err = a.Disk.OAuthClient(v, c.ID)
		return err
	})
	if err != nil || there {
		return c, false, err
	}
	err = a.Disk.Do(ctx, func(u stream.Unit) error {
		_, known, err := a.Disk.OAuthClient(u, c.ID)
		if err != nil {
			return err
		}
		fresh = !known
		if err := a.Disk.PutOAuthClient(u, c.ID, kept); err != nil {
			return err
		}
		return a.Disk.TrimOAuthClients(u, maxStrangers)
	})
	if err != nil {
		return Client{}, false, fmt.Errorf("registering a client: %w", err)
	}
	return c, fresh, nil
}

// check refuses what a client may not be, and puts in what it left out.
func (m *ClientMetadata) check() error {
	m.Name = clip(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) { // what turns text around, on the page that asks for a password
			return -1
		}
		return r
	}, m.Name))
	switch home, err := url.Parse(m.URI); {
	case err != nil || len(m.URI) > maxURI || home.Scheme != "https" || home.Hostname() == "" || home.User != nil || home.Fragment != "":
		return badMetadata("client_uri has to be the https address of a page about the client.")
	case m.AuthMethod != "" && m.AuthMethod != string(oidc.AuthMethodNone):
		return badMetadata("Clients have no secrets here: token_endpoint_auth_method has to be none.")
	case m.Type != "" && m.Type != "web" && m.Type != "native":
		return badMetadata("application_type has to be web or native.")
	case len(m.ResponseTypes) > 0 && !slices.Contains(m.ResponseTypes, "code"):
		return badMetadata("response_types has to have code.")
	case len(m.GrantTypes) > 0 && !slices.Contains(m.GrantTypes, "authorization_code"):
		return badMetadata("grant_types has to have authorization_code.")
	case len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > maxRedirects:
		return oauthError(400, "invalid_redirect_uri", "redirect_uris has to have one to %d addresses.", maxRedirects)
	default:
		if m.Type == "" {
			m.Type = "web"
		}
		m.AuthMethod, m.ResponseTypes, m.GrantTypes = "none", []string{"code"}, []string{"authorization_code", "refresh_token"}
		for _, to := range m.RedirectURIs {
			if !m.mayRedirect(home, to) {
				return oauthError(400, "invalid_redirect_uri", "A redirect URI is an https address below the host of client_uri; for a native client also http to this machine itself, or a scheme that is the reverse of that host.")
			}
		}
		return nil
	}
}

// mayRedirect reports whether answers may go to an address: one that belongs to the same host as the client's page, or for a native client
// to the person's own machine.
func (m *ClientMetadata) mayRedirect(home *url.URL, to string) bool {
	at, err := url.Parse(to)
	if err != nil || len(to) > maxURI || strings.Contains(to, "#") || at.User != nil || strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return false
	}
	if !plainHost(at) || !plainHost(home) {
		return false
	}
	host, own := strings.ToLower(at.Hostname()), strings.ToLower(home.Hostname())
	switch _, local := op.HTTPLoopbackOrLocalhost(to); {
	case at.Scheme == "https":
		return host == own || strings.HasSuffix(host, "."+own)
	case m.Type != "native":
		return false
	case at.Scheme == "http":
		return local
	default:
		labels := strings.Split(own, ".")
		slices.Reverse(labels)
		reversed := strings.Join(labels, ".")
		return len(labels) > 1 && at.Opaque == "" && at.Host == "" && strings.HasPrefix(at.Path, "/") && !strings.HasPrefix(to[len(at.Scheme):], "://") &&
			(at.Scheme == reversed || strings.HasPrefix(at.Scheme, reversed+"."))
	}
}

// mayAnswer is mayRedirect for a client that was registered: the library passes over ports and more where an address is this machine's own.
func (m *ClientMetadata) mayAnswer(to string) bool {
	home, err := url.Parse(m.URI)
	return err == nil && m.mayRedirect(home, to)
}

// plainHost reports whether the host of u is written as it is shown: net/url decodes what is escaped in a host, and browsers go elsewhere with
// letters that look like others.
func plainHost(u *url.URL) bool {
	return !strings.ContainsFunc(u.Host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._:[]", r)
	})
}

// client finds a registered client.
func (a *Accounts) client(v stream.View, id string) (c Client, ok bool, err error) {
	kept, ok, err := a.Disk.OAuthClient(v, id)
	if err != nil || !ok {
		return Client{}, false, err
	}
	c.ID = id
	return c, true, json.Unmarshal(kept, &c.ClientMetadata)
}

// known is a client as the library asks about it.
type known struct{ Client }

var _ op.Client = known{}

func (k known) GetID() string                        { return k.ID }
func (k known) RedirectURIs() []string               { return k.ClientMetadata.RedirectURIs }
func (k known) PostLogoutRedirectURIs() []string     { return nil }
func (k known) AuthMethod() oidc.AuthMethod          { return oidc.AuthMethodNone }
func (k known) ResponseTypes() []oidc.ResponseType   { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (k known) LoginURL(string) string               { return "" }
func (k known) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (k known) IDTokenLifetime() time.Duration       { return 0 }
func (k known) DevMode() bool                        { return false }
func (k known) IsScopeAllowed(string) bool           { return true }
func (k known) IDTokenUserinfoClaimsAssertion() bool { return false }
func (k known) ClockSkew() time.Duration             { return 0 }
func (k known) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (k known) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(s []string) []string { return s }
}
func (k known) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}
func (k known) ApplicationType() op.ApplicationType {
	if k.Type == "native" {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

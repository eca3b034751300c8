package clientapi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"wardroom/internal/account"
	"wardroom/internal/fault"
)

// The stages a client can be asked for. Each flow here has a single one.
//
// Spec: client-server API, "User-Interactive Authentication API".
const (
	stagePassword = "m.login.password"
	stageToken    = "m.login.registration_token"
	stagePasskey  = "org.wardroom.passkey" // our own, offered for what concerns passkeys
)

const (
	maxConfirms  = 10_000
	confirmLasts = 10 * time.Minute
)

// auth is what a client answers a stage with.
type auth struct {
	Type       string     `json:"type"`
	Session    string     `json:"session"`
	Identifier identifier `json:"identifier"`
	User       string     `json:"user"` // older clients
	Password   string     `json:"password"`
	Token      string     `json:"token"`

	Challenge  string          `json:"challenge"` // that Credential answers
	Credential json.RawMessage `json:"credential"`

	Creds threepidCreds `json:"threepid_creds"`
}

// identifier says who somebody is.
//
// Spec: client-server API, "Identifier types".
type identifier struct {
	Type string `json:"type"`
	User string `json:"user"`
}

// confirms are the confirmations that were asked for: in memory alone, the oldest forgotten first.
type confirms struct {
	mu   sync.Mutex // guards everything below
	open map[string]*confirmation
	age  []string // the sessions in open, oldest first
}

// confirmation is one request waiting for, or having passed, its stage.
type confirmation struct {
	request [32]byte // the one request it is for
	until   time.Time
	done    *auth // the answer that was right
}

// confirm returns nil once whoever asks has typed their password for exactly this request: same method, path, person and
// body. Until then it returns the fault that asks for it. A fresh sign-in does not count. body is the request's body. An application service
// with its own token has nothing else to confirm with.
//
// Spec: client-server API, "User-Interactive Authentication API".
func (a *API) confirm(r *request, body []byte) error {
	if r.service != nil {
		return nil
	}
	_, err := a.stage(r, body, []string{stagePassword}, a.password(r))
	return err
}

// confirmOrPasskey is confirm, for what somebody may confirm with a passkey of theirs as well.
func (a *API) confirmOrPasskey(r *request, body []byte) error {
	if r.who.Service != "" {
		return fault.Forbidden.New("This account belongs to an application service, which has no passkeys.")
	}
	password := a.password(r)
	_, err := a.stage(r, body, []string{stagePassword, stagePasskey}, func(given auth) error {
		if given.Type == stagePassword {
			return password(given)
		}
		who, err := a.Accounts.ProvePasskey(r.ctx(), a.base(r.Request), given.Challenge, account.ToConfirm, given.Credential)
		if err == nil && who.User() != r.who.User {
			err = fault.Forbidden.New("Confirm with a passkey of your own.")
		}
		return err
	})
	return err
}

// password checks an answer to stagePassword.
func (a *API) password(r *request) func(auth) error {
	return func(given auth) error {
		name := given.Identifier.User
		if name == "" {
			name = given.User
		}
		if name != "" && !a.Accounts.Names(r.who, name) {
			return fault.Forbidden.New("Confirm with your own name and password.")
		}
		return a.checkPassword(r, r.who, given.Password)
	}
}

// checkPassword counts a try and checks the password.
func (a *API) checkPassword(r *request, who account.Session, password string) error {
	name := "device\x00" + string(who.User)
	return a.guess("device\x00"+string(who.Device), name, name, func() error {
		return a.Accounts.CheckPassword(r.ctx(), who, password)
	})
}

// stage returns the client's answer to one of the stages, once check has found it right: a password for exactly this request, an
// invitation for this address.
func (a *API) stage(r *request, body []byte, stages []string, check func(auth) error) (auth, error) {
	var fields map[string]json.RawMessage
	if len(body) > 0 { // a DELETE may come without
		if err := decodeJSON(body, &fields); err != nil {
			return auth{}, err
		}
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	var given *auth
	if raw, ok := fields["auth"]; ok {
		if err := decodeJSON(raw, &given); err != nil {
			return auth{}, err
		}
	}
	delete(fields, "auth")
	if stages[0] == stageToken {
		clear(fields) // an invitation is good for whatever name its holder chooses, also for the next after one that was taken
	}
	rest, err := json.Marshal(fields) // sorted by key
	if err != nil {
		return auth{}, err
	}
	asked := sha256.Sum256([]byte(r.Method + "\x00" + r.URL.EscapedPath() + "\x00" + string(r.who.User) + "\x00" + string(rest)))
	if given == nil || given.Type == "" && given.Session == "" {
		return auth{}, wanted(fault.Code{Status: 401}, "", stages, a.confirms.begin(asked))
	}
	session := given.Session
	if session != "" {
		c, ok := a.confirms.find(session)
		switch {
		case !ok:
			session = ""
		case c.request != asked:
			return auth{}, fault.Forbidden.New("This confirmation was for another request. Start again.")
		case c.done != nil:
			return *c.done, nil
		}
	}
	if session == "" {
		session = a.confirms.begin(asked)
	}
	if given.Type == "" {
		return auth{}, wanted(fault.Code{Status: 401}, "", stages, session)
	}
	if !slices.Contains(stages, given.Type) {
		return auth{}, wanted(fault.Code{Name: "M_UNRECOGNIZED", Status: 401}, "This has to be confirmed in another way.", stages, session)
	}
	if err := check(*given); err != nil {
		var f *fault.Fault
		if errors.As(err, &f) && (f.Code == fault.Forbidden || f.Code == fault.Unauthorized || f.Code == fault.ThreepidAuthFailed) {
			return auth{}, wanted(fault.Code{Name: f.Code.Name, Status: 401}, f.Says, stages, session)
		}
		return auth{}, err
	}
	a.confirms.passed(session, *given)
	return *given, nil
}

// wanted is the answer that asks a client for one of the stages.
func wanted(code fault.Code, says string, stages []string, session string) error {
	type flow struct {
		Stages []string `json:"stages"`
	}
	flows := make([]flow, len(stages))
	for i, stage := range stages {
		flows[i].Stages = []string{stage}
	}
	return &fault.Fault{Code: code, Says: says, More: map[string]any{
		"flows": flows, "params": empty{}, "completed": []string{}, "session": session,
	}}
}

// begin opens a confirmation of the request and returns its session.
func (c *confirms) begin(request [32]byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for len(c.age) > 0 && (len(c.age) >= maxConfirms || !now.Before(c.open[c.age[0]].until)) {
		delete(c.open, c.age[0])
		c.age = c.age[1:]
	}
	if c.open == nil {
		c.open = make(map[string]*confirmation)
	}
	session := rand.Text()
	c.open[session] = &confirmation{request: request, until: now.Add(confirmLasts)}
	c.age = append(c.age, session)
	return session
}

// find gives a copy of the confirmation; ok is false for one that was never begun or is too old.
func (c *confirms) find(session string) (found confirmation, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	open := c.open[session]
	if open == nil || !time.Now().Before(open.until) {
		return confirmation{}, false
	}
	return *open, true
}

// passed notes that the session's stage was answered rightly.
func (c *confirms) passed(session string, given auth) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if open := c.open[session]; open != nil {
		given.Password, given.Credential = "", nil // nobody needs it again
		open.done = &given
	}
}

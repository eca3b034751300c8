package clientapi

import (
	"net/http"
	"strings"

	"wardroom/internal/config"
	"wardroom/internal/fault"
	"wardroom/internal/mxid"
)

func (a *API) appserviceRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/v1/appservice/{appserviceId}/ping", signedIn, general, a.pingService},
	}
}

// stageService is how application services register and sign in.
const stageService = "m.login.application_service"

// serviceOf is the application service whose token r carries in its header, nil if it carries none.
func (a *API) serviceOf(r *http.Request) *config.Service {
	if len(a.Accounts.Services) == 0 {
		return nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return nil
	}
	return a.Accounts.Services.ByToken(token)
}

// mustBeService is serviceOf for what only a service may do.
func (a *API) mustBeService(r *request) (*config.Service, error) {
	if s := a.serviceOf(r.Request); s != nil {
		return s, nil
	}
	if r.Header.Get("Authorization") == "" {
		return nil, fault.MissingToken.New("This is for application services alone: the as_token of one is needed in the header.")
	}
	return nil, fault.UnknownToken.New("This is no as_token of an application service that is registered here.")
}

// uncounted reports whether a service's request is not counted by what people may do in a time: where its registration says so, and for the
// account that it is itself.
func (r *request) uncounted() bool {
	return r.service != nil && (!r.service.Limited || r.who.User == r.service.Sender)
}

// pingService looks whether the service that asks can be reached.
//
// Spec: client-server API, POST /appservice/{appserviceId}/ping.
func (a *API) pingService(r *request) (any, error) {
	var in struct {
		Txn string `json:"transaction_id"`
	}
	if err := r.decodeAny(&in); err != nil {
		return nil, err
	}
	if r.service == nil || r.service.ID != r.PathValue("appserviceId") {
		return nil, fault.Forbidden.New("A ping is for the application service itself, with its as_token.")
	}
	took, err := a.Services.Ping(r.ctx(), r.service, in.Txn)
	if err != nil {
		return nil, err
	}
	return map[string]int64{"duration_ms": took.Milliseconds()}, nil
}

// find gives the room that an ID or an address names. For an address that no room has, the application services are asked that have it in
// their part.
//
// Spec: application service API, "Querying".
func (a *API) find(r *request, name string) (mxid.Room, error) {
	id, err := a.Rooms.Find(r.ctx(), name)
	alias, bad := mxid.ParseAlias(name)
	if !fault.NotFound.In(err) || bad != nil || r.service != nil || !a.Services.ConcernsRoom(alias) {
		return id, err
	}
	if err := a.limited(r, costly); err != nil {
		return "", err
	}
	if a.Services.HasRoom(r.ctx(), alias) {
		return a.Rooms.Find(r.ctx(), name)
	}
	return "", err
}

// askForUser asks the application services for an account that somebody looks for and that is not here, if it is in their part.
func (a *API) askForUser(r *request, user mxid.User) error {
	if r.service != nil || !a.Services.Concerns(user) {
		return nil
	}
	if _, err := a.Accounts.Profile(r.ctx(), user); !fault.NotFound.In(err) {
		return err
	}
	if err := a.limited(r, costly); err != nil {
		return err
	}
	a.Services.HasUser(r.ctx(), user)
	return nil
}

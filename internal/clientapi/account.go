package clientapi

func (a *API) accountRoutes() []route {
	return []route{
		{"GET", "/_matrix/client/v3/account/whoami", signedIn, free, a.whoami},
	}
}

// whoami says who holds the token.
//
// Spec: client-server API, GET /account/whoami.
func (a *API) whoami(r *request) (any, error) {
	return map[string]any{"user_id": r.who.User, "device_id": r.who.Device, "is_guest": false}, nil
}

package clientapi

func (a *API) notificationRoutes() []route {
	return []route{{"GET", "/_matrix/client/v3/notifications", signedIn, reading, a.notifications}}
}

// notifications lists what counted as unread for somebody.
//
// Spec: client-server API, GET /notifications.
func (a *API) notifications(r *request) (any, error) {
	q := r.URL.Query()
	from, err := place(q, "from")
	if err != nil {
		return nil, err
	}
	limit, err := count(q, "limit")
	if err != nil {
		return nil, err
	}
	return a.Feed.Notifications(r.ctx(), r.who, from, limit, q.Get("only") == "highlight")
}

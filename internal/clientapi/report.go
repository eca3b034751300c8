package clientapi

import "wardroom/internal/fault"

func (a *API) reportRoutes() []route {
	return []route{
		{"POST", "/_matrix/client/v3/rooms/{roomId}/report", signedIn, general, a.report},
		{"POST", "/_matrix/client/v3/rooms/{roomId}/report/{eventId}", signedIn, general, a.report},
		{"POST", "/_matrix/client/v3/users/{userId}/report", signedIn, general, a.report},
	}
}

// report refuses every report, whatever it is about, and says so: nobody is appointed yet to read one, give it a number and answer
// it, and a report that is taken and never read is worse than one that is refused. Nothing of it is kept.
//
// Spec: client-server API, POST /rooms/{roomId}/report, POST /rooms/{roomId}/report/{eventId} and POST /users/{userId}/report.
func (a *API) report(*request) (any, error) {
	return nil, fault.Forbidden.New("This server does not take reports yet: there is nobody who would read them. " +
		"Your report was not kept. Turn to somebody in your organisation whom you trust.")
}
